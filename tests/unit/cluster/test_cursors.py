"""The cursor row alone decides what is still to be taken."""

from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.cluster.cursors import start_of, untaken
from services.runtime.cluster.ending import Gap, OtherTopic
from services.runtime.cluster.records import Record
from services.runtime.store.cluster_contract import Cursor

AT = datetime(2025, 3, 1, tzinfo=UTC)


def record(offset: int, topic: str = "old") -> Record:
    return Record("feeds.raw.v1", 3, offset, AT, None, f"{topic} {offset}".encode())


def cursor(offset: int | None) -> Cursor:
    return Cursor() if offset is None else Cursor(offset, sha256(f"old {offset}".encode()).digest())


@given(
    taken=st.none() | st.integers(0, 8),
    stretches=st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), max_size=5),
)
def test_whatever_comes_again_each_record_is_taken_once_and_in_order(
    taken: int | None, stretches: list[tuple[int, int]]
) -> None:
    """Rebalances bring stretches again, from anywhere at or before the next record."""
    came: list[int] = []
    reached = -1 if taken is None else taken
    for back, length in stretches:
        start = max(0, reached + 1 - back)
        came += range(start, start + length)
        reached = max(reached, start + length - 1)
    fresh = untaken([record(offset) for offset in came], cursor(taken), start=0)
    assert [each.offset for each in fresh] == list(range(0 if taken is None else taken + 1, reached + 1))


def test_a_record_that_is_not_the_next_one_ends_the_worker() -> None:
    with pytest.raises(Gap, match="offset 6 came where offset 5 was to come"):
        untaken([record(6)], cursor(4), start=0)
    with pytest.raises(Gap, match="offset 3 came"):
        untaken([record(3)], cursor(None), start=2)  # the first batch failed, and was never committed


def test_another_record_at_the_cursor_is_another_topic() -> None:
    assert [each.offset for each in untaken([record(4), record(5)], cursor(4), start=0)] == [5]
    with pytest.raises(OtherTopic, match=r"feeds\.raw\.v1, partition 3, offset 4"):
        untaken([record(4, "new"), record(5, "new")], cursor(4), start=0)


@pytest.mark.parametrize(
    ("taken", "first", "end", "start"),
    [
        (None, 0, 0, 0),  # an empty log
        (None, 7, 20, 7),  # its beginning is gone by age
        (4, 0, 20, 4),  # at the cursor, so that its record can be compared
        (4, 0, 5, 4),
        (4, 5, 20, 5),  # the record at the cursor is gone by age
        (4, 5, 5, 5),  # and so is everything
    ],
)
def test_reading_begins_at_the_cursor(taken: int | None, first: int, end: int, start: int) -> None:
    assert start_of("feeds.raw.v1", 3, cursor(taken), first, end) == start


@pytest.mark.parametrize(("first", "end"), [(0, 4), (0, 0), (6, 20)])
def test_a_log_that_ends_before_the_cursor_or_begins_behind_it_is_another_topic(first: int, end: int) -> None:
    with pytest.raises(OtherTopic, match="Nothing was taken from it"):
        start_of("feeds.raw.v1", 3, cursor(4), first, end)
