"""Months of membership, and the emergency visits in them."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

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
    visits = [facts[0] for facts in emergencies(index, period)]
    found = list[Unit]()
    for key, first, last, fifteenth in months(period):
        if fifteenth >= index.today:
            break
        owner = index.person.owner_on(fifteenth)
        if owner.mcp_id:
            facts = tuple([visit for visit in visits if first <= visit.first <= last]) if visits else ()
            found.append(Unit(key, first, last, facts=facts, closes=last, owner=owner))
    return found


def next_month(index: Index, period: Period, _: Args) -> int | None:
    """The day on which the next 15th is past."""
    return next((month.fifteenth + 1 for month in months(period) if month.fifteenth >= index.today), None)


class Month(NamedTuple):
    """A month by its name (`2025-03`), and its days."""

    key: str
    first: int
    last: int
    fifteenth: int


@lru_cache(maxsize=64)
def months(period: Period) -> tuple[Month, ...]:
    """The months that begin in a period."""
    return tuple(_months(period))


def _months(period: Period) -> Iterator[Month]:
    day = date.fromordinal(period.first).replace(day=1)
    while day.toordinal() <= period.last:
        last = day.replace(day=monthrange(day.year, day.month)[1]).toordinal()
        if day.toordinal() >= period.first:
            yield Month(f"{day:%Y-%m}", day.toordinal(), last, day.replace(day=FIFTEENTH).toordinal())
        day = date.fromordinal(last + 1)
