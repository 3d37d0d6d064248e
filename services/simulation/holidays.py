"""Days on which offices are closed, as a table, and what follows of it for business days.

Source: care-rules §6.2 (CalHR 2024 list; 2025 to 2027 by the observance rules).
"""

from datetime import date, timedelta

FIRST, LAST = date(2024, 1, 1), date(2027, 12, 31)
"""The table covers these days, and no others."""

_BOTH = {
    2024: "01-01 01-15 02-19 05-27 07-04 09-02 11-11 11-28 12-25",
    2025: "01-01 01-20 02-17 05-26 07-04 09-01 11-11 11-27 12-25",
    2026: "01-01 01-19 02-16 05-25 09-07 11-11 11-26 12-25",
    2027: "01-01 01-18 02-15 05-31 07-05 09-06 11-11 11-25",
}
_STATE = {
    2024: "04-01 11-29",
    2025: "03-31 11-28",
    2026: "03-31 11-27",
    2027: "03-31 11-26",
}
_FEDERAL = {
    2024: "06-19 10-14",
    2025: "06-19 10-13",
    2026: "06-19 07-03 10-12",
    2027: "06-18 10-11 12-24 12-31",
}


def _days(*tables: dict[int, str]) -> frozenset[date]:
    return frozenset(
        date.fromisoformat(f"{year}-{day}") for table in tables for year, days in table.items() for day in days.split()
    )


STATE_OFFICES = _days(_BOTH, _STATE)
"""California state offices; also closed at weekends."""
FEDERAL_OFFICES = _days(_BOTH, _FEDERAL)


def open_day_after(day: date, number: int, closed: frozenset[date]) -> date:
    """The n-th business day after a local date."""
    while number:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in closed:
            number -= 1
    return day
