"""Reporting periods: calendar years, and any two dates for a single evaluation."""

from datetime import date

from services.measures.items import Period


def year(number: int) -> Period:
    """A calendar year."""
    return Period(str(number), date(number, 1, 1).toordinal(), date(number, 12, 31).toordinal())


def between(start: date, end: date) -> Period:
    """From a date to a date, both included; a whole year has the year's name."""
    whole = year(end.year)
    first, last = start.toordinal(), end.toordinal()
    return whole if (first, last) == (whole.first, whole.last) else Period(f"{start}/{end}", first, last)
