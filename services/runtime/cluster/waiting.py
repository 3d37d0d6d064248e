"""What was read of a topic and is not taken yet, bounded by bytes: a record may have ninety, or 65 million.

Faust counts records. When its queue of a topic is nearly full it stops to ask for the topic's partitions, one after the
other, whatever else it reads; so one topic never waits for another. Here it is told bytes instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mode.utils.queues import ThrowableQueue

from topics.topic import MIB

WAITING_BYTES = 32 * MIB
"""Of values of one topic in memory: about so much waits or is being taken, and no more is fetched. Beyond it goes what
was asked for before: a fetch of each partition, which is a megabyte, or one record that is longer."""
RECORD_BYTES_MIN = 8 * 1024
"""What a record counts at least, for all that is kept of it besides its value: 16 full batches of small ones wait."""


class Waiting(ThrowableQueue[Any]):
    """Faust's queue of a topic, whose size is in bytes. What left it counts until it is taken.

    It is never full, and nobody waits to put something in: that is in memory already.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(maxsize=WAITING_BYTES, **options)
        self._queued = self._left = 0

    @contextmanager
    def taking(self) -> Iterator[None]:
        """While a batch is taken: all that has left the queue by now, but for what was passed over in a rebalance."""
        batch = self._left
        try:
            yield
        finally:
            self._left -= batch
            self.maybe_endorse_pressure_drop()

    def qsize(self) -> int:
        """Bytes that are in memory because of this topic."""
        return self._queued + self._left

    def full(self) -> bool:
        return False

    def clear(self) -> None:
        super().clear()
        self._queued = 0

    def maybe_endorse_pressure_drop(self) -> None:
        """Have Faust ask for all partitions again, once there is room; else it does so when nothing at all is left."""
        if self.qsize() <= self.pressure_drop_size:
            for ask in self._pending_pressure_drop_callbacks:
                ask()
            self._pending_pressure_drop_callbacks.clear()

    def _put(self, event: Any) -> None:
        self._queued += _bytes(event)
        super()._put(event)

    def _get(self) -> Any:
        event = super()._get()
        self._queued -= _bytes(event)
        self._left += _bytes(event)
        return event


def _bytes(event: Any) -> int:
    return max(len(event.message.value or b""), RECORD_BYTES_MIN)
