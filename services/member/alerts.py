"""Which alert stands for a task: how loudly time asks for somebody."""

from datetime import timedelta

from models.rule import Rule
from models.time import Instant
from models.view import OPEN_STATES, Standing, TaskState


def standing(rule: Rule, state: TaskState, due: Instant | None, as_of: Instant) -> Standing:
    """Say which alert stands for a task at an instant: "" for a closed one, and while there is time.

    `due_soon` from `remind` hours before the due time, `overdue` after it, `escalated` from `escalate` hours after it.
    """
    if due is None or state not in OPEN_STATES:
        return ""
    soon, late = alert_times(rule, due)
    if state == "overdue":
        return "escalated" if late and late <= as_of else "overdue"
    return "due_soon" if soon and soon <= as_of else ""


def alert_times(rule: Rule, due: Instant) -> tuple[Instant | None, Instant | None]:
    """When the reminder and the escalation of a task fall: None where the rule has none."""
    return (
        due - timedelta(hours=rule.remind_hours) if rule.remind_hours else None,
        due + timedelta(hours=rule.escalate_hours) if rule.escalate_hours else None,
    )
