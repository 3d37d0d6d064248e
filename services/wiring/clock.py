"""The live clock."""

import time
from datetime import UTC, datetime
from threading import Lock

from models.time import Instant


class Clock:
    """Wall time that never goes backwards within a process: a clock that is set back stands still until it is past."""

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)
        self._lock = Lock()

    def __call__(self) -> Instant:
        with self._lock:
            self._last = max(self._last, self.wall())
            return self._last

    def wall(self) -> Instant:
        """What the machine's clock says; it may have been set, either way."""
        return datetime.now(UTC)

    def ticks(self) -> float:
        """Seconds that nobody can set."""
        return time.monotonic()
