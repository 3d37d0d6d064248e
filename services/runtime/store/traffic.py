"""How feeds behave, in both stores: counted by slots of receipt, read back as sums of longer spans."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from models.ledger import Answered
from models.time import Instant
from models.traffic import ANSWER_BOUNDS_MICROS, SLOT, AnswerCount, FeedCount, Telling, bound_of
from services.runtime.store import statements, summing
from services.runtime.store.session import Session
from services.runtime.store.stamps import EPOCH, instant, micros


def slot_of(at: Instant) -> int:
    """The slot that an instant lies in."""
    return (at - EPOCH) // SLOT


def add_traffic(session: Session, counts: Sequence[FeedCount], shard: int, *, anew: bool) -> None:
    """Add to what was counted; `anew`: to nothing."""
    if anew:
        for statement in statements.FORGET_TRAFFIC.values():
            session.write(statement)
    slots: list[tuple[object, ...]] = []
    delays: list[tuple[object, ...]] = []
    for count in counts:
        assert count.last_at is not None, "a count without a receipt"
        slot = slot_of(count.since)
        sums = (count.messages, count.bytes, count.quarantined, count.repeated, count.test, count.skewed)
        slots.append((count.feed, slot, *sums, count.ahead_s, micros(count.last_at)))
        delays += [(count.feed, slot, bound, messages) for bound, messages in count.delays.items()]
    session.add(summing.TRAFFIC, slots, shard)
    session.add(summing.DELAYS, delays, shard)


def count_answers(session: Session, rows: Iterable[Answered]) -> None:
    """Count rows of the ACK ledger, in the transaction that writes them."""
    sums = Counter(
        (row.feed, slot_of(row.received_at), row.code, int(row.repeat), bound_of(row.micros, ANSWER_BOUNDS_MICROS))
        for row in rows
    )
    session.add(summing.ANSWERS, [(*where, n) for where, n in sums.items()], 0)


def replace_tellings(session: Session, tellings: Mapping[str, Sequence[Telling]]) -> None:
    """Replace the tellings of members, where they differ."""
    stand: dict[str, set[tuple[str, str, int]]] = {member_id: set() for member_id in tellings}
    for member_id, *row in session.rows_of(statements.TELLINGS_OF, [(each,) for each in sorted(tellings)]):
        stand[member_id].add((row[0], row[1], row[2]))
    wanted = {
        member_id: {(each.stay_id, each.feed, micros(each.first_at)) for each in told}
        for member_id, told in tellings.items()
    }
    changed = sorted(member_id for member_id in tellings if stand[member_id] != wanted[member_id])
    session.write_all(statements.DROP_TELLINGS, [(member_id,) for member_id in changed])
    rows = [(member_id, *row) for member_id in changed for row in sorted(wanted[member_id])]
    session.write_all(statements.KEEP_TELLING, rows)


def read_feeds(session: Session) -> list[str]:
    """Feeds that sent a message."""
    known = [name for name, _, _ in session.rows(statements.FEED_ENDS)]
    return sorted(name for name in known if session.rows(statements.HAS_TRAFFIC, name))


def read_traffic(session: Session, feed: str, start: Instant, end: Instant, span: timedelta) -> list[FeedCount]:
    """Sums by span."""
    width = span // SLOT
    assert width >= 1, "a span is a whole number of slots"
    assert width * SLOT == span, "a span is a whole number of slots"
    asked = (width, feed, _first_slot(start), _first_slot(end))
    delays: dict[int, dict[int, int]] = defaultdict(dict)
    for number, bound, messages in session.rows(statements.DELAYS, *asked):
        delays[number][bound] = messages
    return [
        FeedCount(
            feed, EPOCH + number * span, messages, size, quarantined, repeated, test, skewed, ahead_s, instant(last_at),
            delays.get(number, {}),
        )
        for number, messages, size, quarantined, repeated, test, skewed, ahead_s, last_at in session.rows(
            statements.TRAFFIC, *asked
        )
    ]  # fmt: skip


def read_last_heard(session: Session, feed: str, at: Instant) -> Instant | None:
    """The newest receipt by an instant."""
    rows = session.rows(statements.LAST_HEARD, feed, slot_of(at), micros(at))
    return instant(rows[0][0]) if rows else None


def read_answers(session: Session, feed: str, start: Instant, end: Instant) -> list[AnswerCount]:
    """Sums of the ACK ledger."""
    rows = session.rows(statements.ANSWERS, feed, _first_slot(start), _first_slot(end))
    return [AnswerCount(code, bool(repeat), within, answers) for code, repeat, within, answers in rows]


def read_tellings(session: Session, since: Instant, until: Instant) -> list[list[Telling]]:
    """Stays first told of in a span, with all who told by its end."""
    stays: dict[tuple[str, str], list[Telling]] = defaultdict(list)
    for member_id, stay_id, feed, first_at in session.rows(
        statements.TELLINGS, micros(since), micros(until), micros(until)
    ):
        stays[member_id, stay_id].append(Telling(stay_id, feed, instant(first_at)))
    told = (sorted(each, key=lambda telling: (telling.first_at, telling.feed)) for _, each in sorted(stays.items()))
    return [each for each in told if len(each) > 1 and each[0].first_at >= since]


def _first_slot(start: Instant) -> int:
    """The first slot that begins at an instant or later."""
    return -((EPOCH - start) // SLOT)
