"""Gaps in care: units that count, and do not count as well as they still might.

A gap is open until its measure's run-out is over: at first by doing what is missing, later by telling what was done.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

import msgspec

from services.measures.verdicts import Because, Missing, UnitResult
from services.reporting.counting import Row
from services.reporting.heading import Measure

Key = tuple[str, str, str, str, str]
"""Whose it is, and the contribution's key."""


class Worth(msgspec.Struct, frozen=True):
    """What a payment program gives when a gap closes."""

    program: str
    amount: Decimal
    sentence: str = ""


class Gap(msgspec.Struct, frozen=True):
    """One unit of a measure that is a gap.

    Args:
        missing: what would close it, as sentences. until: the last local day on which doing so still counts; None when
            that day cannot be said.
        late: that day is over, and only evidence of what was done in time can still close it.
    """

    measure: Measure
    row: Row
    missing: tuple[Missing, ...]
    until: date | None
    late: bool = False
    worth: tuple[Worth, ...] = ()
    result: UnitResult | None = None


def key_of(row: Row) -> Key:
    """What tells one gap from another."""
    return (row.subject, *row.contribution.key)


def gaps_of(
    measures: Mapping[str, Measure],
    rows: Iterable[Row],
    results: Mapping[Key, UnitResult],
    worth: Mapping[Key, tuple[Worth, ...]],
    today: date,
) -> Iterator[Gap]:
    """The open gaps among some rows.

    Args:
        measures: by id; rows of others are passed over.
        results: verdicts of the rows, where they are known: without one a gap says only that it is there.
        worth: what closing one is worth, where a program says so.
        today: the local day of the report.
    """
    for row in rows:
        measure, result = measures.get(row.contribution.measure), results.get(key_of(row))
        if measure and _is_open(measure, row, result):
            until = _until(row, result)
            late = until is not None and until < today
            yield Gap(measure, row, _missing(measure, row, result), until, late, worth.get(key_of(row), ()), result)


def _is_open(measure: Measure, row: Row, result: UnitResult | None) -> bool:
    """Counted, not as it should be, and not settled for good."""
    told = row.contribution
    counted = told.denominator > 0 and told.exception == 0
    # Where less is better, a visit that happened cannot be undone; how a whole member fares can still change.
    wanting = told.numerator > 0 and not told.unit if measure.improvement == "decrease" else told.numerator == 0
    settled = result is not None and result.status_of("numerator") in ("final", "retracted")
    return counted and wanting and not settled


def _until(row: Row, result: UnitResult | None) -> date | None:
    numerator = result.verdict("numerator") if result else None
    if numerator is None:
        return row.contribution.closes_on
    latest = [each.until for each in numerator.missing if each.until]
    # All that is missing must be done: the first day to pass is the last day to act.
    return min(latest) if latest else numerator.closes_on


def _missing(measure: Measure, row: Row, result: UnitResult | None) -> tuple[Missing, ...]:
    numerator = result.verdict("numerator") if result else None
    if numerator and numerator.missing:
        return numerator.missing
    if measure.improvement == "decrease" and numerator and numerator.because:
        return tuple(Missing(_counts_against(because), numerator.closes_on) for because in numerator.because)
    return (Missing(f"{measure.title or measure.id} is not met.", row.contribution.closes_on),)


def _counts_against(because: Because) -> str:
    on = f" of {because.day.isoformat()}" if because.day else ""
    meaning = f" ({because.definition})" if because.definition else ""
    return f"The {because.kind}{on}{meaning} counts against the measure."
