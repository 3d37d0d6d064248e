"""What should be listed of a member at an instant: stays, and tasks in their states, judged by event time.

Source: contract, "Task state" to "Evidence"; design §4, "Judging a task".
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from models.time import start_of_day
from services.simulation.believing import Belief
from services.simulation.deadlines import DEADLINES, Deadline
from services.simulation.deeds import Deed
from services.simulation.occasion import Occasion, applies
from services.simulation.occasions import Occasions
from services.simulation.panel import Panel
from services.simulation.places import ZONE
from services.simulation.proving import Window, earliest, refused_at
from services.simulation.truth import TrueStay, TrueTask

DAY = timedelta(days=1)


def true_stays(beliefs: Sequence[Belief]) -> list[TrueStay]:
    """Stays as they should be listed."""
    return [
        TrueStay(b.stay_class, b.status, b.admitted_at, b.discharged_at, tuple(sorted(b.visit.faults))) for b in beliefs
    ]


def true_tasks(beliefs: Sequence[Belief], panel: Panel, deeds: Sequence[Deed], as_of: datetime) -> list[TrueTask]:
    """Tasks as they should be listed; nobody on no roster has any."""
    if not panel.rows:
        return []
    known = [deed for deed in deeds if deed.received_at <= as_of]
    found = []
    for occasion in Occasions(beliefs, panel, as_of).all():
        for deadline in DEADLINES:
            if applies(deadline, occasion):
                task = _task(deadline, occasion, panel, known, as_of)
                if task:
                    found.append(task)
    return found


def _task(deadline: Deadline, occasion: Occasion, panel: Panel, deeds: list[Deed], as_of: datetime) -> TrueTask | None:
    due_at = deadline.due_at(occasion.starts)
    if occasion.not_before and due_at and due_at < occasion.not_before:
        return None
    end = _first_end(deadline, occasion)
    appears_at = occasion.not_before
    if deadline.appears_after is not None:
        own = start_of_day(occasion.day + deadline.appears_after * DAY, ZONE)
        appears_at = max(own, appears_at or own)
    # What appears later than it happened never does so when it was over by then, or had not happened.
    if appears_at and (as_of < appears_at or occasion.is_retracted or (end and end[0] < appears_at)):
        return None
    faults = tuple(sorted(occasion.faults))
    return TrueTask(deadline.id, due_at, _state(deadline, occasion, end, due_at, panel, deeds, as_of), faults)


def _first_end(deadline: Deadline, occasion: Occasion) -> tuple[datetime, str] | None:
    ends = {kind: at for kind, at in occasion.ends.items() if kind != "next_stay" or deadline.ends_with_next_stay}
    return min(((at, kind) for kind, at in ends.items()), default=None)


def _state(
    deadline: Deadline, occasion: Occasion, end: tuple[datetime, str] | None, due_at: datetime | None, panel: Panel,
    deeds: list[Deed], as_of: datetime,
) -> str:  # fmt: skip
    """An end counts once it is past; what was done after it does not count."""
    if occasion.is_retracted:
        return "cancelled"
    if end and end[0] > as_of:
        end = None
    window = Window(occasion.at, end[0] if end else as_of, deadline)
    done_at = earliest(deadline, window, deeds, panel)
    if done_at and (due_at is None or done_at <= due_at):
        return "met"
    refusal_at = refused_at(deadline, window, deeds)
    if refusal_at and not done_at and (due_at is None or refusal_at <= due_at):
        return "not_possible"
    if deadline.not_when_against_advice and occasion.against_advice and not done_at:
        return "not_possible"
    if end and (due_at is None or end[0] <= due_at):
        return "superseded" if end[1] == "next_stay" else "cancelled"
    if done_at:
        return "met_late"
    if end:
        return "missed"
    return "overdue" if due_at and due_at < as_of else "open"
