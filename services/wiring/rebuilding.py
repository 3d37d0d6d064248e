"""A store computed again from its raw log, by this process or by several."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from services.runtime.dealing import CHUNK
from services.runtime.pipeline import Pipeline
from services.runtime.recount import Recount
from services.runtime.shares import Share, SharedRecount
from services.runtime.store.contract import Reader, StoreIsBusy
from services.runtime.store.sqlite import SqliteStore
from services.runtime.store.sqlite_connecting import FILE_NAME
from services.runtime.store.sqlite_reader import SqliteReader
from services.wiring.clock import Clock
from services.wiring.crew import ForkedCrew, Original
from services.wiring.opening import OpenStore, Where, open_reader, open_store
from services.wiring.setup import Setup

AnyRecount = Recount | SharedRecount


class Writing(NamedTuple):
    """A store that is computed again in order to be written. `settle` derives every member, when that was applied."""

    store: OpenStore
    recount: AnyRecount
    settle: Callable[[], None]


class Rebuilding:
    """How a store is computed again.

    Args:
        jobs: how many processes; None: one a core, fewer for a small log. They are forked, so there must be no thread.
        progress: called with what is being done.
    """

    def __init__(
        self, where: Where, setup: Setup, clock: Clock, jobs: int | None, progress: Callable[[str], None]
    ) -> None:
        self._where, self._setup, self._clock, self._jobs, self._progress = where, setup, clock, jobs, progress

    @contextlib.contextmanager
    def of_now(self) -> Iterator[tuple[Reader, AnyRecount]]:
        """The store as it is at one moment: a service may go on writing to it meanwhile.

        Raises:
            NoStore, StoreIsStrange, WorldIsAway: as `open_reader`.
        """
        with (
            self._folder() as folder,
            self._crew(folder) as crew,
            _still(self._where, folder) as (still, original),
            self._recount(still, original, crew, folder) as recount,
        ):
            yield still, recount

    @contextlib.contextmanager
    def for_writing(self) -> Iterator["Writing"]:
        """The store, to which nobody else may write until the end.

        Raises:
            StoreIsBusy: somebody does. NoStore, StoreIsStrange, WorldIsAway: as `open_reader`.
        """
        with (
            self._folder() as folder,
            self._crew(folder) as crew,
            self._alone() as store,
            self._recount(store, Original(self._where), crew, folder) as recount,
        ):
            yield Writing(store, recount, lambda: self._settle(store, crew))

    def _alone(self) -> OpenStore:
        """The store, of which this process is the one writer."""
        try:
            return open_store(self._where, self._clock)
        except StoreIsBusy:
            if not self._setup.settings.kafka:
                raise
            what = "workers, or another command that has it for itself, are writing to this store."
            remedy = "Stop the workers, then try again. Listeners may go on: what they receive waits on Kafka."
            raise StoreIsBusy(f"{self._where}: {what}\n  {remedy}") from None

    def _settle(self, store: OpenStore, crew: ForkedCrew | None) -> None:
        if crew and self._where.url:
            crew.settle()
        else:  # a file has one writer
            Pipeline(store, self._setup.readers, self._setup.reference, self._clock).settle()

    @contextlib.contextmanager
    def _recount(
        self, reader: Reader, original: Original, crew: ForkedCrew | None, folder: Path
    ) -> Iterator[AnyRecount]:
        if crew:
            crew.look_at(original)
            yield SharedRecount(reader, crew, folder, crew.shares, self._progress)
            return
        readers, reference, last = self._setup.readers, self._setup.reference, reader.cursor()
        with SqliteStore.open(folder / "fresh", now=self._clock) as fresh:
            yield Recount(
                reader, fresh, readers, reference, self._clock,
                lambda done: self._progress(f"reading the raw log ... {done} of {last} lines"),
            )  # fmt: skip

    @contextlib.contextmanager
    def _crew(self, folder: Path) -> Iterator[ForkedCrew | None]:
        """The processes, made before threads and connections are; None: this one does it alone."""
        with open_reader(self._where) as reader:
            chunks = -(-reader.cursor() // CHUNK)
        count = self._jobs or min(_cores(), chunks)
        if count <= 1:
            yield None
            return
        setup = self._setup
        shares = [Share(number, count, folder, setup.readers, setup.reference, self._clock) for number in range(count)]
        with ForkedCrew(shares) as crew:
            yield crew

    @staticmethod
    @contextlib.contextmanager
    def _folder() -> Iterator[Path]:
        """For what is computed; it goes away afterwards."""
        with tempfile.TemporaryDirectory(prefix="warmhandoff-") as folder:
            yield Path(folder)


@contextlib.contextmanager
def _still(where: Where, folder: Path) -> Iterator[tuple[Reader, Original]]:
    if where.url:
        from services.runtime.store.postgres_reader import PostgresReader

        with PostgresReader.open(where.url, where.namespace) as reader, reader.still() as still:
            yield still, Original(where, still.moment())
        return
    # A snapshot of a file would keep its write-ahead log growing while it lasts.
    copy = folder / "copy"
    copy.mkdir()
    with open_reader(where) as original:
        original.backup(str(copy / FILE_NAME))
    with SqliteReader.open(copy) as still:
        yield still, Original(Where(copy))


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
