"""Keeps aiokafka's log readable: while a broker is away, it tells the same up to a thousand times a second."""

import logging
import time
from collections.abc import Callable

LINES, SPAN_S = 3, 30.0


class Throttle(logging.Filter):
    """Lets so many records of one place in the code pass in a span of time."""

    def __init__(self, lines: int = LINES, span_s: float = SPAN_S, ticks: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._lines, self._span_s, self._ticks = lines, span_s, ticks
        self._told: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this one is told."""
        place, now = (record.name, record.lineno), self._ticks()
        since, count = self._told.get(place, (now, 0))
        if now - since >= self._span_s:
            since, count = now, 0
        self._told[place] = since, count + 1
        return count < self._lines


_SHARED = Throttle()


def throttle_loggers() -> None:
    """Throttle every logger of aiokafka that there is; again after more of its modules were imported."""
    for name in list(logging.root.manager.loggerDict):
        if name == "aiokafka" or name.startswith("aiokafka."):
            logging.getLogger(name).addFilter(_SHARED)  # twice is once
