"""The pipeline's thread: lines as they come, then members whose time has come."""

import logging
import threading
import time

from models.errors import WorldIsAway
from services.runtime.horizon import Horizon
from services.runtime.pipeline import Pipeline

log = logging.getLogger(__name__)

LONGEST_NAP_S = 1.0
"""How late a due member may be noticed, at most."""
RETRY_S = 1.0


class Worker:
    """Runs one pipeline in a thread of its own until stopped."""

    def __init__(self, pipeline: Pipeline, horizon: Horizon) -> None:
        self._pipeline, self._horizon = pipeline, horizon
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="pipeline", daemon=True)
        self.failure = ""

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
    def waits_for(self) -> str:
        """Why time alone says nothing at present; empty when it does."""
        return self._horizon.waits_for

    @property
    def is_well(self) -> bool:
        """It runs, and its last batch did not fail."""
        return self._thread.is_alive() and not self.failure

    def _run(self) -> None:
        while not self._stopping:
            self._news.clear()
            try:
                # Timers wait until the backlog is worked off: catching up raises no false "overdue" (design §6).
                if busy := self._pipeline.run():
                    self._horizon.heard()
                else:
                    busy = self._pipeline.wake(self._horizon())
                self.failure = ""
            except WorldIsAway as error:
                log.error("the store is away, trying again: %s", error)  # noqa: TRY400 - the cause is in the text
                self.failure = "the store is away"
                time.sleep(RETRY_S)
                continue
            except Exception as error:  # noqa: BLE001 - whatever it is, the thread goes on and health says so
                # A line that breaks the pipeline stays where it is: nothing behind it may overtake it unseen.
                log.error("the pipeline failed with %s", type(error).__name__)  # noqa: TRY400 - no person's data
                self.failure = f"the pipeline failed with {type(error).__name__}"
                time.sleep(RETRY_S)
                continue
            if not busy:
                self._news.wait(LONGEST_NAP_S)
