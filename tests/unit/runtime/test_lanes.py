"""What a worker's lane does between two transactions of one batch."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from services.runtime.cluster.records import Record
from services.runtime.cluster.taking import TOGETHER_BYTES, Taker
from services.runtime.cluster.worker import Lane
from topics.declared import BULK

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


async def test_what_waits_for_a_lane_gets_its_turn_between_two_chunks_of_a_file() -> None:
    """Else time would stand still for everybody while one worker takes all chunks that have been read."""
    loop, done, asked = asyncio.get_running_loop(), list[str](), list[asyncio.Task[None]]()

    class Taking(Taker):
        def __init__(self) -> None:
            """It has no store."""

        def take(self, records: Sequence[Record]) -> None:
            done.append(f"chunk {records[0].offset}")
            if len(done) == 1:
                ready = loop.create_future()
                loop.call_soon_threadsafe(lambda: (asked.append(asyncio.create_task(look())), ready.set_result(None)))
                asyncio.run_coroutine_threadsafe(asyncio.wait_for(ready, 60), loop).result()

    async def look() -> None:
        await lane.run(lambda: done.append("look"))

    lane = Lane(Taking(), "slow")
    await lane.take([Record(BULK.name, 0, n, NOON, b"", b"x" * TOGETHER_BYTES, ()) for n in range(3)])
    await asyncio.gather(*asked)
    lane.close()
    assert sorted(done) == ["chunk 0", "chunk 1", "chunk 2", "look"]
    assert done.index("look") < done.index("chunk 2")
