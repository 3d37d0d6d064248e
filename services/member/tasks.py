"""Tasks: what the rules make of follow-ups, judged by event time.

Source: contract, "Task state"; design §4, "Judging a task".
"""

from collections.abc import Iterable
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from models.time import Instant
from models.view import OPEN_STATES, Task, TaskState
from services.member.alerts import alert_times, standing
from services.member.book import Asked, Book
from services.member.evidence import Deeds, Window
from services.member.followups import FollowUp
from services.member.roster import Roster
from services.member.stays import identify
from services.timeliness.clocks import appears_at, due_at, kind_of, stands

INSTANTLY = timedelta(microseconds=1)
"""A task is overdue from the first moment after its due time, never at it."""


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """How a task stands: since when (closed states), why, on whose word."""

    state: TaskState
    closed_at: Instant | None = None
    reason: str | None = None
    because: tuple[str, ...] = ()


def tasks(
    member_id: str, follow_ups: Iterable[FollowUp], deeds: Deeds, roster: Roster, book: Book, as_of: Instant
) -> tuple[list[Task], list[Instant]]:
    """Raise every rule's tasks for follow-ups of one stay, and say when time alone may change them."""
    raised: dict[str, Task] = {}
    wakes: list[Instant] = []
    reference = book.reference
    for follow_up in follow_ups:
        for asked in book.rules_for(kind_of(follow_up.occasion)):
            rule = asked.rule
            if not stands(rule, follow_up.occasion):
                continue
            due = due_at(rule, follow_up.occasion, reference.zone, reference.calendars)
            if follow_up.not_before and due and due < follow_up.not_before:
                continue  # the plan that takes over cannot be late for what was due before its time
            task_id = identify(member_id, rule.id, follow_up.kind, follow_up.name)
            appears = appears_at(rule, follow_up.occasion, reference.zone) or follow_up.not_before
            if appears and follow_up.not_before:
                appears = max(appears, follow_up.not_before)
            end = follow_up.first_end(rule)
            wakes += [at for at in (appears, due and due + INSTANTLY, end and end[0]) if at]
            if appears and (as_of < appears or (end and end[0] < appears) or follow_up.retracted):
                continue
            verdict = judge(asked, follow_up, task_id, due, deeds, reference.zone, as_of)
            if due and verdict.state in OPEN_STATES:
                wakes += filter(None, alert_times(rule, due))
            task = Task(
                task_id=task_id,
                rule=rule.id,
                rule_version=rule.version,
                kind=follow_up.kind,
                state=verdict.state,
                opened_at=max(follow_up.opened_at, appears) if appears else follow_up.opened_at,
                due_at=due,
                closed_at=verdict.closed_at,
                stay_id=follow_up.stay.stay.stay_id,
                owner=roster.owner(verdict.closed_at or as_of, follow_up.mcp_id),
                reason=verdict.reason,
                because=(*follow_up.because, *verdict.because),
                flags=asked.flags,
                alert=standing(rule, verdict.state, due, as_of),
            )
            if task_id not in raised or raised[task_id].state == "cancelled":
                raised[task_id] = task
    return list(raised.values()), wakes


def in_order(task: Task) -> tuple[Instant, str, str]:
    """The order in which a member's tasks are listed."""
    return task.opened_at, task.rule, task.task_id


def judge(
    asked: Asked, follow_up: FollowUp, task_id: str, due: Instant | None, deeds: Deeds, zone: ZoneInfo, as_of: Instant
) -> Verdict:  # fmt: skip
    """Judge one task by event time: late knowledge changes the verdict, never the order of what happened."""
    if follow_up.retracted:
        return Verdict("cancelled", follow_up.retracted.occurred, "retracted", (follow_up.retracted.name,))
    rule, end = asked.rule, follow_up.first_end(asked.rule)
    if end and end[0] > as_of:
        end = None
    done = refused = None
    if asked.by_roster or not deeds.are_none:
        until = end[0] if end else as_of
        window = Window(follow_up.at, follow_up.occasion.day, until, asked.by_day, zone, (task_id, rule.id))
        done = deeds.find(rule.done_when, window)
        refused = deeds.impossible(asked.refused_by, window)
    if done and (due is None or done.at <= due):
        return Verdict("met", done.at, None, (done.name,))
    if refused and not done and (due is None or refused.at <= due):
        return Verdict("not_possible", refused.at, refused.reason, (refused.name,))
    left = follow_up.occasion.starts.get("discharged_at")
    if "against_medical_advice" in rule.not_possible and follow_up.occasion.left_against_advice and left and not done:
        return Verdict("not_possible", left, "against_medical_advice")
    if end and (due is None or end[0] <= due):
        return Verdict("superseded" if end[1] == "next_stay" else "cancelled", end[0], end[1], (end[2],))
    if done:
        return Verdict("met_late", done.at, None, (done.name,))
    if end:
        return Verdict("missed", end[0], end[1], (end[2],))
    return Verdict("overdue" if due and due < as_of else "open")
