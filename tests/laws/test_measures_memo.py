"""What was worked out before makes counting quicker, never other (design §4, "cold == warm")."""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from models.time import Instant
from services.measures.book import Known, MeasureBook, contributed, periods
from services.measures.items import Index, Item, Person, in_order
from services.member.derive import Remembered, derive
from services.member.memo import Memo
from services.runtime.recall import with_registry
from tests.laws.histories import EXAMPLES, law
from tests.laws.measured_lives import DICE, INSTANTS, JANUARY, lives, received
from tests.laws.measured_worlds import Heard, installation
from tests.laws.test_memo import BARELY, LATER, Both, facts_of
from tests.scribe import Line, moment

END = moment("2026-06-01 10:00")
few = settings(law, max_examples=max(EXAMPLES // 6, 5))
"""For laws that derive on every day on which something changes."""
some = settings(law, max_examples=max(EXAMPLES // 2, 5))


@given(lives(), st.lists(st.tuples(INSTANTS, INSTANTS), min_size=2, max_size=6), st.sampled_from([0, 40, 1000]))
@some
def test_cold_is_warm_whatever_was_asked_before(
    journal: list[Line], steps: list[tuple[Instant, Instant]], room: int
) -> None:
    """Facts that grow and shrink, days that go to and fro, and facilities that change."""
    found, both = Heard(journal), Both(room)
    for known_by, at in steps:
        reference = with_registry(found.reference, found._facilities, at)
        for facts in facts_of(found, known_by):
            both.view(facts, reference, at)


@given(lives(3))
@few
def test_cold_is_warm_line_by_line_and_wake_up_by_wake_up(journal: list[Line]) -> None:
    """What the pipeline does: a line, then whatever falls due before the next, and a moment before that."""
    found, both = Heard(journal), Both()
    reference = with_registry(found.reference, found._facilities, LATER)
    receipts = sorted({received(line) for line in journal})
    for at, until in zip(receipts, [*receipts[1:], receipts[-1] + timedelta(days=9)], strict=True):
        for facts in facts_of(found, at):
            now: Instant | None = at
            for _ in range(8):
                if now and now <= until:
                    both.view(facts, reference, now - BARELY)
                    now = both.view(facts, reference, now).wake_at


def known_of(journal: list[Line]) -> list[Index]:
    """The items of every subject, as pages ask for them."""
    found, memo = Heard(journal), Memo(Remembered)
    reference = with_registry(found.reference, found._facilities, END)
    everybody = facts_of(found, END)
    for facts in everybody:
        derive(facts, reference, END, memo)
    return [
        index
        for facts in everybody
        if (index := memo.of(facts.member_id, reference, 0).measuring.book.index) is not None
    ]


def book() -> MeasureBook:
    measures = installation().reference.measures
    assert isinstance(measures, MeasureBook)
    return measures


def walks(whole: Index, dice: random.Random) -> Iterator[tuple[list[Item], Person, int]]:
    """Some of a person's items at a time: nearly the same as before, or quite others; days pass, or go back."""
    items, today, person = list(whole.items), whole.today, whole.person
    for _ in range(dice.randint(3, 8)):
        step = dice.random()
        if step < 0.2:
            items = dice.sample(whole.items, dice.randint(0, len(whole.items)))
        elif step < 0.7 and items:
            items.remove(dice.choice(items))
        gone = [item for item in whole.items if item not in items]
        items += dice.sample(gone, min(len(gone), dice.choice([0, 1, 1, 3])))
        today = dice.choice([today, today, today + 1, today + 20, JANUARY.toordinal() + dice.randint(0, 400)])
        if dice.random() < 0.1:
            person = dice.choice([whole.person, Person()])
        dice.shuffle(items)
        yield list(items), person, today


@given(lives(), DICE)
@some
def test_counting_on_equals_counting_anew(journal: list[Line], dice: random.Random) -> None:
    for whole in known_of(journal):
        known, groups = Known(), [list[Item]() for _ in range(3)]
        for items, person, today in walks(whole, dice):
            found = grouped(items)
            # A group of which no fact changed is the same object, or another one like it.
            groups = [
                old if same(old, new) and dice.random() < 0.9 else new for old, new in zip(groups, found, strict=True)
            ]
            assert book().contributions(groups, person, today, known) == book().contributions(
                [items], person, today, Known()
            )


def grouped(items: list[Item]) -> list[list[Item]]:
    kinds = sorted({item.kind for item in items})
    return [[item for item in items if kinds.index(item.kind) % 3 == n] for n in range(3)]


@given(lives(), DICE)
@some
def test_an_index_made_of_another_is_like_one_made_anew(journal: list[Line], dice: random.Random) -> None:
    for whole in known_of(journal):
        before = Index((), whole.person, whole.today)
        for items, person, today in walks(whole, dice):
            gone = [item for item in before.items if item not in items]
            fresh = [item for item in items if item not in before.items]
            warm, cold = before.successor(gone, fresh, person, today), Index(items, person, today)
            assert (warm.person, warm.today) == (person, today)
            assert same(warm.items, cold.items)
            keys = {(kind, name) for item in whole.items for kind in (item.kind, "visit") for name in ("", *item.sets)}
            assert all(same(warm.of(*key), cold.of(*key)) for key in keys)
            assert all(same(warm.whatever(*key), cold.whatever(*key)) for key in keys)
            changed = {key for key in keys if set(before.of(*key)) != set(cold.of(*key))}
            assert changed <= warm.changed_since(before), "a change was missed"
            before = warm


def same(one: Sequence[Item], other: Sequence[Item]) -> bool:
    """The same items in order; which of two of one day and id is first does not matter."""
    by: Callable[[Item], tuple[object, ...]] = in_order
    return len(one) == len(other) and set(one) == set(other) and [*map(by, one)] == [*map(by, other)]


@given(lives(), DICE)
@some
def test_a_page_counts_the_same_while_nothing_that_it_reads_changes(journal: list[Line], dice: random.Random) -> None:
    for whole in known_of(journal):
        before = whole
        for items, person, today in walks(whole, dice):
            after = Index(items, person, today)
            changed = after.changed_since(before)
            for measure in book().measures:
                if person != before.person or not measure.reads.isdisjoint(changed):
                    continue
                if measure.clocked and today != before.today:
                    continue
                for period in {each.name: each for each in (*periods(before), *periods(after))}.values():
                    assert contributed(measure, before, period) == contributed(measure, after, period)
            before = after
