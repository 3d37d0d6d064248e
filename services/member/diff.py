"""Effects are differences between two views; nothing else knows of corrections."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

import msgspec

from models.measure import Contribution
from models.owner import Owner
from models.time import Instant
from models.view import OPEN_STATES, Alert, Effect, EffectKind, Standing, Task, TaskState, View
from services.member.counting import Change, changed
from services.member.stays import identify

WITHDRAWN_STATES: frozenset[TaskState] = frozenset({"cancelled", "superseded", "not_possible"})

_LOUDNESS: Mapping[Standing, int] = {"": 0, "due_soon": 1, "overdue": 2, "escalated": 3}

Revisions = dict[str, int]
"""How often each task and contribution was spoken of, by subject. Kept for good, so that one that comes back continues
its count.
"""

_encode = msgspec.msgpack.Encoder().encode


def diff(
    member_id: str, revisions: Revisions, before: View, after: View, at: Instant
) -> tuple[Revisions, list[Effect]]:
    """Say what subscribers must hear now.

    Args:
        revisions: of every subject ever spoken of. before: the view as it was last told. after: as it is at `at`.

    Returns:
        The revisions after these effects, and the effects: of tasks in order of opening, then of contributions in order
        of key; none when nothing changed.
    """
    counts = dict(revisions)
    effects = _of_tasks(member_id, counts, before.tasks, after.tasks, at)
    effects += _of_measures(member_id, counts, changed(before.measures, after.measures), at)
    return counts, effects


def _of_tasks(
    member_id: str, counts: Revisions, before: Sequence[Task], after: Sequence[Task], at: Instant
) -> list[Effect]:
    effects = list[Effect]()

    def say(kind: EffectKind, alert: Alert | None, task: Task, was: Owner | None) -> None:
        revision = counts[task.task_id] = counts.get(task.task_id, 0) + 1
        effects.append(_effect(member_id, task, revision, kind, alert, was, at))

    told = {task.task_id: task for task in before}
    for task in after:
        known = told.pop(task.task_id, None)
        if known == task:
            continue
        was = known.owner if known and known.owner != task.owner else None
        for kind, alert in _news(known, task):
            say(kind, alert, task, was)
    for gone in told.values():
        # A correction took the task's cause away altogether.
        closed = msgspec.structs.replace(gone, state="cancelled", reason="cause_removed", due_at=None, because=())
        say("task_withdrawn", "withdrawn", closed, None)
    return effects


def _of_measures(member_id: str, counts: Revisions, changes: Iterable[Change], at: Instant) -> list[Effect]:
    effects = list[Effect]()
    for before, after in changes:
        one = after or before
        assert one, "a change from nothing to nothing"
        subject = "|".join((*one.key, member_id))
        counts[subject] = revision = counts.get(subject, 0) + 1
        state, reason = _standing_of(after)
        effects.append(
            Effect(
                id=identify(subject, str(revision), sha256(_encode(after)).hexdigest()[:32]),
                at=at,
                effect="contribution_changed",
                alert=None,
                member_id=member_id,
                subject=subject,
                revision=revision,
                rule=one.measure,
                state=state,
                due_at=None,
                owner=one.owner,
                reason=reason,
                because=(),
                previous_owner=before.owner if before and before.owner != one.owner else None,
                contribution=after,
            )
        )
    return effects


def _standing_of(one: Contribution | None) -> tuple[TaskState, str | None]:
    """A contribution in the words for tasks: counted, or to be counted, or not at all and why."""
    if one is None:
        return "cancelled", "cause_removed"
    if one.numerator:
        return "met", None
    if one.exclusion:
        return "cancelled", "excluded"
    if one.exception:
        return "cancelled", "exception"
    return ("open", None) if one.denominator else ("cancelled", "not_in_denominator")


def _news(before: Task | None, task: Task) -> Iterator[tuple[EffectKind, Alert | None]]:
    """What there is to say of a task that differs from what was said last, in order."""
    is_open = task.state in OPEN_STATES
    if before is None or (is_open and before.state not in OPEN_STATES):
        yield "task_opened", "opened" if is_open else None
        return
    louder = _LOUDNESS[task.alert] - _LOUDNESS[before.alert]
    if is_open and louder < 0 and before.alert:
        yield "alert_retracted", before.alert
        if task.alert:
            yield "alert", task.alert
    elif is_open:
        alert = task.alert if louder and task.alert else None
        yield "alert" if alert and task.state == before.state else "task_changed", alert
    elif task.state in WITHDRAWN_STATES:
        yield "task_withdrawn", None if before.state in WITHDRAWN_STATES else "withdrawn"
    else:
        if task.state == "met" and before.state == "overdue" and before.alert:
            yield "alert_retracted", before.alert  # the evidence is dated in time: it was late news, not a late deed
        yield "task_closed", None


def _effect(
    member_id: str, task: Task, revision: int, kind: EffectKind, alert: Alert | None, was: Owner | None, at: Instant
) -> Effect:
    return Effect(
        id=identify(task.task_id, str(revision), sha256(_encode(task)).hexdigest()[:32]),
        at=at,
        effect=kind,
        alert=alert,
        member_id=member_id,
        subject=task.task_id,
        revision=revision,
        rule=task.rule,
        state=task.state,
        due_at=task.due_at,
        owner=task.owner,
        reason=task.reason,
        because=task.because,
        previous_owner=was,
    )
