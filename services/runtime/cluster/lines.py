"""Records as lines: to be kept in the journal, and to be read by the pipeline."""

from collections.abc import Iterable, Sequence

import msgspec

from services.runtime.cluster.records import Record
from services.runtime.store.contract import JournalLine, NewLine
from topics import raw
from topics.undecoded import FEED, KIND, Undecoded


class Said(msgspec.Struct, frozen=True):
    """What a record holds. `is_live`: a sender waited for an answer, and says the same again when none comes."""

    line: NewLine
    is_live: bool


def said_by(record: Record) -> Said:
    """A record as a line; one that cannot be decoded is kept whole, and quarantined when it is read."""
    try:
        told = raw.decode(record.value, record.headers)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever a record holds, it must not stop its partition
        return whole(record)
    return Said(NewLine(told.feed, told.received_at, told.kind, told.body, told.answer), told.is_live)


def whole(record: Record) -> Said:
    """A record as a line that says nothing, and where it lay."""
    undecoded = Undecoded(record.topic, record.partition, record.offset, record.key, record.value, record.headers)
    return Said(NewLine(FEED, record.at, KIND, undecoded.encode()), is_live=False)


def numbered(lines: Iterable[NewLine]) -> Sequence[JournalLine]:
    """Lines that join the journal with this very batch: -(i + 1) stands for the number that line i will get."""
    return [
        JournalLine(-(place + 1), line.feed, line.received_at, line.kind, line.body, b"", b"")
        for place, line in enumerate(lines)
    ]
