"""What is to be published next, read from the store."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import msgspec

from models.measure import CounterKey, Sums
from services.runtime.cluster.marks import Heads, Mark
from services.runtime.cluster.seat import Counters
from services.runtime.store.contract import OutboxRow, QuarantineRow, Reader
from topics.records import QuarantineRecord
from topics.telling import Record, count_record, effect_records, quarantine_record

ROWS_MAX = 1_000
"""Rows of a stream in one parcel: what bounds the memory."""
COUNTERS_MAX = 5_000
"""Counters in one parcel; the others follow in the next ones."""


class Parcel(msgspec.Struct, frozen=True):
    """Records in order, what holds once they are published, and which counters changed."""

    records: list[Record]
    mark: Mark
    counters: Mapping[CounterKey, Sums | None] = {}


def next_parcel(reader: Reader, mark: Mark, heads: Heads) -> Parcel:
    """The next rows of the outbox and of the quarantine, those up to `heads`."""
    sent = mark.published
    effects = reader.outbox(sent.outbox, min(heads.outbox - sent.outbox, ROWS_MAX))
    quarantined = list(_quarantined(reader, sent.quarantine, heads.quarantine))
    _assert_dense([row.position for row in effects], sent.outbox)
    _assert_dense([row.id for row in quarantined], sent.quarantine)
    reached = Heads(sent.outbox + len(effects), sent.quarantine + len(quarantined))
    last_id = effects[-1].effect.id if effects else mark.last_id
    records = [*_told(effects), *(quarantine_record(_record(row)) for row in quarantined)]
    return Parcel(records, Mark(mark.history, reached, last_id))


def with_counters(parcel: Parcel, before: Counters, now: Counters) -> Parcel:
    """A parcel and, behind its records, counters that are other than they were: all, or as many as a parcel takes."""
    counters = dict(islice(changed(before, now).items(), COUNTERS_MAX))
    records = [count_record(key, sums) for key, sums in counters.items()]
    return msgspec.structs.replace(parcel, records=parcel.records + records, counters=counters)


def changed(before: Counters, now: Counters) -> dict[CounterKey, Sums | None]:
    """Counters that are other than they were; None: it is gone."""
    gone = dict.fromkeys(before.keys() - now.keys())
    return {**{key: sums for key, sums in now.items() if before.get(key) != sums}, **gone}


def after(before: Counters, changes: Mapping[CounterKey, Sums | None]) -> Counters:
    """The counters that `changed` leads to."""
    return {key: sums for key, sums in {**before, **changes}.items() if sums} if changes else before


def _told(effects: Iterable[OutboxRow]) -> Iterator[Record]:
    for row in effects:
        yield from effect_records(row.position, row.effect)


def _quarantined(reader: Reader, after: int, head: int) -> Iterator[QuarantineRow]:
    for number in range(after + 1, min(head, after + ROWS_MAX) + 1):
        yield from reader.quarantine(number=number)


def _record(row: QuarantineRow) -> QuarantineRecord:
    return QuarantineRecord(
        f"q-{row.id}", row.feed, row.seq, row.ordinal, row.reason, row.where, row.shape, row.fix, row.status
    )


def _assert_dense(numbers: list[int], after: int) -> None:
    assert numbers == list(range(after + 1, after + 1 + len(numbers))), f"a gap behind {after} would be published"
