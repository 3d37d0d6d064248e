"""Merges can be undone, and ids hang on who told first (interop R-60; design §4)."""

import random
from contextlib import closing
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from models.events import Statement
from tests.laws.histories import HOURS, INSTANTS, clock, courses, law, muddles
from tests.laws.test_order import check, received
from tests.timeline import Line, Live, Scribe, Told

MERGE = "A40 V1 H1 M1 mrn=MRM1 mrg=TMP1"


def written(events: list[tuple[datetime, str]]) -> list[Line]:
    scribe = Scribe()
    return [*scribe.opening(), *(scribe.write(clock(at), event) for at, event in sorted(events))]


@given(
    st.lists(courses(), min_size=1, max_size=3),
    st.lists(st.booleans(), min_size=15, max_size=15),
    HOURS,
    HOURS,
    INSTANTS,
)
@law
def test_a_merge_undone_is_as_if_it_had_never_been(
    told: list[list[tuple[datetime, str]]], strange: list[bool], merged: datetime, undone: datetime, at: datetime
) -> None:
    events = [event for course in told for event in course]
    events = [
        (when, f"{words} mrn=TMP1" if odd else words)
        for (when, words), odd in zip(events, strange + [False] * 99, strict=False)
    ]
    plain = written(events)
    again = plain + written([(merged, MERGE), (max(merged, undone), "unlink F1|H1|TMP1 M1")])[2:]
    if at >= max(merged, undone):
        assert Told(again).json(at) == Told(plain).json(at)


@given(
    st.integers(1, 200), st.integers(0, 239), st.integers(0, 48), st.booleans(), st.booleans(), st.booleans(),
    st.sampled_from(["no-number", "W1", "V1"]),
)  # fmt: skip
@law
def test_ids_outlive_another_tellers_word_and_a_corrected_time(
    hours: int, skew: int, lag: int, admits: bool, ends: bool, moves: bool, number: str
) -> None:
    start = datetime.fromisoformat("2025-03-03T10:00:00-08:00")
    end = start + timedelta(hours=hours)
    begun = clock(start + timedelta(minutes=min(skew, 60 * hours - 1)))
    told = [(start, f"A01 V1 H1 at={clock(start)}"), (end, f"A03 V1 H1 home adm={clock(start)} at={clock(end)}")]
    later = end + timedelta(hours=lag, minutes=1)
    more = [(later, f"A01 {number} H1 feed=F2 adm={begun} at={begun}")] if admits else []
    more += [(later, f"A03 {number} H1 feed=F2 home adm={begun} at={clock(end)}")] if ends else []
    more += [(later, f"A08 V1 H1 home adm={begun} dis={clock(end + timedelta(hours=30))}")] if moves else []
    at = later + timedelta(days=40)
    before, after = Told(written(told)).json(at)["M1"], Told(written(told + more)).json(at)["M1"]
    assert [t["task_id"] for t in before["tasks"]] == [t["task_id"] for t in after["tasks"]]
    assert [s["stay_id"] for s in before["stays"]] == [s["stay_id"] for s in after["stays"]]


@given(muddles(), st.randoms(use_true_random=False), st.lists(INSTANTS, min_size=1, max_size=2))
@law
def test_who_is_who_does_not_depend_on_order_and_is_known_by_receipt(
    journal: list[Line], dice: random.Random, at: list[datetime]
) -> None:
    other = [*journal, *journal[::3]]
    dice.shuffle(other)
    one, two = Told(journal), Told(other)
    for instant in at:
        by_then = Told([line for line in journal if received(line) <= instant])
        assert one.json(instant) == two.json(instant) == by_then.json(instant)


@given(muddles(), st.randoms(use_true_random=False))
@law
def test_who_is_who_as_we_go_equals_all_at_once(journal: list[Line], dice: random.Random) -> None:
    with closing(Live()) as live:
        for n, line in enumerate(journal, 1):
            if dice.random() < 0.5:
                live.wait(received(line))
            live.take([line])
            if dice.random() < 0.2:
                assert live.json(live.now) == Told(journal[:n]).json(live.now)
        live.wait(live.now)
        check(live, Told(journal), live.now)
        rows = {p.key: (p.members, p.reviews) for p in live.store.patients(live.store.patient_keys("", 999)).values()}
        known = Told(journal).known(live.now)
        assert rows == {key: known.get(key, ((), ())) for key in rows}


@given(muddles(), INSTANTS)
@law
def test_a_link_has_stood_since_just_the_receipt_it_names(journal: list[Line], at: datetime) -> None:
    """Contract, "Clocks from receipt": the line that made the link possible, and none before it, did so."""
    found = Told(journal)
    receipts = sorted({received(line) for line in journal if received(line) <= at})
    for around in found.circles:
        links = {instant: around.links(instant) for instant in receipts}
        for statement in (f for p in around.patients for f in p.facts if isinstance(f, Statement)):
            now = around.links(at).of(statement)
            if now is None:
                continue
            since = [i for i in receipts if i >= now.since]
            whose = {i: link.member_id if (link := links[i].of(statement)) else None for i in receipts}
            assert {whose[i] for i in since} <= {now.member_id}
            before = [i for i in receipts if i < now.since]
            assert not before or whose[before[-1]] != now.member_id


@given(muddles(), INSTANTS)
@law
def test_nobody_is_two_members(journal: list[Line], at: datetime) -> None:
    """A message counts for one member at most."""
    told: dict[tuple[str, str], set[str]] = {}
    for member_id, view in Told(journal).views(at).items():
        for stay in view.stays:
            for source in stay.sources:
                told.setdefault((source.feed, source.control_id), set()).add(member_id)
    assert all(len(members) == 1 for members in told.values())
