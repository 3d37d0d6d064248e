"""What is out of the ordinary about a feed now: silent, flooding, slow, or too new to say.

`docs/reference/feeds.md` says within what times each is noticed; the limits are here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from models.time import Instant
from models.traffic import ANSWER_BOUNDS_MICROS, DELAY_BOUNDS_S, SLOT, AnswerCount, FeedCount, quantile, slot_begins
from services.health.habit import DAY, HOUR, Habit
from services.health.silence import UNLEARNT, silent_from

State = Literal["silent", "flooding", "slow", "quiet", "ok"]

FLOOD_WINDOW = 3 * SLOT
FLOOD_TIMES = 10
FLOOD_MIN = 100
"""A flood is at least so many messages in a window, and so many times what is ordinary."""

LATE_S = 600
LATE_TIMES = 2
LATE_UNLEARNT_S = 3600
"""Messages are late when half of them take longer than ten minutes and twice what nine of ten ordinarily take; of a
feed without a habit, longer than an hour."""
DATED_MIN = 10
DATED_FEWEST = 3
"""The messages of the last hour that state their time are looked at, or further back until there are ten; of fewer than
three nothing can be said."""

ANSWER_MICROS_MAX = 1_000_000
ANSWERED_MIN = 20
"""Our answers are slow when one in a hundred of the last hour took longer than a second."""


class Observed(msgspec.Struct, frozen=True):
    """What is known of a feed at an instant.

    Args:
        at: slots and answers reach up to here. slots: of the last day, in order; `answers` of the last hour.
        habit: None while it is too new. ordinary_delays: messages by `DELAY_BOUNDS_S` over the habit's weeks.
    """

    at: Instant
    last_at: Instant | None
    slots: Sequence[FeedCount]
    answers: Sequence[AnswerCount] = ()
    habit: Habit | None = None
    ordinary_delays: Mapping[int, int] = {}


class Finding(msgspec.Struct, frozen=True):
    """Something out of the ordinary, since when (None: ever), and the figures that say so."""

    state: State
    since: Instant | None
    evidence: dict[str, float]


def findings(seen: Observed) -> list[Finding]:
    """Everything out of the ordinary, gravest first; the first gives the feed its state, none means `ok`."""
    found = (_silence(seen), _flood(seen), _late(seen), _slow_answers(seen))
    return [finding for finding in found if finding]


def delays_of(slots: Iterable[FeedCount]) -> Counter[int]:
    """Messages of some slots by how long they took."""
    total: Counter[int] = Counter()
    for slot in slots:
        total.update(slot.delays)
    return total


def recent_delays(seen: Observed) -> Counter[int]:
    """How long the newest messages took: of the last hour, or further back until there are enough."""
    total: Counter[int] = Counter()
    for slot in reversed(seen.slots):
        if slot.since < seen.at - HOUR and total.total() >= DATED_MIN:
            break
        total.update(slot.delays)
    return total


def answer_times(answers: Iterable[AnswerCount]) -> Counter[int]:
    """First answers by how long they took."""
    total: Counter[int] = Counter()
    for each in answers:
        if not each.repeat:
            total[each.within_micros] += each.answers
    return total


def _silence(seen: Observed) -> Finding | None:
    if seen.last_at is None:
        return Finding("quiet", None, {})
    silent_at = silent_from(seen.habit, seen.last_at)
    evidence = {"silent_s": (seen.at - seen.last_at).total_seconds()}
    if seen.habit:
        evidence["expected_since_the_last"] = seen.habit.expected(seen.last_at, seen.at)
    if seen.at >= silent_at:
        return Finding("silent", silent_at, evidence)
    if seen.habit is None and seen.at >= seen.last_at + UNLEARNT:
        return Finding("quiet", seen.last_at + UNLEARNT, evidence)
    return None


def _flood(seen: Observed) -> Finding | None:
    if seen.habit is None:
        return None
    messages = {slot.since: slot.messages for slot in seen.slots}
    since = None
    # From the newest slot back as long as the window up to each was a flood.
    end = slot_begins(seen.at)
    while end > seen.at - DAY and (flood := _window(messages, end, seen.habit)):
        since, end = flood, end - SLOT
    if since is None:
        return None
    now = slot_begins(seen.at)
    count, ordinary = _counted(messages, now), _ordinary(seen.habit, now)
    return Finding("flooding", since, {"messages": count, "ordinary": ordinary, "minutes": FLOOD_WINDOW.seconds / 60})


def _window(messages: Mapping[Instant, int], end: Instant, habit: Habit) -> Instant | None:
    """Whether the window that ends with this slot is a flood; the first of its slots with messages."""
    if _counted(messages, end) < max(FLOOD_MIN, FLOOD_TIMES * _ordinary(habit, end)):
        return None
    return min(at for at in _slots_of(end) if messages.get(at))


def _counted(messages: Mapping[Instant, int], end: Instant) -> int:
    return sum(messages.get(at, 0) for at in _slots_of(end))


def _ordinary(habit: Habit, end: Instant) -> float:
    return habit.busiest_around(end) * (FLOOD_WINDOW / HOUR)


def _slots_of(end: Instant) -> list[Instant]:
    return [end - SLOT * n for n in range(FLOOD_WINDOW // SLOT)]


def _late(seen: Observed) -> Finding | None:
    recent = recent_delays(seen)
    half = quantile(recent, 0.5, DELAY_BOUNDS_S)
    if half is None or recent.total() < DATED_FEWEST:
        return None
    usual = quantile(seen.ordinary_delays, 0.9, DELAY_BOUNDS_S)
    limit = LATE_UNLEARNT_S if seen.habit is None or usual is None else max(LATE_S, LATE_TIMES * usual)
    if half <= limit:
        return None
    evidence = {"half_took_s": half, "limit_s": limit, "messages": recent.total()}
    return Finding("slow", _late_since(seen, limit), evidence)


def _late_since(seen: Observed, limit: float) -> Instant:
    """The first of the newest slots of which each was late."""
    since = seen.at
    for slot in reversed(seen.slots):
        half = quantile(slot.delays, 0.5, DELAY_BOUNDS_S)
        if half is not None and half <= limit:
            break
        since = slot.since if half is not None else since
    return since


def _slow_answers(seen: Observed) -> Finding | None:
    times = answer_times(seen.answers)
    most = quantile(times, 0.99, ANSWER_BOUNDS_MICROS)
    if most is None or most <= ANSWER_MICROS_MAX or times.total() < ANSWERED_MIN:
        return None
    return Finding("slow", seen.at - HOUR, {"answers_p99_ms": most / 1000, "answers": times.total()})
