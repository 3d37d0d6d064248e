"""What waits of a topic is counted in bytes until it is taken, whatever becomes of its partition meanwhile."""

from types import SimpleNamespace
from typing import Any

import pytest
from mode.utils.queues import FlowControlEvent

from services.runtime.cluster.waiting import RECORD_BYTES_MIN, WAITING_BYTES, Waiting
from topics.topic import MIB


class Asked:
    """Whether Faust asks for a partition."""

    def __init__(self) -> None:
        self.still = True

    def no_more(self) -> None:
        self.still = False

    def again(self) -> None:
        self.still = True


def event(size: int) -> Any:
    return SimpleNamespace(message=SimpleNamespace(value=bytes(size)))


def put(waiting: Waiting, asked: Asked, *sizes: int) -> None:
    for size in sizes:
        waiting.put_nowait_enhanced(event(size), on_pressure_high=asked.no_more, on_pressure_drop=asked.again)


@pytest.fixture
def waiting() -> Waiting:
    return Waiting(flow_control=FlowControlEvent(), clear_on_resume=True)


async def test_few_long_records_are_as_much_as_many_short_ones(waiting: Waiting) -> None:
    one, other = Asked(), Asked()
    put(waiting, one, *[4 * MIB] * 7)
    assert one.still
    put(waiting, one, 1)
    assert not one.still, "28 of 32 MiB wait; the one that came on top was in memory already"
    waiting.clear()
    put(waiting, other, *[900] * (WAITING_BYTES // RECORD_BYTES_MIN * 3 // 4))
    assert other.still


async def test_a_partition_is_asked_for_again_once_what_has_left_the_queue_is_taken(waiting: Waiting) -> None:
    """Also where one record alone is more than may wait, and nothing else ever comes."""
    asked = Asked()
    put(waiting, asked, 2 * WAITING_BYTES, 1)
    assert not asked.still
    assert not waiting.full(), "whoever else reads is never held up"
    await waiting.get()
    await waiting.get()
    with waiting.taking():
        assert (asked.still, waiting.qsize()) == (False, 2 * WAITING_BYTES + RECORD_BYTES_MIN)
    assert (asked.still, waiting.qsize()) == (True, 0)


async def test_what_comes_while_a_batch_is_taken_still_counts(waiting: Waiting) -> None:
    asked = Asked()
    put(waiting, asked, MIB, 2 * MIB, 4 * MIB)
    await waiting.get()
    with waiting.taking():
        await waiting.get()
    assert waiting.qsize() == 6 * MIB


async def test_a_rebalance_leaves_nothing_behind_in_the_count(waiting: Waiting) -> None:
    """The queue is cleared, and what has left it is passed over."""
    put(waiting, Asked(), MIB, MIB)
    await waiting.get()
    waiting.clear()
    assert waiting.qsize() == MIB
    put(waiting, Asked(), MIB)
    await waiting.get()
    with waiting.taking():
        pass
    assert waiting.qsize() == 0
