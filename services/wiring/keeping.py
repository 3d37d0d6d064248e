"""The store as the listener's keeper: bytes in, durable, answered."""

import logging
from collections.abc import Callable
from concurrent.futures import Future

from connectors.files.contract import OVERLONG
from connectors.mllp.contract import Kept
from models.errors import WorldIsAway
from models.ledger import Answered
from models.measured import Histogram
from models.time import Instant
from models.traffic import ANSWER_BOUNDS_MICROS
from services.runtime.store.contract import Appended, Batch, NewLine, Store
from services.wiring.clock import Clock
from services.wiring.landing import Landing

log = logging.getLogger(__name__)


class StoreKeeper:
    """Keeps live messages; concurrent calls share one fsync.

    Args:
        kept: called after every new line, from the event loop; it wakes the pipeline.

    `answer_micros` counts by feed how long answers took, since the start.
    """

    def __init__(self, store: Store, clock: Clock, kept: Callable[[], None]) -> None:
        self._store, self._clock, self._kept = store, clock, kept
        self._refused_bytes = 0
        self._landing = Landing()
        self.answer_micros: dict[str, Histogram] = {}

    def now(self) -> Instant:
        return self._clock()

    async def keep(self, feed: str, received_at: Instant, body: bytes, answer: bytes | None) -> Kept:
        line = NewLine(feed, received_at, "hl7v2", body, answer)
        try:
            (appended,) = await self._landing.wait(self._store.append([line], once=True))
        except WorldIsAway:
            self._refused_bytes = len(body)
            raise
        self._refused_bytes = 0
        if not appended.repeat:
            self._kept()
        return Kept(appended.seq, appended.repeat, appended.answer)

    def is_well(self) -> bool:
        """Whether messages can be kept: the last one was, or a write of its size now succeeds. Waits for the disk."""
        if self._refused_bytes:
            try:
                # A full disk may have room for less than what it refused: only as much again proves that there is room.
                for probe in (bytes(self._refused_bytes), b""):
                    self._store.commit(Batch(reference={"probe": probe}))
            except WorldIsAway:
                return False
            self._refused_bytes = 0
        return True

    async def replace_answer(self, seq: int, answer: bytes) -> None:
        await self._landing.wait(self._store.set_answer(seq, answer))

    def answered(self, row: Answered) -> None:
        self._store.answered([row])
        self.answer_micros.setdefault(row.feed, Histogram(ANSWER_BOUNDS_MICROS)).note(row.micros)

    def discarded(self, feed: str, size: int, head: bytes, reason: str) -> None:  # noqa: ARG002  # Keeper
        # Its first bytes are a line of their own, which the reader of overlong lines puts into quarantine.
        def note(done: "Future[list[Appended]]") -> None:
            if done.cancelled() or done.exception() is None:
                self._kept()
            else:
                log.error("the head of an overlong frame could not be kept", extra={"feed": feed})

        self._store.append([NewLine(feed, self._clock(), OVERLONG, head)]).add_done_callback(note)
