"""The seventeen deadlines, stated a second time, from care-rules §1.5, §5.1 and the contract.

`test_deadlines.py` compares their names with the shipped rules, so that none is forgotten; nothing else is shared.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from models.time import end_of_day, local_day
from services.simulation.holidays import FEDERAL_OFFICES, STATE_OFFICES, open_day_after
from services.simulation.places import ZONE

Event = Literal["planned", "admitted", "discharged", "assigned"]
From = Literal["told", "discharged", "lead_known"]
Proof = Literal[
    "reached", "attempt", "visit", "reconciled", "assessed", "care_plan", "facility_information", "lead_notified",
    "identity_shared", "lead_named", "note",
]  # fmt: skip
BEDS = ("inpatient", "snf")
BEDS_AND_OBSERVATION = (*BEDS, "observation")
HIGH, LOWER = ("high", "pregnancy"), ("lower", "medium")


@dataclass(frozen=True, slots=True)
class Length:
    """So many hours, calendar days, or business days of offices that close on `closed`, after a start."""

    amount: int
    unit: Literal["hours", "days", "business days"]
    start: From
    closed: frozenset[date] = frozenset()

    def after(self, start: datetime) -> datetime:
        """Hours are elapsed hours; days are local dates and end at 23:59:59."""
        if self.unit == "hours":
            return start + timedelta(hours=self.amount)
        day = local_day(start, ZONE)
        if self.unit == "business days":
            return end_of_day(open_day_after(day, self.amount, self.closed), ZONE)
        return end_of_day(day + timedelta(days=self.amount), ZONE)


@dataclass(frozen=True, slots=True)
class Deadline:
    """One rule. `risk` () is any; `by_discharge` also ends it; `appears_after` days it is first listed.

    Args:
        proofs: any of them closes it. ends_with_next_stay: notices go on, whatever the next stay.
        without_lead, with_lead, without_ecm: for whom alone it is.
    """

    id: str
    events: tuple[Event, ...]
    length: Length | None
    proofs: tuple[Proof, ...]
    classes: tuple[str, ...] = BEDS
    home: bool = False
    risk: tuple[str, ...] = ()
    by_discharge: bool = False
    appears_after: int | None = None
    ends_with_next_stay: bool = False
    without_lead: bool = False
    with_lead: bool = False
    without_ecm: bool = False
    not_when_against_advice: bool = False

    @property
    def counts_days(self) -> bool:
        """Proof of the same local day counts, even of an hour before the event."""
        return self.length is None or self.length.unit != "hours"

    def due_at(self, starts: Mapping[From, datetime]) -> datetime | None:
        """The earlier of the length's end and the discharge, of those that are known."""
        found = []
        if self.length and self.length.start in starts:
            found.append(self.length.after(starts[self.length.start]))
        if self.by_discharge and "discharged" in starts:
            found.append(starts["discharged"])
        return min(found, default=None)


def _home(id_: str, length: Length | None, *proofs: Proof, **more: object) -> Deadline:
    """A follow-up at home, which the next stay ends."""
    return Deadline(id_, ("discharged",), length, (*proofs, "note"), home=True, ends_with_next_stay=True, **more)  # type: ignore[arg-type]  # its own fields; a wrong name ends the import


def _days(amount: int) -> Length:
    return Length(amount, "days", "discharged")


DEADLINES: tuple[Deadline, ...] = (
    _home("tcm.contact_2bd", Length(2, "business days", "discharged", FEDERAL_OFFICES), "reached",
          classes=BEDS_AND_OBSERVATION),
    _home("tcm.visit_7d", _days(7), "visit", classes=BEDS_AND_OBSERVATION),
    _home("tcm.visit_14d", _days(14), "visit", classes=BEDS_AND_OBSERVATION),
    _home("tcs.ambulatory_visit_7d", _days(7), "visit", risk=HIGH),
    _home("tcs.ambulatory_visit_30d", _days(30), "visit", risk=LOWER),
    _home("tcs.cm_contact_7d", _days(7), "reached", risk=HIGH),
    _home("tcs.med_rec", _days(7), "reconciled", risk=HIGH),
    _home("tcs.screen_programs", _days(30), "assessed", without_ecm=True),
    _home("tcs.lower_risk_outreach", Length(24, "hours", "told"), "attempt", risk=LOWER),
    _home("tcs.close_review", None, risk=HIGH, appears_after=30),
    Deadline("tcs.facility_notice", ("discharged",), Length(24, "hours", "discharged"),
             ("facility_information", "note")),
    Deadline("tcs.notify_lead_cm", ("planned", "admitted", "discharged", "assigned"), Length(24, "hours", "told"),
             ("lead_notified", "note"), risk=HIGH),
    Deadline("tcs.assign_cm", ("admitted",), Length(24, "hours", "told"), ("lead_named", "note"), risk=HIGH,
             by_discharge=True, without_lead=True),
    Deadline("tcs.share_cm_identity", ("admitted",), Length(24, "hours", "lead_known"), ("identity_shared", "note"),
             risk=HIGH, by_discharge=True, with_lead=True),
    Deadline("tcs.discharge_planning_doc", ("admitted",), None, ("care_plan", "note"), risk=HIGH, by_discharge=True,
             not_when_against_advice=True),
    Deadline("tcs.discharge_risk_assessment", ("admitted",), None, ("assessed", "note"), risk=HIGH, by_discharge=True,
             not_when_against_advice=True),
    Deadline("um.open_case", ("admitted",), Length(1, "business days", "told", STATE_OFFICES), ("note",)),
)  # fmt: skip
