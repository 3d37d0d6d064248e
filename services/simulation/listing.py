"""What a store lists of measures, in the shape of the labels: summed over units, for the years both speak of."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from services.simulation.truth import MEASURES, Label

CLOSE = 0.0001
"""How near a value must be: the contract prints four decimals."""


class Count(msgspec.Struct, frozen=True):
    """The units of one subject in one measure and period."""

    measure: str
    period: str
    denominator: int
    numerator: int
    value: float | None = None

    def __add__(self, other: "Count") -> "Count":
        """Of two sets of units."""
        values = [value for value in (self.value, other.value) if value is not None]
        return Count(
            self.measure, self.period, self.denominator + other.denominator, self.numerator + other.numerator,
            sum(values) if values else None,
        )  # fmt: skip


def counts_of(listed: Iterable[Mapping[str, Any]]) -> list[Count]:
    """Of the `measures` of `members --json`, or the lines of `measures --ledger` of one subject.

    The value of what is in no denominator is not counted.
    """
    return summed(
        Count(
            entry["measure"], entry["period"], entry["denominator"], entry["numerator"],
            entry["value"] if entry["denominator"] else None,
        )
        for entry in listed
    )  # fmt: skip


def summed(units: Iterable[Count]) -> list[Count]:
    """One count a measure and period."""
    found: dict[tuple[str, str], Count] = {}
    for unit in units:
        key = (unit.measure, unit.period)
        found[key] = found[key] + unit if key in found else unit
    return list(found.values())


Shown = tuple[str | None, ...]


def settled(
    label: Label | None, listed: Iterable[Count], periods: frozenset[str] | None
) -> tuple[list[Shown], list[Shown]]:
    """What should be listed and what is, as (measure, period, "numerator/denominator", value).

    Nothing without a denominator is there, and nothing of measures and years that the label does not speak of. A value
    that is near enough is written as the expected one.

    Args:
        label: None when the truth knows nobody of that name: then whatever is listed is too much.
        periods: for which the store was asked; None: for all.
    """
    spoken = set(label.periods) if label else None
    if spoken is not None and periods is not None:
        spoken &= periods
    expected = {
        (m.measure, m.period): Count(m.measure, m.period, m.denominator, m.numerator, m.value)
        for m in (label.measures if label else ())
        if periods is None or m.period in periods
    }
    shown = [
        _shown(count, expected.get((count.measure, count.period)))
        for count in summed(listed)
        if count.denominator and count.measure in MEASURES and (spoken is None or count.period in spoken)
    ]
    return [_shown(count, count) for count in expected.values()], shown


def _shown(count: Count, expected: Count | None) -> Shown:
    value = count.value
    if expected:
        if expected.value is None:
            value = None  # nobody says what it should be
        elif value is not None and abs(value - expected.value) < CLOSE:
            value = expected.value
    text = None if value is None else f"{value:.4f}"
    return count.measure, count.period, f"{count.numerator}/{count.denominator}", text
