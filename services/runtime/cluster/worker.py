"""One stream-processing worker: records in, one transaction a batch, members woken, effects published."""

import asyncio
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn, Protocol, TypeVar

import faust
import uvloop

from models.errors import WorldIsAway
from models.time import Instant
from services.runtime.cluster import shards
from services.runtime.cluster.clearing import Clearing
from services.runtime.cluster.consuming import BROKEN, Consuming, WorkerApp, build_app, ending_for_good
from services.runtime.cluster.cursors import start_of
from services.runtime.cluster.ending import Ending, TopicGrew
from services.runtime.cluster.progress import Progress
from services.runtime.cluster.records import Record
from services.runtime.cluster.taking import Taker, by_transaction
from services.runtime.horizon import Horizon
from services.runtime.store.cluster_contract import ClusterStore, Partition
from topics.declared import BULK, RAW
from topics.topic import partition_of

log = logging.getLogger(__name__)

T = TypeVar("T")

BEAT_S = 1.0
"""How often the ends of partitions are looked up; time runs on in such steps."""
NAP_S = 0.2
"""How late a due member may be noticed, once time has come so far."""
WAKE = 100
"""Members derived in one transaction because their time has come: a batch of records waits that long."""
AWAY_S = 0.5
FINISH_S = 5.0
"""How long the end waits for the batch under way."""
SWITCH_S = 0.0005
"""How long a thread that computes has the interpreter for itself while another waits. Python's 5 ms, at each of the two
dozen statements of a batch, made what is live wait three times as long beside a file."""


class Publishes(Protocol):
    """Brings effects to the broker (`publishing.Publisher`)."""

    async def run(self) -> None: ...
    async def drained(self) -> None: ...


