"""Assignments of a member to an ECM provider."""

from collections.abc import Iterable
from datetime import date

from services.measures.items import Assigned, Index, Period, Person
from services.measures.units.args import Args, Days
from services.measures.units.unit import Unit


class AssignmentArgs(Args):
    """How long a provider has.

    Args:
        days: after day 0, for what the tags say.
    """

    days: Days


def assignment(index: Index, period: Period, args: AssignmentArgs) -> list[Unit]:
    """Each assignment whose day 0, the local day on which it was first received, lies in the period.

    A unit begins with the day that the plan names and ends with day 0. Tags: `already-enrolled`, on or before day 0;
    `enrolled`, within `days` after it; `removed`, when the member was taken away before `days` were over; and the
    engagement status that the plan states (`declined`, `ineligible`, `deceased`, ...).

    Source: contract, "Assignment (ecm.*)"; care-rules §4.1.
    """
    return [
        Unit(
            key=f"{one.owner.ecm_provider_id}@{date.fromordinal(one.on)}",
            first=one.on,
            last=one.received,
            tags=frozenset(_tags(one, args.days)),
            closes=one.received + args.days,
            owner=one.owner,
        )
        for one in stated(index.person)
        if period.first <= one.received <= period.last
    ]


def stated(person: Person) -> Iterable[Assigned]:
    """A person's assignments to providers, each as the plan stated it last: lead, status and enrolment may change."""
    newest: dict[tuple[str, str, int], Assigned] = {}
    for one in person.assignments:
        if one.owner.ecm_provider_id:
            newest[one.owner.mcp_id, one.owner.ecm_provider_id, one.on] = one
    return newest.values()


def _tags(one: Assigned, days: int) -> set[str]:
    tags = {one.status.replace("_", "-")} - {"enrolled", ""}
    if one.enrolled is not None and one.enrolled <= one.received:
        tags.add("already-enrolled")
    elif one.enrolled is not None and one.enrolled <= one.received + days:
        tags.add("enrolled")
    if one.until < one.received + days:
        tags.add("removed")
    return tags
