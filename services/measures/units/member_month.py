"""Months of membership, and the emergency visits in them."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from services.measures.items import Index, Period
from services.measures.units.args import Args
from services.measures.units.ed_visit import emergencies
from services.measures.units.unit import Unit

FIFTEENTH = 15


def member_month(index: Index, period: Period, _: Args) -> list[Unit]:
    """Each month of the period on whose 15th, already past, a plan covered the member.

    What it is made of are the emergency visits of the month after which the member was not admitted, one fact a visit.
    It belongs to whom the member belonged on the 15th.

    Source: care-rules §4.6; contract, "amb_ed".
    """
    person = index.person
    visits = [facts[0] for facts in emergencies(index, period)]
    return [
        Unit(
            key=f"{first:%Y-%m}",
            first=first.toordinal(),
            last=last.toordinal(),
            facts=tuple(visit for visit in visits if first.toordinal() <= visit.first <= last.toordinal()),
            closes=last.toordinal(),
            owner=person.owner_on(fifteenth),
        )
        for first, last in months(period)
        if (fifteenth := first.replace(day=FIFTEENTH).toordinal()) < index.today and person.plan_on(fifteenth)
    ]


def next_month(index: Index, period: Period, _: Args) -> int | None:
    """The day on which the next 15th is past."""
    days = (first.replace(day=FIFTEENTH).toordinal() + 1 for first, _ in months(period))
    return next((day for day in days if day > index.today), None)


@lru_cache(maxsize=64)
def months(period: Period) -> tuple[tuple[date, date], ...]:
    """The first and last days of the months that begin in a period."""
    return tuple(_months(period))


def _months(period: Period) -> Iterator[tuple[date, date]]:
    day = date.fromordinal(period.first).replace(day=1)
    while day.toordinal() <= period.last:
        last = day.replace(day=monthrange(day.year, day.month)[1])
        if day.toordinal() >= period.first:
            yield day, last
        day = date.fromordinal(last.toordinal() + 1)
