"""`serve`: listeners, drop folder, timers and HTTP over one store."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Self

import uvicorn

from connectors.files.drop import DropFolder
from connectors.mllp.listener import Listener, Slots
from models.errors import FileIsWrong, Problem, WorldIsAway
from services.runtime.store.sqlite import SqliteStore
from services.status.feeds import Board
from services.status.metrics import REFRESH_S, Metrics, Process
from services.status.web import app_of
from services.wiring.clock import Clock
from services.wiring.keeping import StoreKeeper
from services.wiring.listening import Judging, address, listeners
from services.wiring.loading import DROPPED, INBOX, keep_file
from services.wiring.logs import fields_dropped
from services.wiring.opening import open_store
from services.wiring.process import WorkerProcess
from services.wiring.setup import Setup
from services.wiring.tidying import keep_forgetting
from services.wiring.working import Works, worker_of

log = logging.getLogger(__name__)


class Service:
    """Everything that `serve` runs. `async with` starts it and stops it.

    Args:
        mllp, http: HOST:PORT, None to leave out. drop: the partners' drop folder.
        apart: run the pipeline in a process of its own, by the machine's clock instead of `clock`.
    """

    def __init__(
        self,
        folder: Path,
        setup: Setup,
        clock: Clock,
        *,
        mllp: str | None,
        http: str | None,
        drop: Path | None,
        apart: bool = False,
    ) -> None:
        self._folder, self._setup, self._clock, self._apart = folder, setup, clock, apart
        self._drop, self._http = _partners(drop, folder), address(http, "http") if http else None
        self._wanted = listeners(setup, mllp)
        self._stack = contextlib.AsyncExitStack()
        self._folders: list[DropFolder] = []
        self.listeners: list[Listener] = []
        self.http_address: tuple[str, int] | None = None
        self.store: SqliteStore
        self.worker: Works
        self.keeper: StoreKeeper

    @property
    def folder(self) -> Path:
        """Where the store lies, in full."""
        return self._folder.resolve()

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
        self.store = self._stack.enter_context(open_store(self._folder, self._clock))
        if self._apart:
            self.worker = WorkerProcess(self.store, self._folder, self._setup)
        else:
            self.worker = worker_of(self.store, self._setup, self._clock)
        self.worker.start()
        self._stack.callback(self.worker.stop)
        self.keeper = StoreKeeper(self.store, self._clock, self.worker.notify)
        self._watch(DropFolder(self._folder / INBOX, self._take, quiet_seconds=0))
        self._run(keep_forgetting(self.store, self._folder, self._clock))
        if self._drop:
            self._watch(DropFolder(self._drop, self._take))
        if self._http:
            await self._serve_http(*self._http)
        judge, slots = Judging(self._setup), Slots()
        for settings in self._wanted:
            listener = Listener(settings, self.keeper, judge, slots)
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
                keep_file, self.store, stream, DROPPED, self._clock(), name, self._setup.maps
            )
        except FileIsWrong:
            log.warning("a file was refused: its reason stands beside it")
            raise
        log.info("a file was taken", extra={"lines": summary.new, "repeated": summary.repeated})
        if summary.count_mismatches:
            log.warning("its trailers (BTS-1, FTS-1) count otherwise than we do: ask the sender for the rest")
        self.worker.notify()

    async def _serve_http(self, host: str, port: int) -> None:
        listening = _bound(host, port)
        self.http_address = listening.getsockname()[:2]
        metrics = self._metrics()
        self._run(_refreshed(metrics))
        app = app_of(self.health, metrics.scraped)
        # Its own set-up of logs would print what it was sent: `services.wiring.logs` does without.
        config = uvicorn.Config(app, log_config=None, log_level="warning", access_log=False, lifespan="off")
        server = _HttpServer(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))

        async def stop() -> None:
            server.should_exit = True
            await task
            listening.close()

        self._stack.push_async_callback(stop)

    def _metrics(self) -> Metrics:
        declared = [settings.feed for settings in self._wanted] + self._setup.declared_feeds
        process = Process(
            folder=self._folder,
            listeners=lambda: [(listener.settings.feed, listener.stats) for listener in self.listeners],
            answers=self.keeper.answer_micros,
            fields_dropped=fields_dropped,
        )
        board = Board(self.store, self._setup.reference, declared)
        return Metrics(self.store, board, process, self._clock, declared)

    def health(self) -> tuple[bool, dict[str, Any]]:
        """Whether messages are accepted; counts, never a person's data."""
        try:
            behind, counts = self.store.head() - self.store.cursor(), self.store.counts()
        except WorldIsAway as error:
            return False, {"accepting": False, "problem": str(error)}
        stats = [listener.stats for listener in self.listeners]
        kept = "" if self.keeper.is_well() else "messages cannot be kept: the store is away"
        problem = kept or self.worker.condition.failure or next((f.failure for f in self._folders if f.failure), "")
        ok = not kept and self.worker.is_well and all(listener.addresses for listener in self.listeners)
        return ok, {
            "accepting": ok,
            "problem": problem or None,
            "lines_waiting": behind,
            "timers_wait": self.worker.condition.waits_for or None,
            "quarantined": counts.get("waiting", 0),
            "parked": counts.get("parked", 0),
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


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(100)
    except OSError as error:
        listening.close()
        hint = "Another program listens there: stop it, or choose another port with --http."
        raise WorldIsAway(f"http: cannot listen on {host}:{port}: {error.strerror}\n  {hint}") from None
    return listening


class _HttpServer(uvicorn.Server):
    """A server inside a larger one: the command handles signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
