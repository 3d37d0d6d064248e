"""How every feed is at an instant, from what the store has counted. It only reads, beside a running service too."""

from collections.abc import Callable, Collection, Iterable
from datetime import date, timedelta

import msgspec

from models.reference import Reference
from models.time import Instant
from models.traffic import SLOT, AnswerCount, FeedCount, slot_begins
from services.health.habit import DAY, HOUR, MEMORY, Calendar, Habit, learnt
from services.health.judging import Finding, Observed, State, delays_of, findings
from services.runtime.store.contract import Reader

_EVER = timedelta(days=36500)
_AHEAD = SLOT
"""A receipt so soon after the present came while we looked, or where a clock is ahead; one later still waits."""


class Learnt(msgspec.Struct, frozen=True):
    """What a feed's past says of it, up to its last message."""

    habit: Habit | None
    delays: dict[int, int]


class FeedHealth(msgspec.Struct, frozen=True):
    """One feed at an instant; `last_answers` and `last_hour` reach back an hour, `last_day` a day.

    Args:
        patients: told of, and those who belong to nobody. waiting: in quarantine, by reason.
        expected_since: messages that were ordinary since the last one; None without a habit.
    """

    feed: str
    at: Instant
    seen: Observed
    findings: list[Finding]
    last_hour: FeedCount
    last_day: FeedCount
    last_answers: list[AnswerCount]
    day_answers: list[AnswerCount]
    patients: tuple[int, int]
    waiting: dict[str, int]
    expected_since: float | None

    @property
    def state(self) -> State:
        """The gravest finding's."""
        return self.findings[0].state if self.findings else "ok"


class Board:
    """All feeds of one store.

    Args:
        declared: feeds that the configuration names; they are shown though never heard.
    """

    def __init__(self, reader: Reader, reference: Reference, declared: Collection[str]) -> None:
        self._reader, self._reference, self._declared = reader, reference, declared
        self._learnt: dict[tuple[str, Instant], Learnt] = {}

    def feeds(self, at: Instant, *, is_now: bool) -> list[FeedHealth]:
        """Every feed declared or heard by an instant, by name.

        Args:
            is_now: the instant is the present: all that was counted is told, also what comes while we look.
        """
        until = at + _AHEAD if is_now else at
        depth: dict[str, dict[str, int]] = {}
        for (feed, reason), waiting in sorted(self._reader.quarantine_depth().items()):
            depth.setdefault(feed, {})[reason] = waiting
        names = {name for name in self._reader.feeds() if self._reader.last_heard(name, until)}
        return [self._feed(name, at, is_now, depth.get(name, {})) for name in sorted({*names, *self._declared})]

    def _feed(self, feed: str, at: Instant, is_now: bool, waiting: dict[str, int]) -> FeedHealth:
        last_at = self._reader.last_heard(feed, at + (_AHEAD if is_now else _EVER))
        if is_now:
            at = max(at, last_at or at)
        end = at + SLOT
        if last_at and last_at > at:
            # Slots are whole: of one that goes on after an earlier instant, nothing is known at that instant.
            at = end = slot_begins(at)
            last_at = self._reader.last_heard(feed, at)
        slots = self._reader.traffic(feed, slot_begins(at - DAY), end, SLOT)
        past = self._past(feed, last_at)
        answers = self._reader.answers(feed, slot_begins(at - HOUR), end)
        seen = Observed(at, last_at, slots, answers, past.habit, past.delays)
        return FeedHealth(
            feed=feed,
            at=at,
            seen=seen,
            findings=findings(seen),
            last_hour=summed(feed, at - HOUR, slots),
            last_day=summed(feed, at - DAY, slots),
            last_answers=answers,
            day_answers=self._reader.answers(feed, slot_begins(at - DAY), end),
            patients=self._reader.patients_of(feed),
            waiting=waiting,
            expected_since=past.habit.expected(last_at, at) if past.habit and last_at else None,
        )

    def _past(self, feed: str, last_at: Instant | None) -> Learnt:
        """What was learnt up to the hour of the last message; kept while no new hour begins."""
        if last_at is None:
            return Learnt(None, {})
        end = last_at.replace(minute=0, second=0, microsecond=0)
        found = self._learnt.get((feed, end))
        if found is None:
            self._learnt = {key: each for key, each in self._learnt.items() if key[0] != feed}
            found = self._learnt[feed, end] = self._learn(feed, end, last_at)
        return found

    def _learn(self, feed: str, end: Instant, last_at: Instant) -> Learnt:
        # Somewhat further back than the habit: whether the feed is older than that decides how new it is.
        hours = self._reader.traffic(feed, end - MEMORY - DAY, end, HOUR)
        if not hours:
            return Learnt(None, {})
        habit = learnt({hour.since: hour.messages for hour in hours}, hours[0].since, last_at, self._calendar(feed))
        return Learnt(habit, dict(delays_of(hours)))

    def _calendar(self, feed: str) -> Calendar:
        return Calendar(self._reference.zone_of(feed), self._rests_on())

    def _rests_on(self) -> Callable[[date], bool]:
        """Weekdays on which offices are closed."""
        federal = self._reference.calendars.get("us_federal")
        return lambda day: federal is not None and day.weekday() < 5 and not federal.is_open(day)


def summed(feed: str, since: Instant, slots: Iterable[FeedCount]) -> FeedCount:
    """The slots that begin since an instant, as one."""
    total = FeedCount(feed, since)
    for slot in slots:
        if slot.since >= slot_begins(since):
            total.messages += slot.messages
            total.bytes += slot.bytes
            total.quarantined += slot.quarantined
            total.repeated += slot.repeated
            total.test += slot.test
            total.skewed += slot.skewed
            total.ahead_s = max(total.ahead_s, slot.ahead_s)
            total.last_at = slot.last_at
            for bound, messages in slot.delays.items():
                total.delays[bound] = total.delays.get(bound, 0) + messages
    return total
