"""How figures are taken: variants by turns, so that a busy minute hits all of them; medians, never single runs."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median

import msgspec

Samples = dict[str, list[float]]


class Figure(msgspec.Struct, frozen=True):
    """A measured number. `against` holds ratios (ours divided by the other's, round by round, then the median).

    `missing` says why there is no number.
    """

    id: str
    what: str
    unit: str
    median: float | None
    low: float | None
    high: float | None
    rounds: int
    against: dict[str, float] = {}
    missing: str = ""


class Size(msgspec.Struct, frozen=True):
    """How much is measured; `quick` proves that everything runs, its figures mean nothing."""

    quick: bool

    def of(self, full: int, quick: int) -> int:
        """The one or the other."""
        return quick if self.quick else full

    @property
    def rounds(self) -> int:
        return self.of(5, 1)

    @property
    def loop_seconds(self) -> float:
        return 0.01 if self.quick else 0.15


def by_turns(variants: Mapping[str, Callable[[], float]], rounds: int) -> Samples:
    """Each variant once a round; each gives its number in its own unit."""
    samples: Samples = {name: [] for name in variants}
    for _ in range(rounds):
        for name, run in variants.items():
            samples[name].append(run())
    return samples


def figure(name: str, what: str, unit: str, samples: Samples, *, against: Sequence[str] = (), key: str = "") -> Figure:
    """The figure of one variant, with its ratios to others of the same rounds."""
    values = samples[key or name]
    ratios = {other: median(a / b for a, b in zip(values, samples[other], strict=True)) for other in against}
    return Figure(name, what, unit, median(values), min(values), max(values), len(values), ratios)


def missing(name: str, what: str, unit: str, why: str) -> Figure:
    """A figure that could not be taken here."""
    return Figure(name, what, unit, None, None, None, 0, missing=why)


def micros_per_call(run: Callable[[], object], seconds: float) -> float:
    """Call for at least so long; give microseconds of processor time a call."""
    calls, spent = 0, 0.0
    start = time.process_time()
    while spent < seconds:
        run()
        calls += 1
        spent = time.process_time() - start
    return spent / calls * 1e6


def per_second(run: Callable[[], int], clock: Callable[[], float] = time.perf_counter) -> float:
    """Things done a second by one call, which says how many they were; with another clock, a second of that."""
    start = clock()
    done = run()
    return done / (clock() - start)


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that more than this share of all do not exceed; the largest, where none is."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
