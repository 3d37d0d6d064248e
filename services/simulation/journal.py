"""Write a world down: the journal in order of receipt, and the truth beside it, in one pass and little memory."""

import base64
import tempfile
from array import array
from datetime import UTC, datetime
from typing import BinaryIO

import msgspec

from services.simulation.places import ZONE
from services.simulation.sending import Delivery
from services.simulation.truth import label_line
from services.simulation.world import World, file_labels, labels_of

_encode = msgspec.json.Encoder().encode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEEP_IN_MEMORY = 64 * 1024 * 1024


def journal_line(delivery: Delivery) -> bytes:
    """A line of the exchange format. Source: contract, "Journal"."""
    line = {
        "received_at": delivery.received_at.astimezone(ZONE).isoformat(),
        "feed": delivery.feed,
        "kind": delivery.kind,
    }
    try:
        line["body"] = delivery.body.decode()
    except UnicodeDecodeError:
        line["body_base64"] = base64.b64encode(delivery.body).decode()
    return _encode(line) + b"\n"


def write(world: World, journal: BinaryIO, truth: BinaryIO | None) -> None:
    """Write the whole journal, and the labels of the world's instants.

    Lines are made household by household and wait in a temporary file until their order is known.
    """
    at, start, size = array("q"), array("q"), array("l")
    with tempfile.SpooledTemporaryFile(_KEEP_IN_MEMORY) as waiting:
        position = 0
        for delivery, household in world.told():
            line = journal_line(delivery)
            at.append(int((delivery.received_at - _EPOCH).total_seconds()))
            start.append(position)
            size.append(len(line))
            waiting.write(line)
            position += len(line)
            if truth and household:
                truth.writelines(map(label_line, labels_of(household, world.recipe, world.instants)))
        if truth:
            truth.writelines(map(label_line, file_labels(world.recipe, world.instants)))
        for n in sorted(range(len(at)), key=at.__getitem__):
            waiting.seek(start[n])
            journal.write(waiting.read(size[n]))
