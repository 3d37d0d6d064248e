"""What a feed does in an ordinary week: messages by the hour of the week, and how far chance strays from that.

The method was tried in simulation before it was chosen; `tests/laws/test_silence.py` repeats the trial.

Source: security-and-operation §5.3, "Feed silence".
"""

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from models.time import Instant

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
MEMORY = timedelta(weeks=8)
LEARNING = timedelta(weeks=2)
"""A feed has no habit before this long after its first message: each weekday was seen twice by then."""
_NEVER_BY_CHANCE = 8.0
"""Expect so many and get none: once in 3,000 times."""
_WEEK_HOURS = 168
_SUNDAY = 6


class Calendar(msgspec.Struct, frozen=True):
    """Where a feed's clock hangs, and on which local days it rests as if they were Sundays."""

    zone: ZoneInfo
    rests_on: Callable[[date], bool]

    def hour_of_week(self, at: Instant) -> int:
        """0 is Monday from midnight to 1 in the feed's zone; holidays are Sundays."""
        local = at.astimezone(self.zone)
        weekday = _SUNDAY if self.rests_on(local.date()) else local.weekday()
        return weekday * 24 + local.hour


class Habit(msgspec.Struct, frozen=True):
    """A feed's ordinary week.

    Args:
        rates: messages an hour, by `Calendar.hour_of_week`.
        dispersion: k of a negative binomial; the smaller, the burstier; infinite when no burstier than chance.
    """

    calendar: Calendar
    rates: tuple[float, ...]
    dispersion: float

    @property
    def daily_mean(self) -> float:
        """Messages a day."""
        return sum(self.rates) / 7

    def expected(self, start: Instant, end: Instant) -> float:
        """How many messages are ordinary in a span of time; beyond eight weeks all weeks are alike."""
        weeks = max(end - start - MEMORY, timedelta()) // WEEK
        hours = self._hours(start + weeks * WEEK, end)
        return weeks * sum(self.rates) + sum(rate * ((to - since) / HOUR) for since, to, rate in hours)

    def when_expected(self, start: Instant, messages: float, end: Instant) -> Instant | None:
        """When so many messages would be ordinary since `start`; None: not before `end`."""
        missing = messages
        for since, to, rate in self._hours(start, end):
            here = rate * ((to - since) / HOUR)
            if here and here >= missing:
                return since + HOUR * (missing / rate)
            missing -= here
        return None

    def busiest_around(self, at: Instant) -> float:
        """The highest rate of this hour and its neighbours: who sends once an hour does so on no exact minute."""
        return max(self.rates[self.calendar.hour_of_week(at + HOUR * n)] for n in (-1, 0, 1))

    def _hours(self, start: Instant, end: Instant) -> Iterator[tuple[Instant, Instant, float]]:
        since = start
        while since < end:
            to = min(_hour_begins(since) + HOUR, end)
            yield since, to, self.rates[self.calendar.hour_of_week(since)]
            since = to


def learnt(hours: Mapping[Instant, int], first: Instant, last: Instant, calendar: Calendar) -> Habit | None:
    """Learn a habit from the eight weeks up to the last message.

    What came after the last message is left out: a feed that fell silent has the habit that it had.

    Args:
        hours: messages by UTC hour; hours without any may be absent.
        first, last: the feed's first message of all that is known, and its last.

    Returns:
        None while it is too new to have a habit.
    """
    end = _hour_begins(last)
    start = max(_hour_begins(first) + HOUR, end - MEMORY)
    if last - first < LEARNING:
        return None
    cells = [calendar.hour_of_week(start + HOUR * n) for n in range((end - start) // HOUR)]
    counts = [hours.get(start + HOUR * n, 0) for n in range(len(cells))]
    seen, means = _means(cells, counts)
    rates = _smoothed(means, seen)
    return Habit(calendar, rates, _dispersion([rates[cell] for cell in cells], counts))


def _means(cells: list[int], counts: list[int]) -> tuple[list[int], list[float]]:
    """How often each hour of the week was seen, and its mean."""
    seen, messages = [0] * _WEEK_HOURS, [0] * _WEEK_HOURS
    for cell, count in zip(cells, counts, strict=True):
        seen[cell] += 1
        messages[cell] += count
    return seen, [m / n if n else 0.0 for m, n in zip(messages, seen, strict=True)]


def _smoothed(means: list[float], seen: list[int]) -> tuple[float, ...]:
    """Weigh each hour 1-2-1 with its neighbours: eight samples a cell are few, and habits slip by minutes.

    An hour that was empty each time, and not by chance, stays empty: else a clinic would be missed before it opens.
    """
    rates = [(means[n - 1] + 2 * means[n] + means[(n + 1) % _WEEK_HOURS]) / 4 for n in range(_WEEK_HOURS)]
    return tuple(
        0.0 if mean == 0 and rate * times >= _NEVER_BY_CHANCE else rate
        for mean, rate, times in zip(means, rates, seen, strict=True)
    )


def _dispersion(ordinary: list[float], counts: list[int]) -> float:
    """K by moments: a negative binomial with mean m has the variance m + m²/k."""
    excess = sum((count - m) ** 2 - m for m, count in zip(ordinary, counts, strict=True))
    return sum(m * m for m in ordinary) / excess if excess > 0 else math.inf


def _hour_begins(at: Instant) -> Instant:
    return at.replace(minute=0, second=0, microsecond=0)
