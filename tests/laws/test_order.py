"""Order, repetition and batching leave no trace (design §2.2); as-of is what had been received (design §7)."""

import random
from contextlib import closing
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.histories import INSTANTS, histories, law
from tests.timeline import Line, Live, Told

END = timedelta(days=120)


def received(line: Line) -> datetime:
    return datetime.fromisoformat(line["received_at"])


@given(histories(), st.randoms(use_true_random=False), st.lists(INSTANTS, min_size=2, max_size=3))
@law
def test_any_order_and_repetition_of_lines_gives_the_same_views(
    journal: list[Line], dice: random.Random, at: list[datetime]
) -> None:
    other = [*journal, *(line for line in journal if dice.random() < 0.3)]
    dice.shuffle(other)
    one, two = Told(journal), Told(other)
    for instant in at:
        assert one.json(instant) == two.json(instant)


@given(histories(), INSTANTS)
@law
def test_as_of_is_what_the_lines_received_by_then_say(journal: list[Line], at: datetime) -> None:
    by_then = [line for line in journal if received(line) <= at]
    assert Told(journal).json(at) == Told(by_then).json(at)


@given(histories(), INSTANTS, st.floats(0, 1))
@law
def test_nothing_changes_by_time_before_wake_at(journal: list[Line], at: datetime, part: float) -> None:
    journal, at = [line for line in journal if received(line) <= at], at.astimezone(UTC)
    found = Told(journal)
    for member_id, view in found.views(at).items():
        until = view.wake_at or at + END
        later = min(at + (until - at) * part, until - timedelta(microseconds=1))
        after = found.views(later)[member_id]
        assert (after.stays, after.tasks, after.flags) == (view.stays, view.tasks, view.flags)
        assert view.wake_at is None or after.wake_at == view.wake_at


@given(histories(6), st.randoms(use_true_random=False))
@law
def test_as_we_go_equals_all_at_once_and_effects_fold_to_the_view(journal: list[Line], dice: random.Random) -> None:
    with closing(Live()) as live:
        rest = list(journal)
        while rest:
            batch, rest = rest[: (n := dice.choice([1, 1, 2, 5]))], rest[n:]
            if dice.random() < 0.5:
                live.wait(received(batch[0]))
            live.take(batch, bulk=dice.random() < 0.2)
            if dice.random() < 0.1:
                live.crash()
        live.wait(live.now)
        check(live, Told(journal), live.now)
        heard = len(live.effects())
        live.take(journal)
        live.wait(live.now)
        assert len(live.effects()) == heard, "telling again is no news"
        live.wait(live.now + END)
        check(live, Told(journal), live.now)


@given(histories(6), st.randoms(use_true_random=False))
@law
def test_loading_in_any_order_equals_all_at_once(journal: list[Line], dice: random.Random) -> None:
    other = list(journal)
    dice.shuffle(other)
    with closing(Live()) as live:
        while other:
            batch, other = other[: (n := dice.choice([1, 3, 8]))], other[n:]
            live.take(batch, bulk=True)
            live.wait(live.now)
        live.wait(live.now)
        check(live, Told(journal), live.now)


def check(live: Live, found: Told, at: datetime) -> None:
    assert live.json(at) == found.json(at)
    early = at - timedelta(days=20)
    assert live.json(early) == found.json(early)
    folded, names, alerts = {}, {}, {}
    for effect in live.effects():
        before = folded.get(effect.subject)
        if effect.effect == "alert_retracted":
            assert alerts.pop(effect.subject, "opened") in (effect.alert, "opened"), "what never stood is not retracted"
        elif effect.alert:
            alerts[effect.subject] = effect.alert
        assert effect.revision == (before.revision + 1 if before else 1), "a gap in the revisions"
        assert names.setdefault(effect.id, effect) == effect, "an id with other content"
        folded[effect.subject] = effect
    final = {
        task.task_id: (member, task.rule, task.state, task.due_at, task.owner, task.reason, task.because)
        for member, view in found.views(at).items()
        for task in view.tasks
    }
    counted = {s: e.contribution for s, e in folded.items() if e.contribution}
    assert counted == {
        "|".join((*one.key, member)): one for member, view in found.views(at).items() for one in view.measures
    }
    standing = {
        s: (e.member_id, e.rule, e.state, e.due_at, e.owner, e.reason, e.because)
        for s, e in folded.items()
        if e.effect != "contribution_changed" and not (e.reason == "cause_removed" and e.state == "cancelled")
    }
    assert standing == final
    for task in (task for view in found.views(at).values() for task in view.tasks if task.alert):
        assert alerts[task.task_id] in (task.alert, "opened"), "who heard everything knows which alert stands"
