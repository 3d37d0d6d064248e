"""What measures count, in the SQLite store: sums by counter, what changed in them, and where that is not known."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import msgspec

from models.measure import Contribution, CounterKey, Sums
from models.time import Instant
from services.runtime.store import sqlite_queries as queries
from services.runtime.store.contract import LONGEST_DOUBT, CountChange, Doubt
from services.runtime.store.sqlite_connecting import EPOCH, instant, micros

_BLOCK = timedelta(minutes=5)
_LEVELS = (LONGEST_DOUBT // _BLOCK).bit_length() + 1

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Contribution | None, Contribution | None]).decode


def add_counts(connection: sqlite3.Connection, counts: Mapping[CounterKey, Sums]) -> None:
    """Add to the counters, in order of key; those at zero go."""
    keys = sorted(key for key, sums in counts.items() if sums)
    rows = [(*msgspec.structs.astuple(key), *msgspec.structs.astuple(counts[key])) for key in keys]
    connection.executemany(queries.ADD_MEASURE_COUNT, rows)
    # What a unit neither joined nor left has not come to nothing.
    moved = [msgspec.structs.astuple(key) for key in keys if counts[key].units]
    connection.executemany(queries.DROP_MEASURE_COUNT, moved)


def keep_history(connection: sqlite3.Connection, changes: Sequence[CountChange], doubts: Iterable[Doubt]) -> None:
    """Keep what changed in contributions, and when too little is known to say."""
    rows = [(micros(one.at), one.member_id, _encode((one.before, one.after))) for one in changes]
    connection.executemany(queries.KEEP_MEASURE_CHANGE, rows)
    blocks = [(*block, doubt.member_id) for doubt in doubts for block in _blocks(doubt.since, doubt.until)]
    connection.executemany(queries.KEEP_MEASURE_DOUBT, blocks)


def read_counts(connection: sqlite3.Connection) -> dict[CounterKey, Sums]:
    """All counters."""
    return {CounterKey(*row[:8]): Sums(*row[8:]) for row in connection.execute(queries.MEASURE_COUNTS)}


def read_changes(connection: sqlite3.Connection, after: Instant, number: int, limit: int) -> list[CountChange]:
    """Changes behind (instant, number), in that order."""
    rows = connection.execute(queries.MEASURE_CHANGES, (micros(after), number, limit))
    return [CountChange(instant(at), member_id, *_decode(change), number) for number, at, member_id, change in rows]


def read_in_doubt(connection: sqlite3.Connection, at: Instant) -> set[str]:
    """Members of whom the changes do not say what was counted at an instant."""
    found = {row[0] for query in queries.IN_DOUBT.values() for row in connection.execute(query, (micros(at),))}
    block = (at - EPOCH) // _BLOCK
    for level in range(_LEVELS):
        found.update(row[0] for row in connection.execute(queries.IN_DOUBT_AT, (level, block >> level)))
    return found


def _blocks(since: Instant, until: Instant) -> Iterator[tuple[int, int]]:
    """One or two blocks (level, number) that hold a span: as long as it is, at most four times as long."""
    first, last = (since - EPOCH) // _BLOCK, (until - EPOCH) // _BLOCK
    level = (last - first).bit_length()
    assert level < _LEVELS, "a doubt that is too long to be kept"
    yield level, first >> level
    if last >> level != first >> level:
        yield level, last >> level
