"""Effects are differences between two views; nothing else knows of corrections."""

from collections.abc import Sequence
from hashlib import sha256

import msgspec

from models.time import Instant
from models.view import Alert, Effect, EffectKind, Owner, Task, TaskState
from services.member.stays import identify

OPEN_STATES: frozenset[TaskState] = frozenset({"open", "overdue"})
WITHDRAWN_STATES: frozenset[TaskState] = frozenset({"cancelled", "superseded", "not_possible"})


class Revision(msgspec.Struct, frozen=True, array_like=True):
    """How far the world has been told of a task: its revision and a hash of what was said; "" when it is withdrawn."""

    revision: int
    content: str
    rule: str


Revisions = dict[str, Revision]
"""By task id. Kept for good, so that a task that comes back continues its count."""

_encode = msgspec.msgpack.Encoder().encode


def diff(member_id: str, told: Revisions, tasks: Sequence[Task], at: Instant) -> tuple[Revisions, list[Effect]]:
    """Say what subscribers must hear now: one effect a task that differs from what they heard last.

    Returns:
        The revisions after these effects, and the effects in order of task opening; none when nothing changed.
    """
    after, effects = dict(told), []
    for task in tasks:
        content = sha256(_encode(task)).hexdigest()[:32]
        before = told.get(task.task_id)
        if before and before.content == content:
            continue
        effect = _effect(member_id, task, before, content, at)
        after[task.task_id] = Revision(effect.revision, content, task.rule)
        effects.append(effect)
    listed = {task.task_id for task in tasks}
    for task_id, before in sorted(told.items()):
        if task_id not in listed and before.content:
            after[task_id] = Revision(before.revision + 1, "", before.rule)
            effects.append(_gone(member_id, task_id, before, at))
    return after, effects


def _effect(member_id: str, task: Task, before: Revision | None, content: str, at: Instant) -> Effect:
    revision = before.revision + 1 if before else 1
    is_open = task.state in OPEN_STATES
    kind: EffectKind
    alert: Alert | None = None
    if before is None or (not before.content and is_open):
        kind = "task_opened"
    elif task.state in WITHDRAWN_STATES:
        kind = "task_withdrawn"
    else:
        kind = "task_changed" if is_open else "task_closed"
    if kind == "task_opened" and is_open:
        alert = "opened"
    elif kind == "task_withdrawn":
        alert = "withdrawn"
    return Effect(
        id=identify(task.task_id, str(revision), content),
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
    )


def _gone(member_id: str, task_id: str, before: Revision, at: Instant) -> Effect:
    """A correction took the task's cause away altogether."""
    revision = before.revision + 1
    return Effect(
        id=identify(task_id, str(revision), ""),
        at=at,
        effect="task_withdrawn",
        alert="withdrawn",
        member_id=member_id,
        subject=task_id,
        revision=revision,
        rule=before.rule,
        state="cancelled",
        due_at=None,
        owner=Owner(),
        reason="cause_removed",
        because=(),
    )
