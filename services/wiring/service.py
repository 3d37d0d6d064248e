"""`serve`: listeners, drop folder, timers and HTTP over one store; in a cluster without the timers."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, BinaryIO, Self

import uvicorn

from connectors.files.drop import DropFolder
from connectors.mllp.listener import Listener, Slots
from models.errors import FileIsWrong, Problem, WorldIsAway
from services.status.feeds import Board
from services.status.metrics import REFRESH_S, Metrics, Process
from services.status.ourselves import lines_waiting
from services.status.web import app_of
from services.wiring.backing import Backing, embedded
from services.wiring.clock import Clock
from services.wiring.http_serving import InnerServer, bound
from services.wiring.listening import Judging, address, listeners
from services.wiring.loading import DROPPED, INBOX, take_file
from services.wiring.logs import fields_dropped
from services.wiring.opening import OpenStore, Where
from services.wiring.setup import Setup
from services.wiring.tidying import keep_forgetting
from services.wiring.working import Works

log = logging.getLogger(__name__)


class Service:
    """Everything that `serve` runs. `async with` starts it and stops it.

    Args:
        mllp, http: HOST:PORT, None to leave out. drop: the partners' drop folder.
        apart: run the pipeline in a process of its own, by the machine's clock instead of `clock`; over a database it
            is a thread all the same: the one writer's lock belongs to a connection, which no child inherits.
    """

    def __init__(
        self,
        where: Where,
        setup: Setup,
        clock: Clock,
        *,
        mllp: str | None,
        http: str | None,
        drop: Path | None,
        apart: bool = False,
    ) -> None:
        self._where, self._setup, self._clock, self._apart = where, setup, clock, apart
        self._folder = where.folder
        self._drop, self._http = _partners(drop, where.folder), address(http, "http") if http else None
        self._wanted = listeners(setup, mllp)
        self._stack = contextlib.AsyncExitStack()
        self._folders: list[DropFolder] = []
        self.listeners: list[Listener] = []
        self.http_address: tuple[str, int] | None = None
        self._backing: Backing

    @property
    def where(self) -> str:
        """Where the store lies, in full."""
        return str(self._where)

    @property
    def store(self) -> OpenStore:
        """The store."""
        return self._backing.store

    @property
    def worker(self) -> Works:
        """What works off the lines."""
        return self._backing.worker

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    async def _start(self) -> None:
        if kafka := self._setup.settings.kafka:
            from services.wiring.receiving import receiving  # the client of Kafka: time and memory that few need

            self._backing = await self._stack.enter_async_context(receiving(self._where, kafka, self._clock))
        else:
            backing = embedded(self._where, self._setup, self._clock, apart=self._apart)
            self._backing = self._stack.enter_context(backing)
        self._run(keep_forgetting(self.store, self._folder, self._clock))
        self._watch(DropFolder(self._folder / INBOX, self._take, quiet_seconds=0))
        if self._drop:
            self._watch(DropFolder(self._drop, self._take))
        if self._http:
            await self._serve_http(*self._http)
        judge, slots = Judging(self._setup), Slots()
        for settings in self._wanted:
            listener = Listener(settings, self._backing.keeper, judge, slots)
            await listener.start()
            self._stack.push_async_callback(listener.stop)
            self.listeners.append(listener)

    def _watch(self, folder: DropFolder) -> None:
        folder.make()
        self._folders.append(folder)
        self._run(folder.run())

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)

        async def stop() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(stop)

    async def _take(self, stream: BinaryIO, name: str) -> None:
        try:
            summary = await asyncio.to_thread(
                take_file, self._backing.journal(), stream, DROPPED, self._clock(), name, self._setup.maps
            )
        except FileIsWrong:
            log.warning("a file was refused: its reason stands beside it")
            raise
        log.info("a file was taken", extra={"lines": summary.new, "repeated": summary.repeated})
        if summary.count_mismatches:
            log.warning("its trailers (BTS-1, FTS-1) count otherwise than we do: ask the sender for the rest")
        self.worker.notify()

    async def _serve_http(self, host: str, port: int) -> None:
        listening = bound(host, port)
        self.http_address = listening.getsockname()[:2]
        metrics = self._metrics()
        self._run(_refreshed(metrics))
        app = app_of(self.health, metrics.scraped)
        # Its own set-up of logs would print what it was sent: `services.wiring.logs` does without.
        config = uvicorn.Config(app, log_config=None, log_level="warning", access_log=False, lifespan="off")
        server = InnerServer(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))

        async def stop() -> None:
            server.should_exit = True
            await task
            listening.close()

        self._stack.push_async_callback(stop)

    def _metrics(self) -> Metrics:
        declared = [settings.feed for settings in self._wanted] + self._setup.declared_feeds
        process = Process(
            folder=None if self._where.url else self._folder,
            listeners=lambda: [(listener.settings.feed, listener.stats) for listener in self.listeners],
            answers=self._backing.keeper.answer_micros,
            fields_dropped=fields_dropped,
            is_embedded=self._backing.needs_store,
        )
        board = Board(self.store, self._setup.reference, declared)
        return Metrics(self.store, board, process, self._clock, declared)

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether messages are accepted; counts, never a person's data."""
        backing, away = self._backing, ""
        waiting, counts = None, dict[str, int]()
        try:
            waiting, counts = lines_waiting(self.store), self.store.counts()
        except WorldIsAway as error:
            if backing.needs_store:
                return False, {"accepting": False, "problem": str(error)}
            away = str(error)
        stats = [listener.stats for listener in self.listeners]
        kept = "" if backing.keeper.is_well() else backing.away
        failures = (kept, self.worker.condition.failure, away, *(folder.failure for folder in self._folders))
        problem = next(filter(None, failures), "")
        ok = not kept and self.worker.is_well and all(listener.addresses for listener in self.listeners)
        return ok, {
            "accepting": ok,
            "problem": problem or None,
            "lines_waiting": waiting,
            "timers_wait": self.worker.condition.waits_for or None,
            "quarantined": None if away else counts.get("waiting", 0),
            "parked": None if away else counts.get("parked", 0),
            "feeds": [
                {
                    "feed": listener.settings.feed,
                    "addresses": [f"{host}:{port}" for host, port in listener.addresses],
                    "messages": stat.messages,
                    "connections": stat.open_connections,
                    "buffered_bytes": stat.buffered_bytes,
                    "oldest_block_s": stat.oldest_block_s,
                    "noise_bytes": stat.noise_bytes,
                }
                for listener, stat in zip(self.listeners, stats, strict=True)
            ],
        }


def _partners(drop: Path | None, store: Path) -> Path | None:
    """The drop folder, if it is fit to be one: what lies in it is taken and moved away.

    Raises:
        FileIsWrong: it is a file, or the store's own folder.
    """
    if drop is None:
        return None
    own, here = store.resolve(), drop.resolve()
    if here.exists() and not here.is_dir():
        raise FileIsWrong([Problem(str(drop), 1, "drop", "It is a file.", "Name a folder.")])
    if own == here or own in here.parents:
        what = "The store lies there: its own files would be taken away."
        raise FileIsWrong([Problem(str(drop), 1, "drop", what, "Name a folder that holds nothing but files to take.")])
    return drop


async def _refreshed(metrics: Metrics) -> None:
    """Walk the store's tables now and then, until cancelled."""
    while True:
        try:
            await asyncio.to_thread(metrics.refresh)
        except WorldIsAway as error:
            log.warning("metrics wait: the store is away", extra={"problem": str(error)})
        except Exception:  # a bug in a figure must not stop the others for good
            log.exception("metrics could not be refreshed")
        await asyncio.sleep(REFRESH_S)
