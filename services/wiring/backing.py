"""What stands behind the listeners of `serve`: a store with a pipeline of its own, or (`receiving`) a cluster."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from connectors.mllp.contract import Keeper
from models.measured import Histogram
from services.runtime.store.sqlite import SqliteStore
from services.wiring.clock import Clock
from services.wiring.keeping import StoreKeeper
from services.wiring.loading import Journal, StoreJournal
from services.wiring.opening import OpenStore, Where, open_store
from services.wiring.process import WorkerProcess
from services.wiring.setup import Setup
from services.wiring.working import Works, worker_of


class LiveKeeper(Keeper, Protocol):
    """A keeper that tells how it is."""

    @property
    def answer_micros(self) -> Mapping[str, Histogram]:
        """How long answers took, by feed."""

    def is_well(self) -> bool:
        """Whether messages can be kept now; may wait for the disk."""


@dataclass(frozen=True)
class Backing:
    """What `serve` needs besides its listeners.

    Args:
        keeper: keeps what listeners receive. journal: takes the lines of files. worker: works them off.
        away: what is said where messages cannot be kept.
        needs_store: whether nothing can be kept while the store is away.
    """

    store: OpenStore
    keeper: LiveKeeper
    worker: Works
    journal: Callable[[], Journal]
    away: str
    needs_store: bool


@contextmanager
def embedded(where: Where, setup: Setup, clock: Clock, *, apart: bool) -> Iterator[Backing]:
    """One process that keeps, and works off what it kept.

    Args:
        apart: run the pipeline in a process of its own.
    """
    with open_store(where, clock) as store:
        # The one writer's lock over a database belongs to a connection, which no child inherits.
        if apart and isinstance(store, SqliteStore):
            worker: Works = WorkerProcess(store, where.folder, setup)
        else:
            worker = worker_of(store, setup, clock)
        worker.start()
        try:
            yield Backing(
                store, StoreKeeper(store, clock, worker.notify), worker, lambda: StoreJournal(store),
                away="messages cannot be kept: the store is away", needs_store=True,
            )  # fmt: skip
        finally:
            worker.stop()
