"""How much a member adds to a measure in a period."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from services.simulation.truth import TrueMeasure

EVENTS_UNTIL = (12, 1)
"""The last month and day of events whose thirty days lie in the year."""


def counted(measure: str, year: int, denominator: int, numerator: int, value: Fraction | None = None) -> TrueMeasure:
    """One entry of a label."""
    number = None if value is None else round(float(value), 6)
    return TrueMeasure(measure, str(year), denominator, numerator, number)


def tally(measure: str, year: int, met: Iterable[bool]) -> TrueMeasure:
    """Units that count, and which of them meet the measure."""
    units = list(met)
    return counted(measure, year, len(units), sum(units))


def in_event_window(day: date, year: int) -> bool:
    """January 1 to December 1."""
    return date(year, 1, 1) <= day <= date(year, *EVENTS_UNTIL)