class Lane:
    """A taker and its thread. What people wait for has a lane of its own, so that no file holds it up."""

    def __init__(self, taker: Taker, name: str) -> None:
        self.taker = taker
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """Do some work in the thread, when what was asked for before is done."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def take(self, records: Sequence[Record]) -> None:
        """Take a batch; what else the lane is for gets its turn between two transactions."""
        for portion in by_transaction(records):
            await self.run(partial(self.taker.take, portion))

    def close(self) -> None:
        """Let the batch under way be finished, unless that takes too long."""
        with suppress(TimeoutError):
            self._thread.submit(lambda: None).result(FINISH_S)


class Worker:
    """Everything that runs in one `worker` process, around a Faust app.

    Args:
        live: takes what comes as it happens. slow: takes files, and wakes members whose time has come.
        partitions: of each topic, how many; time waits for a backlog of the live one.
        drains: end, well, when nothing is left to read, to wake or to publish.
    """

    def __init__(
        self,
        store: ClusterStore,
        live: Taker,
        slow: Taker,
        publisher: Publishes,
        consuming: Consuming,
        partitions: Mapping[str, int],
        progress: Progress,
        *,
        drains: bool = False,
    ) -> None:
        self._store, self._publisher, self._drains = store, publisher, drains
        # Faust reads and heartbeats on the event loop; what waits for the database runs in threads.
        self._live, self._slow = Lane(live, "live"), Lane(slow, "slow")
        self._seeker = ThreadPoolExecutor(1, thread_name_prefix="seek")
        self._all = [(topic, number) for topic, count in partitions.items() for number in range(count)]
        self._clearing = Clearing(store, [place for place in self._all if place[0] == RAW.name])
        self._partitions, self._shares = partitions, partitions[RAW.name]
        # Each look is by the database's clock, which all workers share, unless it jumps.
        self._time = Horizon(store.now, time.monotonic, None)
        self._looking = progress.lane("the ends of the topics are not known")
        self._starts = live.starts = slow.starts
        self.progress = progress
        self.app: WorkerApp = build_app(consuming, self._seek, {RAW.name: self._live.take, BULK.name: self._slow.take})
        self.app.task(self._beat)
        self.app.task(self._publish)

    def beside(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run something else in the same event loop while the worker runs."""

        async def run() -> None:  # Faust looks at the signature
            await work()

        self.app.task(run)

    def execute(self) -> NoReturn:
        """Run until SIGINT or SIGTERM; the batch under way is finished. Ends the process."""
        sys.setswitchinterval(SWITCH_S)
        loop = uvloop.new_event_loop()
        asyncio.set_event_loop(loop)
        running = faust.Worker(self.app, loop=loop, quiet=True, redirect_stdouts=False, override_logging=False)
        running.spinner = None  # it writes to stdout, and for terminals
        try:
            running.execute_from_commandline()
        except SystemExit as ended:
            for lane in (self._live, self._slow):
                lane.close()
            shutil.rmtree(self.app.conf.datadir, ignore_errors=True)  # Faust made it, and left it empty
            logging.shutdown()
            # A thread that waits for a database that is away would keep the process; nothing that it does is committed.
            os._exit(ended.code if isinstance(ended.code, int) else BROKEN)
        raise AssertionError("Faust's worker ends by leaving the program")

    # -- called by Faust ----------------------------------------------------------------------------------------------

    async def _seek(self, logs: Mapping[Partition, tuple[int, int]]) -> Mapping[Partition, int]:
        """Where to read partitions from."""
        starts = await asyncio.get_running_loop().run_in_executor(self._seeker, partial(self._starting, logs))
        self.progress.given(logs.keys())
        log.info("the group gave this worker its partitions", extra={"count": len(logs)})
        return starts

    def _starting(self, logs: Mapping[Partition, tuple[int, int]]) -> Mapping[Partition, int]:
        self._slow.taker.check_identity()
        cursors = self._store.cursors_now(logs.keys())
        starts = {
            place: start_of(*place, cursors[place], first, end) if place in cursors else first
            for place, (first, end) in logs.items()
        }
        self._starts.update(starts)
        return starts

    # -- time ---------------------------------------------------------------------------------------------------------

    async def _beat(self) -> None:
        """Look at the ends of partitions, let time run so far, wake who is due; again and again."""
        looked_at, woken = 0.0, 0
        while not self.app.should_stop:
            with ending_for_good():
                try:
                    if time.monotonic() - looked_at >= BEAT_S:
                        looked_at = time.monotonic()
                        await self._look()
                    woken = await self._wake()
                    if self._drains and not woken and await self._is_drained():
                        os.kill(os.getpid(), signal.SIGTERM)
                        return
                except Ending:
                    raise
                except WorldIsAway as away:
                    log.debug("members wait to be woken", extra={"problem": str(away)})
                    await asyncio.sleep(AWAY_S)
            await asyncio.sleep(0 if woken else NAP_S)

    async def _look(self) -> None:
        """See how far everything is read. While that cannot be seen, nothing is claimed to be known."""
        assigned = self.progress.assigned
        if assigned is None or self.app.rebalancing:
            return
        try:
            at = await self._slow.run(self._time)
            ends = await self.app.logs.ends(self._all)
            self._check_counts(assigned)
            mine = {place: ends[place] for place in assigned}
            await self._slow.run(partial(self._see, mine, ends, at))
        except Ending:
            raise
        except WorldIsAway as away:
            if not self._looking.failure:
                log.warning("the ends of the topics are not known: time waits", extra={"problem": str(away)})
            self.progress.saw_nothing()
            self._looking.fails(str(away))
        else:
            if self._looking.failure:
                log.info("the ends of the topics are known again")
            self._looking.goes_on()

    def _check_counts(self, assigned: Collection[Partition]) -> None:
        """Look for partitions that were not there at the start.

        Raises:
            TopicGrew: there are partitions of which this process knows nothing.
        """
        grown = [name for name, count in self._partitions.items() if self.app.logs.partitions(name) > count]
        grown += {topic for topic, number in assigned if number >= self._partitions[topic]}
        if grown:
            raise TopicGrew(f"{grown[0]} has more partitions than when this worker started. Start the worker again.")

    def _see(self, mine: Mapping[Partition, int], ends: Mapping[Partition, int], at: Instant) -> None:
        behind = self._clearing.behind(ends, self._starts)
        ours = self._clearing.note(mine, self._starts, at) if mine else 0
        until = self._clearing.until()
        self.progress.saw(ours, behind, until, self._clearing.as_of(until), self._time.waits_for)

    async def _wake(self) -> int:
        """Derive members whose time has come; 0 when nobody's has."""
        as_of, assigned = self.progress.as_of, self.progress.assigned
        if as_of is None or not assigned:
            return 0
        mine = {number for topic, number in assigned if topic == RAW.name}
        shard = shards.of_waking(assigned, self._all)
        woken = await self._slow.run(
            lambda: self._slow.taker.wake(as_of, WAKE, lambda member: partition_of(member, self._shares) in mine, shard)
        )
        self.progress.woken += woken
        return woken

    async def _is_drained(self) -> bool:
        if self.progress.behind != 0 or self.progress.as_of is None:
            return False
        await self._publisher.drained()
        return True

    # -- the rest -----------------------------------------------------------------------------------------------------

    async def _publish(self) -> None:
        with ending_for_good():
            await self._publisher.run()
