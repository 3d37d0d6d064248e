"""Facts are a set with tellers: merging them is commutative, associative and idempotent (design §2.2)."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from models.events import Event
from services.member.facts import Facts, absorb, freeze, known_by, thaw
from services.runtime.pipeline import read_lines
from tests.laws.histories import INSTANTS, histories, law
from tests.timeline import Line
from tests.worlds import journal_line, setup


def heard(journal: list[Line]) -> list[Event]:
    """Every event of a journal, whoever it is about."""
    found = read_lines(setup().readers, [journal_line(i, line) for i, line in enumerate(journal, 1)])
    return [e for events in (*found.patients.values(), *found.members.values()) for e in events] + found.facilities


def as_events(facts: Facts) -> Iterable[Event]:
    return (Event(fact, teller) for fact, tellers in facts.items() for teller in tellers)


def join(one: Facts, other: Facts) -> Facts:
    return absorb(one, as_events(other))


@given(histories(), st.randoms(use_true_random=False))
@law
def test_order_grouping_and_repetition_leave_no_trace(journal: list[Line], dice) -> None:
    events = heard(journal)
    parts: list[list[Event]] = [[], [], []]
    for event in events:
        parts[dice.randrange(3)].append(event)
    a, b, c = (absorb({}, part) for part in parts)
    whole = absorb({}, events)
    assert join(a, b) == join(b, a)
    assert join(join(a, b), c) == join(a, join(b, c)) == whole
    assert join(whole, whole) == join(whole, a) == whole
    again = [*events, *events[::2]]
    dice.shuffle(again)
    assert absorb({}, again) == whole
    assert freeze(join(c, join(b, a))) == freeze(whole), "equal facts give equal bytes"


@given(histories())
@law
def test_what_is_frozen_thaws_as_it_was(journal: list[Line]) -> None:
    whole = absorb({}, heard(journal))
    assert thaw(freeze(whole)) == whole
    assert {fact: type(fact) for fact in thaw(freeze(whole))} == {fact: type(fact) for fact in whole}
    assert freeze(thaw(freeze(whole))) == freeze(whole)
    assert thaw(b"") == {}


@given(histories(), INSTANTS, INSTANTS)
@law
def test_what_was_known_is_what_was_absorbed_by_then(journal: list[Line], at, then) -> None:
    events = heard(journal)
    by_then = absorb({}, [event for event in events if event.teller.received_at <= at])
    whole = absorb({}, events)
    assert known_by(whole, at) == by_then
    assert known_by(known_by(whole, at), then) == known_by(whole, min(at, then))


@given(histories())
@law
def test_absorbing_changes_nothing_in_place(journal: list[Line]) -> None:
    events = heard(journal)
    before = absorb({}, events[::2])
    copy = dict(before)
    absorb(before, events)
    assert before == copy
