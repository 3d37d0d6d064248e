"""The store as the listener's keeper: bytes in, durable, answered."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future

from connectors.files.contract import OVERLONG
from connectors.mllp.contract import Kept
from models.errors import WorldIsAway
from models.ledger import Answered
from models.time import Instant
from services.runtime.store.contract import Appended, Batch, NewLine, Store
from services.wiring.clock import Clock

log = logging.getLogger(__name__)


class StoreKeeper:
    """Keeps live messages; concurrent calls share one fsync.

    Args:
        kept: called after every new line, from the event loop; it wakes the pipeline.
    """

    def __init__(self, store: Store, clock: Clock, kept: Callable[[], None]) -> None:
        self._store, self._clock, self._kept = store, clock, kept
        self._refused_bytes = 0

    def now(self) -> Instant:
        return self._clock()

    async def keep(self, feed: str, received_at: Instant, body: bytes, answer: bytes | None) -> Kept:
        line = NewLine(feed, received_at, "hl7v2", body, answer)
        try:
            (appended,) = await asyncio.wrap_future(self._store.append([line], once=True))
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
        await asyncio.wrap_future(self._store.set_answer(seq, answer))

    def answered(self, row: Answered) -> None:
        self._store.answered([row])

    def discarded(self, feed: str, size: int, head: bytes, reason: str) -> None:  # noqa: ARG002  # Keeper
        # Its first bytes are a line of their own, which the reader of overlong lines puts into quarantine.
        def note(done: "Future[list[Appended]]") -> None:
            if done.cancelled() or done.exception() is None:
                self._kept()
            else:
                log.error("feed %s: the head of an overlong frame could not be kept", feed)

        self._store.append([NewLine(feed, self._clock(), OVERLONG, head)]).add_done_callback(note)
