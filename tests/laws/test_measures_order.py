"""Measures count the same whatever the order, grouping and repetition of lines, and as of any instant (contract)."""

import random
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from models.measure import Contribution
from services.member.counting import counted
from services.runtime.store.contract import walk_members
from services.runtime.workset import Workset
from services.status.questions import Questions
from tests.laws.histories import EXAMPLES, law
from tests.laws.measured_lives import DICE, INSTANTS, lives, received
from tests.laws.measured_worlds import Heard, Measured, installation
from tests.timeline import Line

few = settings(law, max_examples=max(EXAMPLES // 4, 5))
"""For laws that feed a store."""
END = timedelta(days=500)

Rows = dict[str, tuple[Contribution, ...]]


def contributions(journal: Iterable[Line], at: datetime) -> Rows:
    """What each subject contributes by what had been received by an instant; nothing of who contributes nothing."""
    views = Heard([line for line in journal if received(line) <= at]).everybody(at)
    return {subject: view.measures for subject, view in views.items() if view.measures}


@given(lives(), DICE, st.lists(INSTANTS, min_size=1, max_size=3))
@law
def test_any_order_and_repetition_of_lines_counts_the_same(
    journal: list[Line], dice: random.Random, at: list[datetime]
) -> None:
    other = [*journal, *(line for line in journal if dice.random() < 0.3)]
    dice.shuffle(other)
    one, two = Heard(journal), Heard(other)
    for instant in at:
        assert one.everybody(instant) == two.everybody(instant)


@given(lives(), st.lists(INSTANTS, min_size=1, max_size=3))
@law
def test_what_came_later_changes_nothing_of_an_instant_before(journal: list[Line], at: list[datetime]) -> None:
    whole = Heard(journal)
    for instant in at:
        known = {name: view.measures for name, view in whole.everybody(instant).items() if view.measures}
        assert known == contributions(journal, instant)


@given(lives(), INSTANTS, st.floats(0, 1))
@law
def test_nothing_counts_otherwise_by_time_before_wake_at(journal: list[Line], at: datetime, part: float) -> None:
    at = at.astimezone(UTC)
    found = Heard([line for line in journal if received(line) <= at])
    for subject, view in found.everybody(at).items():
        until = view.wake_at or at + END
        later = min(at + (until - at) * part, until - timedelta(microseconds=1))
        assert found.everybody(later)[subject].measures == view.measures


def fed(store: Measured, journal: list[Line], dice: random.Random, bulk: float) -> None:
    """Feed a journal in batches of any size, live and in bulk, with timers in time, late or never, and crashes."""
    rest = list(journal)
    while rest:
        batch, rest = rest[: (n := dice.choice([1, 2, 5, 9]))], rest[n:]
        dice.choice([store.sleep, store.wait, lambda _: None])(received(batch[0]))
        store.take(batch, bulk=dice.random() < bulk)
        if dice.random() < 0.1:
            store.crash()
    store.wait(store.now)


def check(store: Measured, journal: list[Line]) -> None:
    """Now: the views, the counters, the outbox folded, and a recount from the raw log all say what deriving does."""
    found = Heard(journal)
    assert dict(Questions(store.store, installation().reference).views(store.now)) == found.views(store.now)
    rows = {subject: view.measures for subject, view in found.everybody(store.now).items() if view.measures}
    assert held(store) == rows
    assert store.store.measure_counts() == counted(one for measures in rows.values() for one in measures)
    assert folded(store) == {
        "|".join((*one.key, subject)): one for subject, measures in rows.items() for one in measures
    }
    assert store.recount() == []


def held(store: Measured) -> Rows:
    """The contributions of the views in the store, also of subjects that are no members."""
    members = Workset(store.store).members(walk_members(store.store))
    return {member.member_id: member.view.measures for member in members if member.view.measures}


def folded(store: Measured) -> dict[str, Contribution]:
    """The final contributions, by their subjects, as a subscriber who heard everything knows them."""
    last = {}
    for effect in store.effects():
        if effect.effect == "contribution_changed":
            before = last.get(effect.subject)
            assert effect.revision == (before.revision + 1 if before else 1), "a gap in the revisions"
            assert before is None or before.contribution != effect.contribution, "no news was told"
            last[effect.subject] = effect
    return {subject: effect.contribution for subject, effect in last.items() if effect.contribution}


def check_then(store: Measured, journal: list[Line], instants: Iterable[datetime]) -> None:
    """As of an instant: counters, ledger and members say what the lines received by then say."""
    for at in instants:
        found = Heard([line for line in journal if received(line) <= at])
        rows = {name: view.measures for name, view in found.everybody(at).items() if view.measures}
        flat = [(name, one) for name, measures in sorted(rows.items()) for one in sorted(measures, key=_key)]
        assert store.counting.counters(at) == counted(one for _, one in flat)
        assert list(store.counting.ledger(at)) == flat
        assert dict(Questions(store.store, installation().reference).views(at)) == found.views(at)


def _key(one: Contribution) -> tuple[str, str, str, str]:
    return one.key


def near(journal: list[Line], dice: random.Random, n: int) -> list[datetime]:
    """Instants at, just before and soon after receipts."""
    return [received(line) + timedelta(seconds=dice.choice([-1, 0, 1, 3600])) for line in dice.sample(journal, n)]


@given(lives(), DICE, st.lists(INSTANTS, min_size=2, max_size=3))
@few
def test_counting_as_we_go_equals_counting_from_scratch(
    journal: list[Line], dice: random.Random, instants: list[datetime]
) -> None:
    with closing(Measured()) as store:
        fed(store, journal, dice, 0.2)
        check(store, journal)
        heard = len(store.effects())
        store.take(journal)
        store.wait(store.now)
        assert len(store.effects()) == heard, "telling again is no news"
        check_then(store, journal, [*instants, *near(journal, dice, 2), store.now])
        dice.choice([lambda: store.sleep(store.now + timedelta(days=9)), lambda: store.wait(store.now + END)])()
        check(store, journal)
        check_then(store, journal, [*instants, *near(journal, dice, 1)])


@given(lives(), DICE, st.lists(INSTANTS, min_size=2, max_size=3))
@few
def test_lines_that_arrive_in_any_order_count_as_of_their_receipt(
    journal: list[Line], dice: random.Random, instants: list[datetime]
) -> None:
    other = [*journal, *(line for line in journal if dice.random() < 0.2)]
    dice.shuffle(other)
    with closing(Measured()) as store:
        fed(store, other, dice, dice.choice([0.0, 0.3, 1.0]))
        check(store, journal)
        check_then(store, journal, [*instants, *near(journal, dice, 2)])


@given(lives(), DICE, st.integers(0, 10))
@few
def test_a_late_line_changes_nothing_of_any_instant_before_its_receipt(
    journal: list[Line], dice: random.Random, late: int
) -> None:
    """Told at any time after its receipt, and after what was counted meanwhile had been asked for."""
    cut = max(5, len(journal) - 1 - late)
    instants = sorted([*near(journal[:cut], dice, 3), received(journal[cut]) - timedelta(microseconds=1)])
    instants = [at for at in instants if at < received(journal[cut])]
    with closing(Measured()) as store:
        fed(store, journal[:cut], dice, 0.1)
        asked = [(store.counting.counters(at), list(store.counting.ledger(at))) for at in instants]
        fed(store, journal[cut:], dice, 0.1)
        assert [(store.counting.counters(at), list(store.counting.ledger(at))) for at in instants] == asked
