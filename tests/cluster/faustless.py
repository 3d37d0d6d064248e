"""The whole worker, with topics in memory where Faust would be: it seeks, takes and beats when a test says so."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import pytest

from services.runtime.cluster import consuming, worker
from services.runtime.cluster.records import Record
from services.runtime.cluster.worker import Worker
from services.runtime.store.cluster_contract import Partition
from tests.cluster.desks import Desk, Log
from topics.declared import RAW


class Faustless:
    """One worker's life. `log` is what the broker holds, and may be replaced by another broker's.

    Args:
        partitions: how many the topic has, read by this worker or by others.
    """

    def __init__(self, desk: Desk, log: Log, partitions: int) -> None:
        self.log, self.progress, self.count = log, desk.progress, partitions
        self._seek: Callable[..., Awaitable[dict[Partition, int]]]
        self._take: Callable[[Sequence[Record]], Awaitable[None]]
        self._beat: Callable[[], Awaitable[None]]
        self._turns = 0
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(worker, "build_app", self._built)
            nothing: Any = None  # no publisher, no broker
            live = slow = desk.taker  # one thread at a time
            Worker(desk.store, live, slow, nothing, nothing, {RAW.name: partitions}, desk.progress)

    async def read(self, *numbers: int, size: int = 4) -> None:
        """Be given partitions, seek, and take all that they hold from there on."""
        logs = {(RAW.name, number): (0, len(self.log[number])) for number in numbers}
        starts = await self._seek(logs)
        for number in numbers:
            rest = self.log[number][starts[RAW.name, number] :]
            for begin in range(0, len(rest), size):
                await self._take(rest[begin : begin + size])

    async def beat(self, turns: int = 2) -> None:
        """Let time run as it does between batches."""
        self._turns = turns
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(consuming.ending_for_good, "__exit__", lambda *_: None)  # the test hears what went wrong
            await self._beat()

    # -- what a worker asks of its app ---------------------------------------------------------------------------------

    rebalancing = False

    @property
    def logs(self) -> "Faustless":
        return self

    @property
    def should_stop(self) -> bool:
        self._turns -= 1
        return self._turns < 0

    async def ends(self, places: Iterable[Partition]) -> dict[Partition, int]:
        return {(topic, number): len(self.log.get(number, ())) for topic, number in places}

    def partitions(self, topic: str) -> int:
        return self.count

    def task(self, work: Callable[[], Awaitable[None]]) -> None:
        if work.__name__ == "_beat":
            self._beat = work

    def _built(self, _: object, seek: Any, takes: Mapping[str, Any]) -> "Faustless":
        self._seek, self._take = seek, takes[RAW.name]
        return self


def lived(life: Faustless, numbers: Collection[int]) -> None:
    """Read partitions to their end, and let time run."""

    async def live() -> None:
        await life.read(*numbers)
        await life.beat()

    asyncio.run(live())
