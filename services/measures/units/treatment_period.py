"""The days over which adherence to a class of drugs is counted."""

from services.measures.items import Covered, Index, Item, Period, Person, starting
from services.measures.kinds import KINDS
from services.measures.units.args import Args, Days, Names
from services.measures.units.unit import Unit


class TreatmentArgs(Args):
    """Which drugs, and what ends coverage.

    Args:
        fills: value sets of the class.
        gap_days_max: days without coverage after which a member has left the plan; a shorter gap is bridged.
    """

    fills: Names
    gap_days_max: Days


def treatment_period(index: Index, period: Period, args: TreatmentArgs) -> list[Unit]:
    """From the first fill in the period to the earliest of the as-of day, the period's end, the end of coverage, death.

    Coverage is that of the plan on the day of the first fill; a fill that no plan covers begins nothing. Supply left
    from the year before does not count.

    Source: PQA, Proportion of Days Covered; care-rules §4.9; contract, "PDC".
    """
    person = index.person
    fills = _filled(index, period, args)
    if not fills:
        return []
    first = fills[0].first
    died = period.last if person.died is None else person.died
    last = min(index.today, period.last, _coverage_end(person, first, args.gap_days_max), died)
    if last < first:
        return []
    return [Unit(key="", first=first, last=last, facts=fills, closes=period.last)]


def next_day_of_treatment(index: Index, period: Period, args: TreatmentArgs) -> int | None:
    """Tomorrow, while somebody is under treatment: another day counts."""
    goes_on = any(unit.last == index.today for unit in treatment_period(index, period, args))
    return index.today + 1 if goes_on and index.today < period.last else None


def _filled(index: Index, period: Period, args: TreatmentArgs) -> tuple[Item, ...]:
    """The fills of the class in the period, from the first one that a plan covers."""
    counts, wanted = KINDS["fill"].counts, frozenset(args.fills)
    fills = [
        fill
        for fill in starting(index.of("fill"), period.first, period.last)
        if counts(fill) and not wanted.isdisjoint(fill.sets)
    ]
    begun = next((n for n, fill in enumerate(fills) if index.person.plan_on(fill.first)), len(fills))
    return tuple(fills[begun:])


def _coverage_end(person: Person, day: int, gap_days_max: int) -> int:
    plan = person.plan_on(day)
    end = day
    for span in _of_plan(person, plan):
        if span.first - end - 1 <= gap_days_max:
            end = max(end, span.last)
    return end


def _of_plan(person: Person, plan: str) -> list[Covered]:
    return [span for span in person.spans if span.mcp_id == plan]
