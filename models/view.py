"""What follows from a member's facts at an instant: stays, tasks, measures. Derived, compared, never edited."""

from typing import Literal

import msgspec

from models.events import PatientClass
from models.measure import Contribution
from models.owner import Owner
from models.time import Instant, Precision

StayStatus = Literal["planned", "active", "on_leave", "finished", "closed_inferred", "cancelled", "void"]
TaskState = Literal["open", "overdue", "met", "met_late", "missed", "superseded", "cancelled", "not_possible"]
OPEN_STATES: frozenset[TaskState] = frozenset({"open", "overdue"})
Standing = Literal["", "due_soon", "overdue", "escalated"]
"""The loudest alert that time has raised for an open task: "" while there is none."""


class SourceRef(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A message that told of a stay."""

    feed: str
    control_id: str
    name: str


class Stay(msgspec.Struct, frozen=True, array_like=True):
    """What happened at one facility, however many messages, feeds or visit numbers told of it."""

    stay_id: str
    facility_id: str
    patient_class: PatientClass
    status: StayStatus
    admitted_at: Instant | None
    discharged_at: Instant | None
    disposition: str
    sources: tuple[SourceRef, ...]
    admitted_precision: Precision = "second"
    discharged_precision: Precision = "second"
    expected_at: Instant | None = None
    flags: tuple[str, ...] = ()


class Task(msgspec.Struct, frozen=True, array_like=True):
    """Something somebody must do by a time, its state judged by event time, and the facts it rests on.

    `because` names the messages behind the trigger, then those behind the evidence or the end.
    `reason` says why a closed task closed without being met (`declined`, `deceased`, `next_stay`, ...).
    """

    task_id: str
    rule: str
    rule_version: str
    kind: str
    state: TaskState
    opened_at: Instant
    due_at: Instant | None
    closed_at: Instant | None
    stay_id: str
    owner: Owner
    reason: str | None
    because: tuple[str, ...]
    flags: tuple[str, ...] = ()
    alert: Standing = ""


class View(msgspec.Struct, frozen=True, array_like=True):
    """A member's stays and tasks at `as_of`, in order of time and id, and when time alone changes them next.

    `measures` are of every period with facts.
    """

    stays: tuple[Stay, ...] = ()
    tasks: tuple[Task, ...] = ()
    wake_at: Instant | None = None
    flags: tuple[str, ...] = ()
    measures: tuple[Contribution, ...] = ()


EffectKind = Literal[
    "task_opened", "task_changed", "task_closed", "task_withdrawn", "alert", "alert_retracted", "contribution_changed"
]  # fmt: skip
Alert = Literal["opened", "due_soon", "overdue", "escalated", "withdrawn"]


class Effect(msgspec.Struct, frozen=True, array_like=True):
    """A difference between two views of a member, for the shell to carry out. Shape: contract, "Outbox line".

    With `alert_retracted`, `alert` names the one that no longer holds. `previous_owner` is set when the task changed
    hands: they must hear of it too. `contribution` is what a measure says now of the subject, where that changed: None
    when it no longer says anything. Its `state` is `met` in the numerator, `open` in the denominator alone, else
    `cancelled`, with a `reason`: `excluded`, `exception`, `not_in_denominator`, `cause_removed`.
    """

    id: str
    at: Instant
    effect: EffectKind
    alert: Alert | None
    member_id: str
    subject: str
    revision: int
    rule: str
    state: TaskState
    due_at: Instant | None
    owner: Owner
    reason: str | None
    because: tuple[str, ...]
    previous_owner: Owner | None = None
    contribution: Contribution | None = None
