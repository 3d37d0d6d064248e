"""Every unit builder by the name that pages give it: what it takes, what it says, and what it reads."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from services.measures.items import Index, Period
from services.measures.units.args import Args
from services.measures.units.assignment import AssignmentArgs, assignment
from services.measures.units.ed_visit import EdArgs, ed_visit
from services.measures.units.enrolment import EnrolmentArgs, enrolment
from services.measures.units.file_month import FileArgs, file_month
from services.measures.units.fuh_discharge import FuhArgs, fuh_discharge
from services.measures.units.member_month import member_month, next_month
from services.measures.units.pcr_index import PcrArgs, pcr_index
from services.measures.units.tcs_transition import TransitionArgs, tcs_transition
from services.measures.units.trc_chain import trc_chain
from services.measures.units.treatment_period import TreatmentArgs, next_day_of_treatment, treatment_period
from services.measures.units.unit import Unit

Reads = frozenset[tuple[str, str]]
"""(kind, value set) of the items that matter; "" for all of a kind. Person and coverage always matter."""

STAYS: Reads = frozenset({("stay", "")})
EMERGENCIES: Reads = STAYS | {("encounter", "")}


class Builder(msgspec.Struct, frozen=True):
    """What makes the units of a measure.

    Args:
        name: as pages write it. args: the type of `unit_args`.
        build: units of a person's facts in a period, in order. They hold for `args` of that type only.
        tags: what `unit_is` may ask for; empty words stand for none.
        reads: the items it looks at, for routing.
        turns: the next day that changes the units by itself, later than the as-of day; None where only facts do.
    """

    name: str
    args: type[Args]
    build: Callable[[Index, Period, Any], list[Unit]]
    tags: frozenset[str] = frozenset()
    reads: Callable[[Any], Reads] = lambda _: STAYS
    turns: Callable[[Index, Period, Any], int | None] | None = None


def _pcr(args: PcrArgs) -> Reads:
    procedures = (*args.planned_procedures, *args.potentially_planned_procedures)
    return STAYS | _of(("procedure", "claim"), procedures)


_NOTHING: Reads = frozenset()

STATUSES = frozenset(
    {"assigned", "outreach", "declined", "unable-to-reach", "ineligible", "excluded-duplicate", "discontinued"}
    | {"graduated", "transferred", "deceased"}
)
"""Engagement statuses of a roster. Source: care-rules §2.3."""


def _of(kinds: Iterable[str], names: Iterable[str]) -> Reads:
    return frozenset((kind, name) for kind in kinds for name in names)


BUILDERS: dict[str, Builder] = {
    builder.name: builder
    for builder in (
        Builder("trc_chain", Args, trc_chain, frozenset({"planned"})),
        Builder("pcr_index", PcrArgs, pcr_index, frozenset({"readmitted", "outlier"}), _pcr),
        Builder("fuh_discharge", FuhArgs, fuh_discharge),
        Builder("ed_visit", EdArgs, ed_visit, reads=lambda _: EMERGENCIES),
        Builder(
            "treatment_period",
            TreatmentArgs,
            treatment_period,
            reads=lambda args: _of(("fill",), args.fills),
            turns=next_day_of_treatment,
        ),
        Builder("tcs_transition", TransitionArgs, tcs_transition, frozenset({"superseded"})),
        Builder(
            "assignment",
            AssignmentArgs,
            assignment,
            STATUSES | {"already-enrolled", "enrolled", "removed"},
            lambda _: _NOTHING,
        ),
        Builder("enrolment", EnrolmentArgs, enrolment, frozenset({"disenrolled"}), lambda _: _NOTHING),
        Builder("member_month", Args, member_month, reads=lambda _: EMERGENCIES, turns=next_month),
        Builder(
            "file_month",
            FileArgs,
            file_month,
            frozenset({"on-time"}),
            lambda args: frozenset({("event", f"{args.file}-due")}),
        ),
    )
}
