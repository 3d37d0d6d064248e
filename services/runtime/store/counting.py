"""What measures count, in both stores: sums by counter, what changed in them, and where that is not known."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import msgspec

from models.measure import Contribution, CounterKey, Sums
from models.time import Instant
from services.runtime.store import statements, summing
from services.runtime.store.contract import LONGEST_DOUBT, CountChange, Doubt
from services.runtime.store.session import Row, Session
from services.runtime.store.stamps import EPOCH, instant, micros

_BLOCK = timedelta(minutes=5)
_LEVELS = (LONGEST_DOUBT // _BLOCK).bit_length() + 1

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Contribution | None, Contribution | None]).decode


def add_counts(session: Session, counts: Mapping[CounterKey, Sums], shard: int) -> list[Row]:
    """Add to the counters; the keys of those that may have come to nothing: a unit has joined or left them."""
    changed = {msgspec.structs.astuple(key): sums for key, sums in counts.items() if sums}
    session.add(summing.MEASURES, [(*key, *msgspec.structs.astuple(sums)) for key, sums in changed.items()], shard)
    return sorted(key for key, sums in changed.items() if sums.units)


def keep_history(session: Session, changes: Sequence[CountChange], doubts: Iterable[Doubt]) -> None:
    """Keep what changed in contributions, and when too little is known to say."""
    rows = [(micros(one.at), one.member_id, _encode((one.before, one.after))) for one in changes]
    session.write_all(statements.KEEP_MEASURE_CHANGE, rows)
    blocks = [(*block, doubt.member_id) for doubt in doubts for block in _blocks(doubt.since, doubt.until)]
    session.write_all(statements.KEEP_MEASURE_DOUBT, blocks)


def read_counts(session: Session) -> dict[CounterKey, Sums]:
    """All counters."""
    return {CounterKey(*row[:8]): Sums(*row[8:]) for row in session.rows(statements.MEASURE_COUNTS)}


def read_changes(session: Session, after: Instant, number: int, limit: int) -> list[CountChange]:
    """Changes behind (instant, number), in that order."""
    rows = session.rows(statements.MEASURE_CHANGES, micros(after), number, limit)
    return [CountChange(instant(at), member_id, *_decode(change), number) for number, at, member_id, change in rows]


def read_in_doubt(session: Session, at: Instant) -> set[str]:
    """Members of whom the changes do not say what was counted at an instant."""
    found = {row[0] for statement in statements.IN_DOUBT.values() for row in session.rows(statement, micros(at))}
    block = (at - EPOCH) // _BLOCK
    blocks = [(level, block >> level) for level in range(_LEVELS)]
    return found.union(row[0] for row in session.rows_of(statements.IN_DOUBT_AT, blocks))


def _blocks(since: Instant, until: Instant) -> Iterator[tuple[int, int]]:
    """One or two blocks (level, number) that hold a span: as long as it is, at most four times as long."""
    first, last = (since - EPOCH) // _BLOCK, (until - EPOCH) // _BLOCK
    level = (last - first).bit_length()
    assert level < _LEVELS, "a doubt that is too long to be kept"
    yield level, first >> level
    if last >> level != first >> level:
        yield level, last >> level
