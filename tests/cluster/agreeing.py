"""What an embedded store and a cluster must say alike of the same lines."""

from collections.abc import Sequence
from typing import Any

import msgspec

from models.time import Instant
from services.runtime.store.contract import Reader
from services.status.questions import Questions
from services.status.shapes import effect_json, member_json
from services.wiring.setup import Setup
from tests.end_to_end.running import folded, told


def shown(reader: Reader, setup: Setup, instants: Sequence[Instant]) -> bytes:
    """`members --json` as of each instant."""
    questions = Questions(reader, setup.reference)
    members = [[member_json(name, view, setup.zone, at) for name, view in questions.views(at, "")] for at in instants]
    return msgspec.json.format(msgspec.json.encode(members))


def effects_agree(reader: Reader, setup: Setup) -> None:
    """Folding the outbox by (subject, revision) gives the stored tasks; no revision lacks, no id comes twice."""
    outbox = [effect_json(row.position, row.effect, setup.zone) for row in reader.outbox(0, 1_000_000)]
    tasks: dict[str, Any] = {}
    for row in reader.tasks():
        effect = next(x.effect for x in reversed(reader.outbox_of(row.task_id)))
        assert (effect.state, effect.due_at, effect.owner) == (row.state, row.due_at, row.owner)
        tasks[row.task_id] = told(effect_json(0, effect, setup.zone))
    assert folded(outbox) == tasks
