"""What a worker says of itself: well only while it knows that it gets on."""

from datetime import UTC, datetime

import pytest

from services.runtime.cluster import progress
from services.runtime.cluster.progress import DIFFICULTY_S, STALLED_S, Progress
from tests.patience import Ticks

NOW = datetime(2025, 3, 6, tzinfo=UTC)


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Ticks:
    ticks = Ticks()
    monkeypatch.setattr(progress, "time", ticks)
    return ticks


def worker(ticks: Ticks) -> Progress:
    """One that has its partitions, and has read them."""
    found = Progress(started=ticks.now, moved=ticks.now)
    found.given([("t", 0)])
    found.saw(0, 0, NOW, NOW)
    return found


def test_who_cannot_look_at_the_broker_claims_nothing_and_soon_says_why(ticks: Ticks) -> None:
    found = worker(ticks)
    looking = found.lane("the ends of the topics are not known")
    for waited_s, problem in ((0, ""), (DIFFICULTY_S + 1, "the ends of the topics are not known: away")):
        ticks.now += waited_s
        found.saw_nothing()
        looking.fails("away")
        assert (found.behind, found.as_of, found.problem()) == (None, None, problem)
    assert found.tries == 0, "no batch was tried again"
    looking.goes_on()
    assert not found.problem()


def test_time_that_stands_still_is_told_unless_it_waits_for_something(ticks: Ticks) -> None:
    for behind, as_of, waits_for, is_well in (
        (0, NOW, "", True), (9, None, "", True), (0, None, "clock_jumped", True), (0, None, "", False),
    ):  # fmt: skip
        found = worker(ticks)
        found.saw(0, behind, NOW, as_of, waits_for)
        assert not found.problem()
        ticks.now += STALLED_S + 1
        found.saw(0, behind, NOW, as_of, waits_for)
        assert (not found.problem()) == is_well
