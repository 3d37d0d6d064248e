"""The pipeline's thread: lines as they come, then members whose time has come."""

import logging
import threading
import time
from typing import Protocol

import msgspec

from models.errors import WorldIsAway
from services.runtime.horizon import Horizon
from services.runtime.pipeline import Pipeline
from services.runtime.rechecking import Checker
from services.runtime.store.contract import Store
from services.wiring.clock import Clock
from services.wiring.setup import Setup

log = logging.getLogger(__name__)

LONGEST_NAP_S = 1.0
"""How late a due member may be noticed, at most."""
RETRY_S = 1.0


class Condition(msgspec.Struct, frozen=True):
    """How a worker is: what failed last, and why time alone says nothing at present; empty when all is well."""

    failure: str = ""
    waits_for: str = ""


class Works(Protocol):
    """Runs the pipeline beside the listeners: `Worker` in a thread, `WorkerProcess` in a process of its own."""

    condition: Condition

    def start(self) -> None:
        """Begin working."""

    def notify(self) -> None:
        """There is a new line."""

    def stop(self) -> None:
        """Finish the batch under way, then end."""

    @property
    def is_well(self) -> bool:
        """It runs, and its last batch did not fail."""


class Worker:
    """Runs one pipeline in a thread of its own until stopped; the checker while there is nothing to do."""

    def __init__(self, pipeline: Pipeline, horizon: Horizon, checker: Checker | None = None) -> None:
        self._pipeline, self._horizon, self._checker = pipeline, horizon, checker
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="pipeline", daemon=True)
        self.condition = Condition()

    def start(self) -> None:
        """Begin working."""
        self._thread.start()

    def notify(self) -> None:
        """There is a new line."""
        self._news.set()

    def stop(self) -> None:
        """Finish the batch under way, then end."""
        self._stopping = True
        self._news.set()
        self._thread.join(timeout=30)

    @property
    def is_well(self) -> bool:
        """It runs, and its last batch did not fail."""
        return self._thread.is_alive() and not self.condition.failure

    def _run(self) -> None:
        while not self._stopping:
            self._news.clear()
            try:
                busy = self._turn()
            except WorldIsAway as error:
                log.error("the store is away, trying again", extra={"problem": str(error)})  # noqa: TRY400 - the cause is in the text
                self._failed("the store is away")
                continue
            except Exception as error:  # whatever it is, the thread goes on and health says so
                # A line that breaks the pipeline stays where it is: nothing behind it may overtake it unseen.
                log.exception("the pipeline failed")  # `services.wiring.logs` tells the type and the places alone
                self._failed(f"the pipeline failed with {type(error).__name__}")
                continue
            self.condition = Condition(waits_for=self._horizon.waits_for)
            if not busy:
                self._news.wait(LONGEST_NAP_S)

    def _turn(self) -> int:
        # Timers wait until the backlog is worked off: catching up raises no false "overdue" (design §6).
        if lines := self._pipeline.run():
            self._horizon.heard()
            return lines
        woken = self._pipeline.wake(self._horizon())
        if self._checker and not woken:
            self._checker.check()
        return woken

    def _failed(self, failure: str) -> None:
        self.condition = Condition(failure, self._horizon.waits_for)
        time.sleep(RETRY_S)


def worker_of(store: Store, setup: Setup, clock: Clock) -> Worker:
    """A worker over a store, which waits with what time alone would say if the store was away."""
    newest = store.line(store.head())
    horizon = Horizon(clock.wall, clock.ticks, newest.received_at if newest else None)
    pipeline = Pipeline(store, setup.readers, setup.reference, clock)
    return Worker(pipeline, horizon, Checker(store, setup.reference, clock))
