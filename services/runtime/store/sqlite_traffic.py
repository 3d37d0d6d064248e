"""How feeds behave, in the SQLite store: counted by slots of receipt, read back as sums of longer spans."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from models.ledger import Answered
from models.time import Instant
from models.traffic import ANSWER_BOUNDS_MICROS, SLOT, AnswerCount, FeedCount, Telling, bound_of
from services.runtime.store import sqlite_queries as queries
from services.runtime.store.sqlite_connecting import EPOCH, instant, micros


def slot_of(at: Instant) -> int:
    """The slot that an instant lies in."""
    return (at - EPOCH) // SLOT


def add_traffic(connection: sqlite3.Connection, counts: Sequence[FeedCount], *, anew: bool) -> None:
    """Add to what was counted; `anew`: to nothing."""
    if anew:
        for query in queries.FORGET_TRAFFIC.values():
            connection.execute(query)
    slots: list[tuple[object, ...]] = []
    delays: list[tuple[object, ...]] = []
    for count in counts:
        assert count.last_at is not None, "a count without a receipt"
        slot = slot_of(count.since)
        sums = (count.messages, count.bytes, count.quarantined, count.repeated, count.test, count.skewed)
        slots.append((count.feed, slot, *sums, count.ahead_s, micros(count.last_at)))
        delays += [(count.feed, slot, bound, messages) for bound, messages in count.delays.items()]
    connection.executemany(queries.KEEP_TRAFFIC, slots)
    connection.executemany(queries.KEEP_DELAY, delays)


def count_answers(connection: sqlite3.Connection, rows: Iterable[Answered]) -> None:
    """Count rows of the ACK ledger, in the transaction that writes them."""
    sums = Counter(
        (row.feed, slot_of(row.received_at), row.code, row.repeat, bound_of(row.micros, ANSWER_BOUNDS_MICROS))
        for row in rows
    )
    connection.executemany(queries.COUNT_ANSWERS, [(*where, n) for where, n in sums.items()])


def replace_tellings(connection: sqlite3.Connection, tellings: Mapping[str, Sequence[Telling]]) -> None:
    """Replace the tellings of members, where they differ."""
    for member_id, told in tellings.items():
        wanted = {(each.stay_id, each.feed, micros(each.first_at)) for each in told}
        if wanted != set(connection.execute(queries.TELLINGS_OF, (member_id,))):
            connection.execute(queries.DROP_TELLINGS, (member_id,))
            connection.executemany(queries.KEEP_TELLING, [(member_id, *row) for row in sorted(wanted)])


def read_feeds(connection: sqlite3.Connection) -> list[str]:
    """Feeds that sent a message."""
    known = [name for name, _, _ in connection.execute(queries.FEEDS)]
    return sorted(name for name in known if connection.execute(queries.HAS_TRAFFIC, (name,)).fetchone())


def read_traffic(
    connection: sqlite3.Connection, feed: str, start: Instant, end: Instant, span: timedelta
) -> list[FeedCount]:
    """Sums by span."""
    width = span // SLOT
    assert width >= 1, "a span is a whole number of slots"
    assert width * SLOT == span, "a span is a whole number of slots"
    asked = (width, feed, _first_slot(start), _first_slot(end))
    delays: dict[int, dict[int, int]] = defaultdict(dict)
    for number, bound, messages in connection.execute(queries.DELAYS, asked):
        delays[number][bound] = messages
    return [
        FeedCount(
            feed, EPOCH + number * span, messages, size, quarantined, repeated, test, skewed, ahead_s, instant(last_at),
            delays.get(number, {}),
        )
        for number, messages, size, quarantined, repeated, test, skewed, ahead_s, last_at in connection.execute(
            queries.TRAFFIC, asked
        )
    ]  # fmt: skip


def read_last_heard(connection: sqlite3.Connection, feed: str, at: Instant) -> Instant | None:
    """The newest receipt by an instant."""
    row = connection.execute(queries.LAST_HEARD, (feed, slot_of(at), micros(at))).fetchone()
    return instant(row[0]) if row else None


def read_answers(connection: sqlite3.Connection, feed: str, start: Instant, end: Instant) -> list[AnswerCount]:
    """Sums of the ACK ledger."""
    rows = connection.execute(queries.ANSWERS, (feed, _first_slot(start), _first_slot(end)))
    return [AnswerCount(code, bool(repeat), within, answers) for code, repeat, within, answers in rows]


def read_tellings(connection: sqlite3.Connection, since: Instant, until: Instant) -> list[list[Telling]]:
    """Stays first told of in a span, with all who told by its end."""
    stays: dict[tuple[str, str], list[Telling]] = defaultdict(list)
    for member_id, stay_id, feed, first_at in connection.execute(
        queries.TELLINGS, (micros(since), micros(until), micros(until))
    ):
        stays[member_id, stay_id].append(Telling(stay_id, feed, instant(first_at)))
    told = (sorted(each, key=lambda telling: (telling.first_at, telling.feed)) for _, each in sorted(stays.items()))
    return [each for each in told if len(each) > 1 and each[0].first_at >= since]


def _first_slot(start: Instant) -> int:
    """The first slot that begins at an instant or later."""
    return -((EPOCH - start) // SLOT)
