"""The journal in portions: nothing is left out, nothing comes twice, and no portion is larger than need be."""

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.portions import by_size, portions
from services.runtime.store.contract import NewLine
from services.runtime.store.sqlite import SqliteStore
from services.wiring.clock import Clock

AT = datetime(2025, 3, 3, tzinfo=UTC)


@given(sizes=st.lists(st.integers(0, 30)), most=st.integers(1, 40))
def test_portions_are_the_whole_in_its_order_and_as_large_as_they_may_be(sizes: list[int], most: int) -> None:
    cut = [list(portion) for portion in by_size(sizes, lambda size: size, most)]
    assert [size for portion in cut for size in portion] == sizes
    assert all(portion and (sum(portion) <= most or len(portion) == 1) for portion in cut)
    assert all(sum(one) + other[0] > most for one, other in pairwise(cut))


def test_large_lines_are_read_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.portions.BYTES", 10_000)
    monkeypatch.setattr("services.runtime.portions.LINES", 120)
    bodies = [b"%d" % number * (1 if number < 200 else 2_000) for number in range(400)]
    asked = []
    with SqliteStore.open(tmp_path, now=Clock()) as store:
        store.append([NewLine("F1", AT, "claims", body) for body in bodies]).result()
        read = store.lines
        monkeypatch.setattr(store, "lines", lambda after, limit: asked.append(limit) or read(after, limit))
        told = [[line.seq for line in portion] for portion in portions(store, 5, 390)]
    assert [seq for portion in told for seq in portion] == list(range(6, 391))
    assert asked[:2] == [100, 120], "more of what is small"
    assert asked[-1] == 1, "fewer of what is large"
