"""Silence of a feed: laws of its limits, and the trial by which the method was chosen, in small."""

import math
import random
from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import quantiles
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.health.habit import DAY, HOUR, Calendar, Habit, learnt
from services.health.silence import EXPECTED_MIN, LONGEST, SHORTEST, messages_missed, silent_from

START = datetime(2024, 1, 1, 8, tzinfo=UTC)
HOLIDAY = date(2024, 1, 2)
CALENDAR = Calendar(ZoneInfo("America/Los_Angeles"), lambda day: day == HOLIDAY)
RATES = st.lists(st.floats(0, 500), min_size=168, max_size=168).map(tuple)
HABITS = st.builds(Habit, st.just(CALENDAR), RATES, st.floats(0.05, 1e6) | st.just(math.inf))
INSTANTS = st.integers(0, 366 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


@settings(deadline=None, max_examples=60)
@given(habit=HABITS, start=INSTANTS, parts=st.lists(st.integers(1, 5000), min_size=1, max_size=4))
def test_what_is_expected_adds_up_over_any_parts(habit: Habit, start: datetime, parts: list[int]) -> None:
    edges = [start]
    for minutes in parts:
        edges.append(edges[-1] + timedelta(minutes=minutes))
    whole = habit.expected(edges[0], edges[-1])
    assert sum(map(habit.expected, edges, edges[1:])) == pytest.approx(whole, abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(habit=HABITS, start=INSTANTS, messages=st.floats(0.1, 5000))
def test_so_many_are_expected_at_the_moment_when_they_are(habit: Habit, start: datetime, messages: float) -> None:
    at = habit.when_expected(start, messages, start + 90 * DAY)
    if at is None:
        assert habit.expected(start, start + 90 * DAY) < messages + 1e-6
    else:
        assert habit.expected(start, at) == pytest.approx(messages, rel=1e-3)


@settings(deadline=None, max_examples=60)
@given(habit=HABITS, last=INSTANTS)
def test_no_feed_is_silent_at_once_and_none_that_speaks_daily_for_ever_unseen(habit: Habit, last: datetime) -> None:
    at = silent_from(habit, last)
    assert at >= last + SHORTEST
    if habit.daily_mean >= 2 * EXPECTED_MIN:
        # Half a day's messages are missing at the latest after a week, and the day that it takes at least.
        assert at <= last + timedelta(days=8) + LONGEST


@given(mean=st.floats(0.01, 1e5), k=st.floats(0.05, 1e5))
def test_the_burstier_a_feed_the_more_must_be_missing(mean: float, k: float) -> None:
    calm, bursty = (Habit(CALENDAR, (mean,) * 168, dispersion) for dispersion in (2 * k, k))
    poisson = Habit(CALENDAR, (mean,) * 168, math.inf)
    assert messages_missed(poisson) <= messages_missed(calm) * 1.001 <= messages_missed(bursty) * 1.002


def test_where_chance_says_twice_a_year_the_limit_lies() -> None:
    habit = Habit(CALENDAR, (10.0,) * 168, 3.0)
    missed = messages_missed(habit)
    assert (1 + missed / 3.0) ** -3.0 == pytest.approx(2 / (365 * 240))


@given(shift=st.integers(1, 200))
def test_a_habit_does_not_depend_on_what_came_before_its_weeks(shift: int) -> None:
    last = START + timedelta(weeks=10)
    hours = {START + HOUR * n: n % 7 for n in range(10 * 168)}
    older = {START - HOUR * shift: 99_999}
    assert learnt(hours | older, START, last, CALENDAR) == learnt(hours, START, last, CALENDAR)


# The trial.


class Trial(msgspec.Struct, frozen=True):
    """What a simulated feed gave: false alarms a feed-year, hours until a death was noticed at quantiles."""

    false_a_year: float
    half_h: float
    most_h: float


DAY_SHAPE = (
    0.35, 0.3, 0.25, 0.25, 0.3, 0.4, 0.6, 0.9, 1.2, 1.5, 1.6, 1.6,
    1.5, 1.5, 1.5, 1.5, 1.4, 1.3, 1.2, 1.1, 1.0, 0.8, 0.6, 0.45,
)  # fmt: skip
HOSPITAL = [day * hour for day in (1.05, 1.05, 1.05, 1.05, 1.05, 0.75, 0.65) for hour in DAY_SHAPE]
CLINIC = [float(day < 5 and 8 <= hour < 17) for day in range(7) for hour in range(24)]


def history(a_day: int, shape: Sequence[float], days: int, dice: random.Random) -> list[datetime]:
    """Receipts of a feed whose days and hours are busier or calmer than their mean (gamma), and bursty by chance."""
    scale, times = a_day * 7 / sum(shape), list[datetime]()
    for n in range(days * 24):
        if n % 24 == 0:
            mood = dice.gammavariate(20, 1 / 20)
        at = START + HOUR * n
        mean = shape[CALENDAR.hour_of_week(at)] * scale * mood * dice.gammavariate(4, 1 / 4)
        times += sorted(at + HOUR * dice.random() for _ in range(drawn(mean, dice)))
    return times


def drawn(mean: float, dice: random.Random) -> int:
    """A Poisson number."""
    if mean > 50:
        return max(0, round(dice.gauss(mean, math.sqrt(mean))))
    count, left = 0, dice.random()
    while left > math.exp(-mean):
        count, left = count + 1, left * dice.random()
    return count


def tried(a_day: int, shape: Sequence[float], years: float, seed: int) -> Trial:
    dice = random.Random(seed)
    days = 63 + round(365 * years)
    times = history(a_day, shape, days, dice)
    hours = Counter(at.replace(minute=0, second=0, microsecond=0) for at in times)
    weeks: dict[int, Habit | None] = {}

    def habit(at: datetime) -> Habit | None:
        week = (at - START) // timedelta(weeks=1)
        if week not in weeks:
            weeks[week] = learnt(hours, times[0], START + timedelta(weeks=week), CALENDAR)
        return weeks[week]

    watched = START + 63 * DAY
    pauses = [(a, b) for a, b in pairwise(times) if a >= watched and b - a > SHORTEST]
    false = sum(silent_from(habit(last), last) < after for last, after in pauses)
    noticed = []
    for _ in range(200):
        death = watched + 365 * years * DAY * dice.random()
        last = times[bisect(times, death) - 1]
        noticed.append(max((silent_from(habit(last), last) - death) / HOUR, 0))
    tenths = quantiles(noticed, n=10)
    return Trial(false / years, tenths[4], tenths[8])


@pytest.mark.parametrize(
    ("a_day", "shape", "years", "half_h", "most_h"),
    [
        (2000, HOSPITAL, 0.3, 4, 8),
        (200, HOSPITAL, 1, 12, 18),
        (20, HOSPITAL, 3, 26, 30),
        (5, HOSPITAL, 5, 48, 72),
        (200, CLINIC, 1, 26, 66),
    ],
)
def test_false_alarms_are_rare_and_deaths_are_noticed(
    a_day: int, shape: Sequence[float], years: float, half_h: float, most_h: float
) -> None:
    trial = tried(a_day, shape, years, seed=7)
    assert trial.false_a_year <= 4
    assert trial.half_h <= half_h
    assert trial.most_h <= most_h
