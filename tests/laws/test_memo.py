"""What was worked out before makes an answer quicker, never another one (design §4, "cold == warm")."""

from datetime import UTC, datetime, timedelta
from uuid import uuid5

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from models.reference import FeedHabits, Reference
from models.time import Instant
from models.view import View
from services.member.derive import MemberFacts, Remembered, derive
from services.member.facts import freeze, thaw
from services.member.memo import Memo
from services.member.shelf import Shelf
from services.member.stays import NAMESPACE, identify
from services.runtime.recall import with_registry
from tests.laws.histories import INSTANTS, histories, law, muddles
from tests.timeline import Line, Told
from tests.timeline import told as story
from tests.worlds import setup

BARELY = timedelta(microseconds=1)
LATER = datetime(2100, 1, 1, tzinfo=UTC)


class Both:
    """Derives with a memo and without, and lets nobody tell the difference."""

    def __init__(self, room: int = 1000) -> None:
        self.memo = Memo(Remembered, room)

    def view(self, facts: MemberFacts, reference: Reference, at: Instant) -> View:
        warm = derive(facts, reference, at, self.memo)
        assert warm == derive(facts, reference, at)
        return warm


def facts_of(found: Told, at: datetime) -> list[MemberFacts]:
    """Of every member, what had been received by an instant."""
    return [facts for one in found.circles for facts in one.facts(one.links(at), at).values()]


def references(found: Told) -> list[Reference]:
    """Three that differ in what views rest on: as it is; no registry, and a feed with habits; half the rules."""
    plain = with_registry(found.reference, found._facilities, LATER)
    habits = {"F1": FeedHabits(time_zone="America/New_York", auto_close_hours=100)}
    return [
        plain,
        msgspec.structs.replace(plain, facilities={}, feeds=habits),
        msgspec.structs.replace(plain, rules=plain.rules[::2]),
    ]


def walk(found: Told, steps: list[tuple[datetime, datetime, int]], room: int) -> None:
    both, known = Both(room), references(found)
    for received, at, which in steps:
        for facts in facts_of(found, received):
            both.view(facts, known[which], at)


STEPS = st.lists(st.tuples(INSTANTS, INSTANTS, st.sampled_from([0, 0, 0, 0, 1, 2])), min_size=2, max_size=8)
ROOM = st.sampled_from([0, 30, 1000])
"""For how many facts a memo has room: none, those of one member or so, all."""


@given(histories(12), STEPS, ROOM)
@law
def test_cold_is_warm_whatever_was_asked_before(journal: list[Line], steps, room: int) -> None:
    """Facts that grow and shrink, time that goes to and fro, reference data that change, members by turns."""
    walk(Told(journal), steps, room)


@given(muddles(), STEPS, ROOM)
@law
def test_cold_is_warm_while_facts_pass_from_member_to_member(journal: list[Line], steps, room: int) -> None:
    walk(Told(journal), steps, room)


@given(histories(12))
@law
def test_cold_is_warm_line_by_line_and_wake_up_by_wake_up(journal: list[Line]) -> None:
    """What the pipeline does: a line, then whatever falls due before the next, and a moment before that."""
    found, both = Told(journal), Both()
    reference = references(found)[0]
    receipts = sorted({datetime.fromisoformat(line["received_at"]) for line in journal})
    for at, until in zip(receipts, [*receipts[1:], receipts[-1] + timedelta(days=60)], strict=True):
        for facts in facts_of(found, at):
            now: Instant | None = at
            while now and now <= until:
                both.view(facts, reference, now - BARELY)
                now = both.view(facts, reference, now).wake_at


def test_a_stay_that_nothing_bears_on_is_not_judged_again() -> None:
    found = story("""
        02-01 10:00    A01 admit V1
        02-04 10:00    A03 discharge V1 home
        03-01 10:00    A01 admit W1 H2
        03-02 10:00    A08 update W1 H2 dx=I50
        """)
    memo, reference = Memo(Remembered), setup().reference
    before, after = (
        {task.task_id: task for task in derive(facts, reference, at, memo).tasks}
        for at in (datetime.fromisoformat(f"2025-03-{day}T10:00:00-08:00") for day in ("01", "02"))
        for facts in facts_of(found, at)
    )
    first_stay = min(before.values(), key=lambda task: task.opened_at).stay_id
    mine = [task for task in before.values() if task.stay_id == first_stay]
    assert mine
    assert all(after[task.task_id] is task for task in mine)


def test_what_is_dated_ahead_counts_once_its_time_has_come() -> None:
    """Nothing about the stay itself is due then: what it shares with the other stays changes by time."""
    found = story("""
        02-01 10:00    A01 admit V1
        02-04 10:00    A03 discharge V1 home
        02-04 11:00    contact reached at=02-05T09:00
        02-04 12:00    roster M1 lead=L2 assigned=2025-02-06
        """)
    memo, reference = Memo(Remembered), setup().reference
    seen = []
    for day in ("04", "05", "06"):
        at = datetime.fromisoformat(f"2025-02-{day}T20:00:00-08:00")
        (view,) = (derive(facts, reference, at, memo) for facts in facts_of(found, LATER))
        seen.append({(task.state, task.owner.lead_cm_id) for task in view.tasks if task.rule == "tcs.cm_contact_7d"})
    assert seen == [{("open", "L1")}, {("met", "L1")}, {("met", "L1")}]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0, 1, 2]), st.booleans()), max_size=30), histories(3)
)
@law
def test_a_shelf_gives_what_the_bytes_say_however_small_it_is(steps, journal: list[Line]) -> None:
    patients = [patient.facts for one in Told(journal).circles for patient in one.patients]
    known = [{}, *patients][:3]
    for room in (0, len(freeze(known[-1])) + 1, 1 << 20):
        shelf = Shelf(thaw, freeze, room)
        for key, which, is_written in steps:
            facts = known[which % len(known)]
            if is_written:
                assert shelf.freeze(key, facts) == freeze(facts)
            assert shelf.thaw(key, freeze(facts)) == facts


@given(st.lists(st.text(), min_size=1, max_size=4))
@law
def test_ids_are_uuids_of_version_5(parts: list[str]) -> None:
    assert identify(*parts) == str(uuid5(NAMESPACE, "|".join(parts)))
