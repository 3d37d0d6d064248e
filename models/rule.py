"""A timeliness rule as the core reads it: closed, typed, compiled from a YAML page by `services.timeliness`."""

from datetime import date
from typing import Literal

import msgspec

Trigger = Literal["planned", "admitted", "discharged", "level_changed", "assigned"]
Unit = Literal["minutes", "hours", "calendar days", "business days"]
Clock = Literal["first_receipt", "admitted_at", "discharged_at", "assignment_receipt"]
Ending = Literal["next_stay", "deceased", "coverage_ended"]
Lack = Literal["lead_cm", "ecm"]


class Within(msgspec.Struct, frozen=True):
    """A length of time after a clock's start: `7 calendar days after discharged_at`; business days name a calendar."""

    amount: int
    unit: Unit
    after: Clock
    calendar: str = ""


class Due(msgspec.Struct, frozen=True):
    """When a task is due: `within` a length of time, or `by` an event, or whichever is earlier."""

    within: Within | None = None
    by: Literal["discharged_at"] | None = None


class CareEventEvidence(msgspec.Struct, frozen=True, tag_field="evidence", tag="care_event"):
    """A care event of `type`; empty `outcome` or `mode` admits any; `detail` are (key, value) pairs that must stand."""

    type: str
    outcome: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    detail: tuple[tuple[str, str], ...] = ()


class ClaimEvidence(msgspec.Struct, frozen=True, tag_field="evidence", tag="claim"):
    """A claim, not reversed, with a procedure code of any of the value sets."""

    value_sets: tuple[str, ...]


class TaskActionEvidence(msgspec.Struct, frozen=True, tag_field="evidence", tag="task_action"):
    """A task note whose action is this (`done`)."""

    action: str


class RosterEvidence(msgspec.Struct, frozen=True, tag_field="evidence", tag="roster"):
    """The roster names a value for this field (`lead_cm_id`) for the local day."""

    field: Literal["lead_cm_id", "ecm_provider_id"]


class AnyOf(msgspec.Struct, frozen=True, tag_field="evidence", tag="any"):
    """The earliest of these."""

    items: "tuple[Evidence, ...]"


class AllOf(msgspec.Struct, frozen=True, tag_field="evidence", tag="all"):
    """All of these; dated by the last."""

    items: "tuple[Evidence, ...]"


Evidence = CareEventEvidence | ClaimEvidence | TaskActionEvidence | RosterEvidence | AnyOf | AllOf


class Source(msgspec.Struct, frozen=True):
    """Where the rule was read, and when."""

    document: str
    section: str
    read_on: date


class Rule(msgspec.Struct, frozen=True):
    """One deadline. See contract, "Declarative files".

    Args:
        effective_from, effective_to: local dates of the trigger, both included; `effective_to` None is open.
        events: what raises it. classes: stay classes at the trigger; empty admits any.
        to: `community`, `facility` or None (any): where a discharge goes.
        risk: `high`, `medium`, `lower`, `pregnancy`; empty admits any.
        without: raised only for members who lack this at the trigger.
        with_: raised only for members who have this.
        not_before_days: the task appears at the start of this local day after the event; it may have no due time.
        not_possible: `against_medical_advice` closes the task as not possible when the member left so.
        remind_hours, escalate_hours: before and after the due time; None for no such alert.
        ends: what ends the follow-up. A notice leaves out `next_stay`.
    """

    id: str
    version: str
    effective_from: date
    effective_to: date | None
    source: Source
    events: tuple[Trigger, ...]
    task: str
    owner: str
    due: Due | None
    done_when: Evidence
    ends: tuple[Ending, ...]
    classes: tuple[str, ...] = ()
    to: Literal["community", "facility"] | None = None
    risk: tuple[str, ...] = ()
    without: tuple[Lack, ...] = ()
    with_: tuple[Lack, ...] = ()
    not_before_days: int | None = None
    not_possible: tuple[Literal["against_medical_advice"], ...] = ()
    remind_hours: int | None = None
    escalate_hours: int | None = None
    doc: str = ""
