"""Listeners that put lines on Kafka at a pace, whatever happens meanwhile, and somebody who watches the workers."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import psycopg

from connectors.kafka.producer import Producer
from models.errors import WorldIsAway
from services.runtime.store.cluster_contract import Partition
from tests.cluster.running import Cluster
from tests.end_to_end.running import PATIENCE_S
from topics.raw import RawLine

STEP_S = 0.05
"""How often lines are sent, and looked for."""
DELIVERY_S = 5.0
LOOK_S = 0.1
"""How often somebody who waits looks."""


class Feeding:
    """Sends lines in a thread of its own; what may not be durable is sent again, as senders do. Use it in a `with`.

    It sends as many as it was asked for, so that there is always something left to be told after a fault. `ends` holds
    the offset behind the last record of each partition of which it is known.
    """

    def __init__(self, cluster: Cluster, lines: Sequence[RawLine], per_second: float) -> None:
        self.ends: dict[Partition, int] = {}
        self.sent, self.total, self._aim = 0, len(lines), 0
        self._cluster, self._lines, self._per_second = cluster, lines, per_second
        self._failed: list[BaseException] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="feeding", daemon=True)

    def aims(self, share: float) -> None:
        """Send on, until this share of all lines is durable."""
        self._aim = int(share * self.total)

    def reaches(self, share: float) -> None:
        """Send on, and wait until this share is durable."""
        self.aims(share)
        while_it_moves(lambda: self.sent >= self._aim or not self._thread.is_alive(), lambda: self.sent)
        self._raise()

    def finish(self) -> None:
        """Send all of them, and wait until they are durable."""
        self.aims(1)
        while_it_moves(lambda: not self._thread.is_alive(), lambda: self.sent)
        self._raise()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind:
            self._over.set()
        self.finish()

    def _run(self) -> None:
        try:
            asyncio.run(self._send())
        except BaseException as error:  # noqa: BLE001 - told by the thread that asks
            self._failed.append(error)

    def _raise(self) -> None:
        if self._failed:
            raise self._failed[0]

    async def _send(self) -> None:
        async with Producer(self._cluster.bootstrap) as producer:
            before = time.monotonic()
            while self.sent < self.total and not self._over.is_set():
                await asyncio.sleep(STEP_S)
                before, seconds = time.monotonic(), time.monotonic() - before
                due = min(self._aim, self.sent + max(1, int(seconds * self._per_second)))
                if due > self.sent:
                    await self._deliver(producer, self._lines[self.sent : due])
                    self.sent = due

    async def _deliver(self, producer: Producer, lines: Sequence[RawLine]) -> None:
        records = [self._cluster.to_send(line) for line in lines]
        prefix = f"{self._cluster.namespace}."
        while not self._over.is_set():
            with suppress(WorldIsAway):
                delivered = await producer.deliver_all(records, timeout_s=DELIVERY_S)
                for record, at in zip(records, delivered, strict=True):
                    place = record.topic.removeprefix(prefix), at.partition
                    self.ends[place] = max(self.ends.get(place, 0), at.offset + 1)
                return
            await asyncio.sleep(STEP_S)


class Watch:
    """Sees how long partitions stand still while there is something to take. Use it in a `with`."""

    def __init__(self, feeding: Feeding, cluster: Cluster) -> None:
        self._feeding, self._cluster = feeding, cluster
        self._moved: dict[Partition, float] = {}
        self._taken: dict[Partition, int] = {}
        self._silence = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def silence_s(self) -> float:
        """The longest silence of a partition since it was last asked for; first whatever lies there now is taken."""
        self.catches_up()
        silence, self._silence = self._silence, 0.0
        return silence

    def catches_up(self) -> None:
        """Wait until whatever lies there now is taken."""
        wanted = dict(self._feeding.ends)
        while_it_moves(
            lambda: all(self._taken.get(place, 0) >= end for place, end in wanted.items()), lambda: self._taken
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(STEP_S):
            with suppress(psycopg.Error):  # it is away: the silence goes on
                self._look_on()

    def _look_on(self) -> None:
        options = f"-c search_path={self._cluster.namespace}"
        with psycopg.connect(self._cluster.url, options=options, connect_timeout=2, autocommit=True) as connection:
            while not self._over.wait(STEP_S):
                ends = dict(self._feeding.ends)
                query = "SELECT topic, partition_number, read_to + 1 FROM partition_cursor WHERE read_to IS NOT NULL"
                self._note(ends, {(topic, number): end for topic, number, end in connection.execute(query)})

    def _note(self, ends: dict[Partition, int], taken: dict[Partition, int]) -> None:
        now = time.monotonic()
        for place, end in ends.items():
            at = taken.get(place, 0)
            if at >= end or at != self._taken.get(place, 0):
                self._moved[place] = now
            self._silence = max(self._silence, now - self._moved.setdefault(place, now))
        self._taken = taken


def while_it_moves(holds: Callable[[], bool], state: Callable[[], object]) -> None:
    """Wait until something holds, however long, as long as a state goes on changing."""
    before, moved = state(), time.monotonic()
    while not holds():
        now, at = state(), time.monotonic()
        if now != before:
            before, moved = now, at
        assert at - moved < PATIENCE_S, "what the test waits for did not come, and nothing moves"
        time.sleep(LOOK_S)
