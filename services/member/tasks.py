"""Tasks: what the rules make of follow-ups, judged by event time.

Source: contract, "Task state"; design §4, "Judging a task".
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from models.reference import Reference
from models.rule import Rule
from models.time import Instant
from models.view import OPEN_STATES, Task, TaskState
from services.member.alerts import alert_times, standing
from services.member.evidence import Deeds, Window
from services.member.followups import FollowUp
from services.member.roster import Roster
from services.member.stays import identify
from services.timeliness.clocks import appears_at, applies, due_at

INSTANTLY = timedelta(microseconds=1)
"""A task is overdue from the first moment after its due time, never at it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a task stands: since when (closed states), why, on whose word."""

    state: TaskState
    closed_at: Instant | None = None
    reason: str | None = None
    because: tuple[str, ...] = ()


def tasks(
    member_id: str, follow_ups: Iterable[FollowUp], deeds: Deeds, roster: Roster, reference: Reference, as_of: Instant
) -> tuple[list[Task], list[Instant]]:
    """Raise every rule's tasks, and say when time alone may change them."""
    raised: dict[str, Task] = {}
    wakes: list[Instant] = []
    by_event: dict[str, list[Rule]] = defaultdict(list)
    for rule in reference.rules:
        for event in rule.events:
            by_event[event].append(rule)
    for follow_up in follow_ups:
        for rule in by_event[follow_up.occasion.event]:
            if not applies(rule, follow_up.occasion):
                continue
            due = due_at(rule, follow_up.occasion, reference.zone, reference.calendars)
            if follow_up.not_before and due and due < follow_up.not_before:
                continue  # the plan that takes over cannot be late for what was due before its time
            task_id = identify(member_id, rule.id, follow_up.kind, follow_up.name)
            appears = max(
                filter(None, (appears_at(rule, follow_up.occasion, reference.zone), follow_up.not_before)), default=None
            )
            end = follow_up.first_end(rule)
            wakes += [at for at in (appears, due and due + INSTANTLY, end and end[0]) if at]
            if appears and (as_of < appears or (end and end[0] < appears) or follow_up.retracted):
                continue
            verdict = judge(rule, follow_up, task_id, due, deeds, reference, as_of)
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
                flags=reference.missing_sets.get(rule.id, ()),
                alert=standing(rule, verdict.state, due, as_of),
            )
            if task_id not in raised or raised[task_id].state == "cancelled":
                raised[task_id] = task
    return sorted(raised.values(), key=lambda t: (t.opened_at, t.rule, t.task_id)), wakes


def judge(
    rule: Rule, follow_up: FollowUp, task_id: str, due: Instant | None, deeds: Deeds, reference: Reference,
    as_of: Instant,
) -> Verdict:  # fmt: skip
    """Judge one task by event time: late knowledge changes the verdict, never the order of what happened."""
    if follow_up.retracted:
        return Verdict("cancelled", follow_up.retracted.occurred, "retracted", (follow_up.retracted.name,))
    end = follow_up.first_end(rule)
    if end and end[0] > as_of:
        end = None
    by_day = rule.due is None or rule.due.within is None or rule.due.within.unit.endswith("days")
    window = Window(
        start=follow_up.at,
        until=min(as_of, end[0]) if end else as_of,
        by_day=by_day,
        zone=reference.zone,
        task_names=frozenset((task_id, rule.id)),
    )
    done = deeds.find(rule.done_when, window)
    if done and (due is None or done.at <= due):
        return Verdict("met", done.at, None, (done.name,))
    refused = deeds.impossible(rule.done_when, window)
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
