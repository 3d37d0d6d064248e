"""Senders that chop, break off, pipeline and repeat, and a disk that fails: nothing acknowledged is lost or doubled."""

import asyncio
import random

import pytest

from connectors.mllp.contract import Kept
from connectors.mllp.framing import frame
from models.errors import WorldIsAway
from models.time import Instant
from tests.unit.mllp.support import House, MemoryKeeper, RawSender, adt, house

SENDERS, MESSAGES = 6, 60


class ShakyKeeper(MemoryKeeper):
    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    async def keep(self, feed: str, received_at: Instant, body: bytes, answer: bytes | None) -> Kept:
        # All dice at once: whatever overtakes whom, the n-th message has the same fate.
        is_slow, pause_s, fails = (self._chance.random() for _ in range(3))
        if is_slow < 0.05:
            await asyncio.sleep(pause_s * 0.02)
        if fails < 0.01:
            raise WorldIsAway("disk full")
        return await super().keep(feed, received_at, body, answer)


async def _chopped(sender: RawSender, data: bytes, chance: random.Random) -> None:
    at = 0
    while at < len(data):
        step = chance.choice([1, 7, 100, 5000])
        await sender.raw(data[at : at + step])
        at += step
        if chance.random() < 0.005:
            raise ConnectionError("the sender's cable")


async def _send_all(at: House, name: str, chance: random.Random) -> None:
    """Go on from the first message without an answer, as a sender's queue does."""
    done = 0
    while done < MESSAGES:
        try:
            async with at.sender() as sender:
                while done < MESSAGES:
                    batch = range(done, min(done + chance.choice([1, 1, 3, 20]), MESSAGES))
                    await _chopped(sender, b"".join(frame(adt(f"{name}-{number}")) for number in batch), chance)
                    for number in batch:
                        assert await sender.code() == ("AA", f"{name}-{number}")
                        assert adt(f"{name}-{number}") in at.keeper.bodies
                        done += 1
        except (OSError, EOFError):
            continue


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_whatever_happens_an_answer_means_kept_once(seed: int) -> None:
    keeper = ShakyKeeper(random.Random(seed))
    async with house(keeper=keeper) as at:
        await asyncio.gather(*(_send_all(at, f"s{n}", random.Random(100 * seed + n)) for n in range(SENDERS)))
        assert at.listener.stats.storage_failures > 0
    assert len(keeper.bodies) == len(set(keeper.bodies)) == SENDERS * MESSAGES
