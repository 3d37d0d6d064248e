"""Whoever loads into a cluster waits until the workers are done, and is told when nothing moves."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from models.errors import WorldIsAway
from models.time import Instant
from services.runtime.store.cluster_contract import ClusterStore, Cursor, Partition
from services.wiring import awaiting
from services.wiring.awaiting import AWAY_S, STILL_S, wait_until_taken
from tests.patience import Ticks

NOW = datetime(2025, 6, 5, 17, 5, tzinfo=UTC)
PLACE = ("feeds.raw.v1", 3)


class Store:
    """A store on which each look shows the next of what was given; the last one stays."""

    def __init__(self, *looks: tuple[int | None, tuple[str, ...]] | WorldIsAway) -> None:
        self._looks, self.asked = list(looks), list[Instant]()
        self._due: tuple[str, ...] = ()

    def now(self) -> Instant:
        return NOW

    def cursors_now(self, partitions: Collection[Partition]) -> dict[Partition, Cursor]:
        look = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        if isinstance(look, WorldIsAway):
            raise look
        offset, self._due = look
        return {} if offset is None else {PLACE: Cursor(offset)}

    def due(self, at: Instant, limit: int) -> list[str]:
        self.asked.append(at)
        return list(self._due)[:limit]


@pytest.fixture(autouse=True)
def ticks(monkeypatch: pytest.MonkeyPatch) -> Ticks:
    ticks = Ticks()
    monkeypatch.setattr(awaiting, "time", ticks)
    return ticks


def waited(store: Store, **options: float) -> tuple[bool, int]:
    """What came of waiting for offset 7, and how often somebody was told what for."""
    told: list[str] = []
    done = wait_until_taken(
        cast("ClusterStore", store), {PLACE: 7}, NOW, still=lambda: told.append("waiting"), **options
    )
    return done, len(told)


def test_it_is_done_when_all_was_read_and_everybody_is_derived() -> None:
    store = Store((None, ()), (3, ()), (7, ("M1",)), (7, ("M1",)), (8, ()))
    assert waited(store) == (True, 0)
    assert store.asked == [NOW] * 3


def test_what_is_dated_ahead_of_us_is_not_waited_for() -> None:
    store = Store((7, ()))
    assert wait_until_taken(cast("ClusterStore", store), {PLACE: 7}, NOW + timedelta(days=400))
    assert store.asked == [NOW]


def test_when_nothing_moves_it_is_told_once() -> None:
    assert waited(Store((3, ())), patience_s=4 * STILL_S) == (False, 1)


def test_a_database_that_is_soon_back_is_waited_for() -> None:
    assert waited(Store((3, ()), WorldIsAway("away"), WorldIsAway("away"), (7, ()))) == (True, 0)


def test_a_database_that_stays_away_ends_the_wait(ticks: Ticks) -> None:
    began = ticks.now
    with pytest.raises(WorldIsAway):
        waited(Store(WorldIsAway("away")))
    assert ticks.now - began > AWAY_S
