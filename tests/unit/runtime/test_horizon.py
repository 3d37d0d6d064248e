"""What time alone would say waits while it could be false."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.horizon import LONGEST_S, QUIET_S, Horizon

NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)


class Machine:
    """A machine whose clock can be set."""

    def __init__(self) -> None:
        self.ticked, self.set_by = 0.0, timedelta()

    def wall(self) -> datetime:
        return NOON + timedelta(seconds=self.ticked) + self.set_by

    def horizon(self, last: datetime | None) -> Horizon:
        return Horizon(self.wall, lambda: self.ticked, last)


def test_an_empty_store_waits_for_nothing() -> None:
    machine = Machine()
    horizon = machine.horizon(None)
    assert (horizon(), horizon.waits_for) == (NOON, "")


def test_a_store_that_was_away_waits_until_the_queues_are_empty() -> None:
    machine, last = Machine(), NOON - timedelta(hours=3)
    horizon = machine.horizon(last)
    for _ in range(10):
        machine.ticked += QUIET_S / 2
        horizon.heard()
        assert (horizon(), horizon.waits_for) == (last, "catching_up")
    machine.ticked += QUIET_S
    assert (horizon(), horizon.waits_for) == (machine.wall(), "")


def test_a_feed_that_never_pauses_is_waited_for_no_longer_than_ten_minutes() -> None:
    machine = Machine()
    horizon = machine.horizon(NOON - timedelta(days=1))
    while machine.ticked < LONGEST_S:
        assert horizon.waits_for == "catching_up"
        machine.ticked += 5
        horizon.heard()
        horizon()
    assert horizon() == machine.wall()


def test_a_clock_that_jumps_ahead_and_comes_back_has_said_nothing() -> None:
    machine = Machine()
    horizon = machine.horizon(NOON)
    machine.ticked += 5
    before = horizon()
    machine.set_by = timedelta(hours=1)
    machine.ticked += 1
    assert (horizon(), horizon.waits_for) == (before, "clock_jumped")
    machine.set_by = timedelta()
    machine.ticked += 120
    assert (horizon(), horizon.waits_for) == (machine.wall(), "")


def test_a_clock_that_stands_by_its_word_is_believed() -> None:
    machine = Machine()
    horizon = machine.horizon(NOON)
    machine.set_by = timedelta(days=1)
    horizon()
    machine.ticked += LONGEST_S - 1
    assert horizon() < machine.wall()
    machine.ticked += 1
    assert (horizon(), horizon.waits_for) == (machine.wall(), "")


def test_a_clock_that_is_set_back_is_believed_at_once() -> None:
    machine = Machine()
    horizon = machine.horizon(NOON)
    machine.set_by = -timedelta(hours=1)
    machine.ticked += 1
    assert (horizon(), horizon.waits_for) == (machine.wall(), "")


@given(st.lists(st.tuples(st.floats(0.1, 200), st.floats(-7200, 7200)), max_size=20))
def test_it_never_runs_ahead_of_the_clock_and_ends_every_wait(turns: list[tuple[float, float]]) -> None:
    machine = Machine()
    horizon = machine.horizon(NOON - timedelta(hours=1))
    for ticked, set_by in turns:
        machine.ticked += ticked
        machine.set_by = timedelta(seconds=set_by)
        assert horizon() <= max(machine.wall(), horizon._seen)
    horizon()
    machine.ticked += 2 * LONGEST_S
    assert (horizon(), horizon.waits_for) == (machine.wall(), "")
