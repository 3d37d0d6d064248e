"""The cases by which a rule proves itself: what is given, what must come out."""

from collections.abc import Iterator, Mapping
from typing import Literal, cast
from zoneinfo import ZoneInfo

import msgspec

from models.errors import Problem
from models.events import PatientClass
from models.pages import Page
from models.reference import Calendar
from models.rule import Clock, Lack, Rule, Trigger
from models.time import Instant, local_day
from services.timeliness.clocks import Occasion, appears_at, applies, community, due_at
from services.timeliness.pages import CasePage, GivenPage

HOME, SNF, AGAINST_ADVICE = "01", "03", "07"


class Case(msgspec.Struct, frozen=True):
    """One case of a rule, and where it stands."""

    rule: Rule
    page: Page
    index: int
    told: CasePage


def play(case: Case, zone: ZoneInfo, calendars: Mapping[str, Calendar]) -> Iterator[Problem]:
    """Say what came out otherwise than the case expects: nothing when the rule is right."""
    zone = case.told.given.time_zone or zone
    happened = occasion(case.rule, case.told.given, zone)
    then = case.told.then
    raised = applies(case.rule, happened)
    if raised != (then.raised is not False):
        words = {True: "a raised task", False: "no task"}
        yield _problem(case, "raised", words[not raised], words[raised])
        return
    if not raised:
        return
    if "due_at" in then.model_fields_set:
        yield from _compare(case, "due_at", then.due_at, due_at(case.rule, happened, zone, calendars), zone)
    if "appears_at" in then.model_fields_set:
        yield from _compare(case, "appears_at", then.appears_at, appears_at(case.rule, happened, zone), zone)


def occasion(rule: Rule, given: GivenPage, zone: ZoneInfo) -> Occasion:
    """Make the occasion that a case speaks of; what it leaves out is such that the rule applies."""
    event = given.event or rule.events[0]
    starts = _starts(given)
    disposition = given.disposition
    if disposition is None:
        disposition = SNF if rule.to == "facility" else HOME
    return Occasion(
        event=event,
        patient_class=given.class_ or _first_class(rule),
        day=local_day(_moment(event, starts), zone),
        to=_destination(event, disposition),
        risk=given.risk or next(iter(rule.risk), "high"),
        lacks=frozenset(_lacks(rule, given)),
        left_against_advice=event == "discharged" and disposition == AGAINST_ADVICE,
        starts=starts,
    )


def _starts(given: GivenPage) -> dict[Clock, Instant]:
    said: dict[Clock, Instant | None] = {
        "admitted_at": given.admitted_at,
        "discharged_at": given.discharged_at,
        "first_receipt": given.first_receipt,
        "assignment_receipt": given.assignment_receipt,
    }
    return {clock: at for clock, at in said.items() if at is not None}


def _moment(event: Trigger, starts: Mapping[Clock, Instant]) -> Instant:
    """When the event was; where the case does not say so, when it was first received, or else its earliest time."""
    own: Mapping[Trigger, Clock] = {"admitted": "admitted_at", "discharged": "discharged_at"}
    at = starts.get(own.get(event, "first_receipt")) or starts.get("first_receipt")
    return at or min(starts.values())


def _first_class(rule: Rule) -> PatientClass:
    return cast("PatientClass", rule.classes[0]) if rule.classes else "inpatient"  # the page admits only these words


def _destination(event: Trigger, disposition: str) -> Literal["community", "facility", ""]:
    if event != "discharged":
        return ""
    return "community" if community(disposition) else "facility"


def _lacks(rule: Rule, given: GivenPage) -> Iterator[Lack]:
    said: dict[Lack, bool | None] = {"lead_cm": given.lead_cm, "ecm": given.ecm}
    for thing, has in said.items():
        if has is False or (has is None and thing in rule.without):
            yield thing


def _compare(
    case: Case, key: str, expected: Instant | None, found: Instant | None, zone: ZoneInfo
) -> Iterator[Problem]:
    if expected != found:
        yield _problem(case, key, _local(expected, zone), _local(found, zone))


def _problem(case: Case, key: str, expected: str, found: str) -> Problem:
    what = f"Case '{case.told.name}': expected {expected}, but {found} came out."
    at = ("cases", case.index, "then", key)
    return case.page.problem(at, what, "Correct the rule, or what the case expects.")


def _local(at: Instant | None, zone: ZoneInfo) -> str:
    return "no time" if at is None else at.astimezone(zone).isoformat()
