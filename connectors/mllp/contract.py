"""What the listener asks of the house: keep the bytes, then say what to answer."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from models.ledger import Answered
from models.time import Instant


class Kept(msgspec.Struct, frozen=True):
    """The bytes are durable as journal line `seq`. For a repeat, `answer` is what was answered the first time."""

    seq: int
    repeat: bool
    answer: bytes | None


class Keeper(Protocol):
    """Keeps messages. Wiring gives one made of the store."""

    def now(self) -> Instant:
        """The live clock; it never goes backwards within a process."""

    async def keep(self, feed: str, received_at: Instant, body: bytes, answer: bytes | None) -> Kept:
        """Return once the bytes are durable.

        Raises:
            models.errors.WorldIsAway: they are not; no answer may be sent and the connection closes (R-12).
        """

    async def replace_answer(self, seq: int, answer: bytes) -> None:
        """Store an answer that was decided after the commit."""

    def answered(self, row: Answered) -> None:
        """Note in the ledger; never waits."""

    def discarded(self, feed: str, size: int, head: bytes, reason: str) -> None:
        """Keep what is known of a frame that could not be kept whole (R-07): its size and first bytes, quarantined."""


Judge = Callable[[str, Instant, bytes], str | None]
"""(feed, received_at, body) -> None when the message can be read, else a short reason without a person's values."""
