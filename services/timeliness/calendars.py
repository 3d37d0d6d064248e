"""Business-day calendars: the ones that plans and CMS use, and those that an operator writes.

The two built-in ones are computed here, not by a library: `holidays` closes California offices on Juneteenth, and
gives back a Saturday holiday on the Friday before, which state offices do not. A test compares both with the table of
care-rules §6.2, and `us_federal` with `holidays`.

Source: care-rules §6.2; CalHR 2024 state holiday list (observance notes); 5 U.S.C. 6103 (general knowledge).
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Literal

import msgspec

Base = Literal["ca_state", "us_federal", "none"]

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6
WEEKEND = frozenset({SATURDAY, SUNDAY})


class BusinessCalendar(msgspec.Struct, frozen=True):
    """Which local dates are business days. Two calendars with the same content are equal.

    Args:
        base: whose holidays are closed.
        closed: further days that are closed. open: days that are open whatever else is said.
        weekend: closed weekdays, Monday = 0.
    """

    name: str
    base: Base = "none"
    closed: frozenset[date] = frozenset()
    open: frozenset[date] = frozenset()
    weekend: frozenset[int] = WEEKEND

    def is_open(self, day: date) -> bool:
        """Say whether business is done on this local date."""
        if day in self.open:
            return True
        return (
            day.weekday() not in self.weekend and day not in self.closed and day not in _HOLIDAYS[self.base](day.year)
        )


@cache
def ca_state_holidays(year: int) -> frozenset[date]:
    """Weekdays on which California state offices are closed.

    A holiday on a Sunday closes the Monday; one on a Saturday closes nothing (staff get credit), except Veterans Day,
    which closes the Friday. Juneteenth is optional leave: offices are open.
    """
    thanksgiving = _nth(4, THURSDAY, year, 11)
    veterans = date(year, 11, 11)
    if veterans.weekday() == SATURDAY:
        veterans -= timedelta(days=1)
    fixed = [date(year, 1, 1), date(year, 3, 31), date(year, 7, 4), veterans, date(year, 12, 25)]
    return frozenset(
        {
            _nth(3, MONDAY, year, 1),  # Martin Luther King
            _nth(3, MONDAY, year, 2),  # Presidents
            _last_monday_of_may(year),
            _nth(1, MONDAY, year, 9),  # Labor
            thanksgiving,
            thanksgiving + timedelta(days=1),
            *(day + timedelta(days=1) if day.weekday() == SUNDAY else day for day in fixed),
        }
    )


@cache
def us_federal_holidays(year: int) -> frozenset[date]:
    """Weekdays on which federal offices are closed: a Saturday holiday closes the Friday, a Sunday one the Monday.

    New Year of the next year may fall on a Saturday, and then closes December 31 of this one.
    """
    fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25), date(year + 1, 1, 1)]
    if year >= 2021:  # the year Juneteenth became a holiday
        fixed.append(date(year, 6, 19))
    floating = {
        _nth(3, MONDAY, year, 1),  # Martin Luther King
        _nth(3, MONDAY, year, 2),  # Presidents
        _last_monday_of_may(year),
        _nth(1, MONDAY, year, 9),  # Labor
        _nth(2, MONDAY, year, 10),  # Columbus
        _nth(4, THURSDAY, year, 11),  # Thanksgiving
    }
    observed = {_nearest_weekday(day) for day in fixed}
    return frozenset(floating | {day for day in observed if day.year == year})


def _nearest_weekday(day: date) -> date:
    return day + timedelta(days={SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0))


def _nth(n: int, weekday: int, year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last_monday_of_may(year: int) -> date:
    last = date(year, 5, 31)
    return last - timedelta(days=last.weekday())


def _no_holidays(_year: int) -> frozenset[date]:
    return frozenset()


_HOLIDAYS: Mapping[Base, Callable[[int], frozenset[date]]] = {
    "ca_state": ca_state_holidays,
    "us_federal": us_federal_holidays,
    "none": _no_holidays,
}

BUILT_IN: Mapping[str, BusinessCalendar] = {
    "ca_state": BusinessCalendar("ca_state", base="ca_state"),
    "us_federal": BusinessCalendar("us_federal", base="us_federal"),
}
