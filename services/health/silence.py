"""When silence is no longer ordinary: when chance would make it less often than twice a year.

With L messages expected since the last one, and bursts of dispersion k, nothing comes with probability (1 + L/k)^-k. A
feed of m messages a day has 365 m pauses a year, so a pause is a silence once that is under 2/(365 m).

Source: security-and-operation §5.3. There a pause of 24 hours is a silence whatever was expected; a feed that rests on
weekends would then be silent each of them, so here an ordinary half day's messages must be missing too, and eight.
"""

import math
from datetime import timedelta

from models.time import Instant
from services.health.habit import DAY, Habit

SHORTEST = timedelta(minutes=15)
LONGEST = timedelta(hours=24)
EXPECTED_MIN = 8.0
"""Of so many expected messages none comes once in 3,000 times by chance alone."""
EXPECTED_DAYS_MIN = 0.5
UNLEARNT = timedelta(hours=4)
"""A feed without a habit is quiet after so long, and silent after `LONGEST`."""

_FALSE_ALARMS_A_YEAR = 2
_LIKELIEST = 0.1
"""However seldom a feed speaks, what happens in one of ten pauses is no silence."""
_HORIZON = 400 * DAY


def messages_missed(habit: Habit) -> float:
    """How many messages must have been expected before a pause is no longer chance."""
    mean = habit.daily_mean
    limit = min(_FALSE_ALARMS_A_YEAR / (365 * mean), _LIKELIEST) if mean else _LIKELIEST
    if math.isinf(habit.dispersion):
        return -math.log(limit)
    # (1 + L/k)^-k = limit, solved for L; for a large k by its logarithm, which does not overflow.
    return habit.dispersion * math.expm1(-math.log(limit) / habit.dispersion)


def silent_from(habit: Habit | None, last_at: Instant) -> Instant:
    """When a feed is silent if nothing more comes after its last message."""
    if habit is None:
        return last_at + LONGEST
    horizon = last_at + _HORIZON
    by_chance = habit.when_expected(last_at, messages_missed(habit), horizon) or horizon
    enough = max(EXPECTED_MIN, habit.daily_mean * EXPECTED_DAYS_MIN)
    by_hand = max(habit.when_expected(last_at, enough, horizon) or horizon, last_at + LONGEST)
    return max(min(by_chance, by_hand), last_at + SHORTEST)
