"""Merges can be undone, and ids hang on who told first (interop R-60; design §4)."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.histories import HOURS, INSTANTS, clock, courses, law
from tests.timeline import Line, Scribe, Told

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
