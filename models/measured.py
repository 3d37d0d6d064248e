"""Figures for metrics that outlive a process: counts by feed and word, and times counted by bounds."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from models.traffic import BEYOND, bound_of

TIME_BOUNDS_MICROS = (
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 60_000_000, BEYOND,
)  # fmt: skip
NOT_TIMED, SUM = 0, -1


class Measured(msgspec.Struct, frozen=True):
    """How often something was seen; of times, how often within a bound, or (`SUM`) their sum in microseconds."""

    name: str
    feed: str
    word: str
    within_micros: int
    total: int


class Meter:
    """Adds up what one batch measures."""

    def __init__(self) -> None:
        self._totals: Counter[tuple[str, str, str, int]] = Counter()

    def count(self, name: str, feed: str, word: str, times: int = 1) -> None:
        """Something was seen."""
        self._totals[name, feed, word, NOT_TIMED] += times

    def time(self, name: str, seconds: float) -> None:
        """Something took so long."""
        micros = max(round(seconds * 1e6), 0)
        self._totals[name, "", "", bound_of(micros, TIME_BOUNDS_MICROS)] += 1
        self._totals[name, "", "", SUM] += micros

    def rows(self) -> list[Measured]:
        """All of it."""
        return [Measured(*key, total) for key, total in self._totals.items() if total]


class Histogram:
    """Times of one process, counted by bounds."""

    def __init__(self, bounds: Sequence[int] = TIME_BOUNDS_MICROS) -> None:
        self.bounds, self.counts, self.sum = bounds, dict.fromkeys(bounds, 0), 0.0

    def note(self, value: float) -> None:
        """One more."""
        self.counts[bound_of(value, self.bounds)] += 1
        self.sum += value


def times_of(rows: Iterable[Measured], name: str) -> Histogram:
    """What was timed under a name."""
    found = Histogram()
    for row in rows:
        if row.name == name and row.within_micros == SUM:
            found.sum += row.total
        elif row.name == name:
            found.counts[row.within_micros] += row.total
    return found
