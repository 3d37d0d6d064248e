"""Visits to an emergency department after which the member went home."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from services.measures.items import Index, Item, Period, in_order, starting
from services.measures.kinds import KINDS
from services.measures.units.args import Args, Names
from services.measures.units.stays import EMERGENCY, INPATIENT, held, in_event_window, known_end, with_any
from services.measures.units.unit import Unit

LOOK_AHEAD = 30
EMER = "EMER"
"""FHIR's class of an emergency encounter. Source: HL7 terminology, ActEncounterCode."""


class EdArgs(Args):
    """Value sets of diagnoses; without any, all visits count.

    Args:
        principal_dx: of the principal diagnosis. any_dx: of any diagnosis.
    """

    principal_dx: Names = ()
    any_dx: Names = ()


def ed_visit(index: Index, period: Period, args: EdArgs) -> list[Unit]:
    """Emergency visits by December 1, by the day of arrival: one a member and day, unless places are known to differ.

    A visit that becomes an inpatient stay is none.

    Source: HEDIS MY 2025, FUM and FUA; contract, "ED visits".
    """
    principal = with_any(args.principal_dx, lambda fact: fact.principal)
    other = with_any(args.any_dx, lambda fact: fact.dx)
    asked = bool(args.principal_dx or args.any_dx)
    return [
        _unit(facts)
        for facts in emergencies(index, period)
        if in_event_window(facts[0].first, period)
        and (not asked or any(principal(fact) or other(fact) for fact in facts))
    ]


def emergencies(index: Index, period: Period) -> Iterator[Sequence[Item]]:
    """What tells of each emergency visit of a period after which the member was not admitted, in order of days.

    Claims of emergency care are stays already when they get here, joined with what messages told of the same visit.
    """
    first, last = period.first, period.last
    counts = KINDS["encounter"].counts
    encounters = [e for e in starting(index.of("encounter"), first, last) if e.act_class == EMER and counts(e)]
    told = sorted([*starting(held(index, EMERGENCY), first, last), *encounters], key=in_order)
    admitted = held(index, INPATIENT) if told else []
    for _, facts in groupby(told, key=lambda fact: fact.first):
        yield from _by_place([fact for fact in facts if not any(_is_part(fact, stay) for stay in admitted)])


def _is_part(fact: Item, stay: Item) -> bool:
    """Whether a visit was on a day of an inpatient stay; on the day of discharge it is a visit of its own."""
    return fact.first == stay.first or stay.first < fact.first < known_end(stay)


def _by_place(facts: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Split what was told of one day by the places that are known; what names no place belongs to the first."""
    places = list(dict.fromkeys(fact.place for fact in facts if fact.place)) or [""]
    for place in places:
        found = [fact for fact in facts if (fact.place or places[0]) == place]
        if found:
            yield found


def _unit(facts: Sequence[Item]) -> Unit:
    first = facts[0]
    return Unit(
        key=first.id,
        first=first.first,
        last=first.first,
        start=first.start,
        end=first.end,
        facts=tuple(facts),
        closes=first.first + LOOK_AHEAD,
    )
