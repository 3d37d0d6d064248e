"""Prometheus families from our figures, with labels from closed sets only."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from models.measured import Histogram
from models.traffic import BEYOND

PREFIX = "warmhandoff_"
OTHER = "other"
VALUES_MAX = 200
_WORD = re.compile(r"[A-Za-z0-9_.:-]{1,64}")

K = TypeVar("K", bound=tuple[str, ...])


class Labels:
    """Lets the values of a label through that are known, and the first 200 others that look like a name.

    The rest is `other`: no sender can make a metric grow, and no free text becomes a label.
    """

    def __init__(self, known: Collection[str] = ()) -> None:
        self._admitted = set(sorted(known)[:VALUES_MAX])

    def __call__(self, value: str) -> str:
        """The value, or `other`."""
        if value in self._admitted:
            return value
        if len(self._admitted) < VALUES_MAX and _WORD.fullmatch(value):
            self._admitted.add(value)
            return value
        return OTHER


def counter(name: str, doc: str, labels: tuple[str, ...], rows: Mapping[K, float]) -> CounterMetricFamily:
    """A counter; its name ends in `_total`, which the family adds."""
    family = CounterMetricFamily(PREFIX + name, doc, labels=labels)
    for values, total in rows.items():
        family.add_metric(values, total)
    return family


def gauge(name: str, doc: str, labels: tuple[str, ...], rows: Mapping[K, float]) -> GaugeMetricFamily:
    """A gauge."""
    family = GaugeMetricFamily(PREFIX + name, doc, labels=labels)
    for values, value in rows.items():
        family.add_metric(values, value)
    return family


def histogram(
    name: str, doc: str, labels: tuple[str, ...], rows: Mapping[K, Histogram], unit: float
) -> HistogramMetricFamily:
    """A histogram. `unit`: how many of our figures make one of Prometheus's (a million microseconds, a second)."""
    family = HistogramMetricFamily(PREFIX + name, doc, labels=labels)
    for values, figures in rows.items():
        family.add_metric(values, _buckets(figures, unit), figures.sum / unit)
    return family


def joined(rows: Iterable[tuple[K, float]]) -> dict[K, float]:
    """Add up rows that have the same labels: those that became `other`."""
    total: dict[K, float] = {}
    for values, figure in rows:
        total[values] = total.get(values, 0) + figure
    return total


def _buckets(figures: Histogram, unit: float) -> list[tuple[str, float]]:
    seen, buckets = 0, []
    for bound in figures.bounds:
        seen += figures.counts[bound]
        buckets.append(("+Inf" if bound == BEYOND else f"{bound / unit:g}", float(seen)))
    return buckets
