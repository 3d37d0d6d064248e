"""Moments and windows: which days a page means. Both ends of a window count. Source: measure-vocabulary §3."""

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date

import msgspec

from services.measures.asked import Asked
from services.measures.items import FOREVER, PAST

Days = tuple[int, int]
"""From a day to a day, both included."""


class Moment(msgspec.Struct, frozen=True):
    """A day that depends on who is asked: on a found set it is any of several, and none where nothing was found.

    `bound`: it looks at the unit. `uses`: the definition or window that it names, or "birth".
    """

    words: str
    on: Callable[[Asked], Sequence[int]]
    bound: bool = False
    uses: str = ""


class Window(msgspec.Struct, frozen=True):
    """Days that depend on who is asked; several spans where it hangs on a found set."""

    words: str
    spans: Callable[[Asked], Sequence[Days]]
    bound: bool = False
    uses: tuple[str, ...] = ()

    @property
    def is_fixed(self) -> bool:
        """The same for everybody in a period."""
        return not (self.bound or self.uses)

    def last(self, asked: Asked) -> int:
        """The last day of all spans; the period's, where it goes on for ever or hangs on what was not found."""
        spans = self.spans(asked)
        if len(spans) == 1:  # nearly always
            last = spans[0][1]
            return last if last < FOREVER else asked.period.last
        return max((last for _, last in spans if last < FOREVER), default=asked.period.last)


def period_days(asked: Asked) -> Sequence[Days]:
    """The reporting period."""
    return ((asked.period.first, asked.period.last),)


def unit_days(asked: Asked) -> Sequence[Days]:
    """The unit."""
    unit = asked.unit
    return ((unit.first, unit.last),) if unit else ()


PERIOD = Window("the period", period_days)
UNIT = Window("the unit", unit_days, bound=True)

OFFSET = re.compile(r"([0-9]{1,9}) (days?|months?|years?) (before|after) (.+)")
MONTH_DAY = re.compile(r"([0-9]{2})-([0-9]{2})( prior year)?")


def moved(day: int, number: int, unit: str) -> int:
    """A day so many days, months or years on; the last of a shorter month where its day does not exist."""
    if unit.startswith("day"):
        return _known(day + number)
    at = date.fromordinal(day)
    months = at.year * 12 + at.month - 1 + (number if unit.startswith("month") else 12 * number)
    year, month = divmod(months, 12)
    if not date.min.year <= year <= date.max.year:
        return PAST if number < 0 else FOREVER
    return date(year, month + 1, min(at.day, monthrange(year, month + 1)[1])).toordinal()


def _known(day: int) -> int:
    return min(max(day, PAST), FOREVER)


def month_day(month: int, day: int, *, prior: bool) -> Callable[[Asked], Sequence[int]]:
    """A day of the year in which the period ends, or of the year before."""

    def on(asked: Asked) -> Sequence[int]:
        year = date.fromordinal(asked.period.last).year - prior
        return (date(year, month, min(day, monthrange(year, month)[1])).toordinal(),)

    return on


def shifted(moment: Moment, number: int, unit: str, words: str) -> Moment:
    """A moment so much before (a negative number) or after another."""

    def on(asked: Asked) -> Sequence[int]:
        return [moved(day, number, unit) for day in moment.on(asked)]

    return Moment(words, on, moment.bound, moment.uses)


def between(first: Moment | None, last: Moment | None, words: str) -> Window:
    """From a moment to a moment; open where one is missing."""

    def spans(asked: Asked) -> Sequence[Days]:
        starts = first.on(asked) if first else (PAST,)
        ends = last.on(asked) if last else (FOREVER,)
        return [(start, end) for start in starts for end in ends if start <= end]

    moments = [m for m in (first, last) if m]
    return Window(words, spans, any(m.bound for m in moments), tuple(m.uses for m in moments if m.uses))


def around(a: int, b: int, of: Moment, words: str) -> Window:
    """So many days from a moment to so many (negative: before it)."""

    def spans(asked: Asked) -> Sequence[Days]:
        return [(_known(day + a), _known(day + b)) for day in of.on(asked)]

    return Window(words, spans, of.bound, (of.uses,) if of.uses else ())
