"""What several workers need of one store besides `contract.py`: transactions of their own, cursors, locks by name.

The order in which locks are taken is one everywhere, so that nobody waits in a ring: `hold_epoch`, `cursors`,
`share_reference` or `own_reference`, `lock`, and last `commit`, which takes the tail of the journal.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from models.ledger import Answered
from models.time import Instant
from services.runtime.store.contract import Batch, NewLine, Reader, Store

Partition = tuple[str, int]
"""A topic and the number of one of its partitions."""


class Cursor(msgspec.Struct, frozen=True):
    """How far a partition has been read: the offset of the last record taken in, and the SHA-256 of its value.

    Args:
        offset: None before the first record.
        clear_until: nothing that was received earlier is still unread, as far as this partition is concerned.
    """

    offset: int | None = None
    sha256: bytes = b""
    clear_until: Instant | None = None


class Transaction(Reader, Protocol):
    """A whole `Reader` over one transaction, which sees what others have committed and what it wrote itself.

    Every call may raise WorldIsAway: the transaction is lost then, and the same work may be tried again in a new one. A
    transaction that waits for its caller longer than five seconds is ended by the server, so that a process that was
    frozen holds no locks.
    """

    def commit(self, batch: Batch) -> None:
        """Carry out a batch; durable when the `with` ends. Let it come last: from here on other writers wait."""

    def cursors(self, partitions: Collection[Partition]) -> dict[Partition, Cursor]:
        """The cursors of partitions, locked until the end; those that were never read get an empty one."""

    def move(self, cursors: Mapping[Partition, Cursor]) -> None:
        """Write cursors that `cursors` has locked."""

    def known(self, lines: Sequence[NewLine], once: Sequence[bool]) -> list[int | None]:
        """For each line the seq of the line that it repeats, in the sense of `Store.append`; -(i + 1) where that is
        `lines[i]`; None where it is new. Sure only where all lines of a feed with the same bytes come by one partition.
        """

    def lock(self, names: Collection[str]) -> None:
        """Lock names, waiting for whoever has them. All at once: a second call may run into a deadlock."""

    def try_lock(self, names: Collection[str]) -> bool:
        """Lock names, if nobody has any of them; never waits, and locks none where it says no."""

    def share_reference(self) -> None:
        """Have reference data stay as it is until the end. Whoever derives does so."""

    def own_reference(self) -> None:
        """Have nobody else derive until the end. Whoever changes reference data, or wakes everybody, does so."""

    def hold_epoch(self, instance: str, epoch: int) -> bool:
        """Whether this is still the newest process of its name. While it is, no newer one starts until the end."""

    def take_time(self) -> None:
        """Have the server wait minutes for this transaction's caller, who has much to think about."""


class ClusterStore(Store, Protocol):
    """A store with several writing processes."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A transaction on a connection of its own: durable when the block ends, undone when it raises.

        Raises:
            WorldIsAway: also at the end of the block; whether it was committed is not known then: look at the cursors.
        """

    def raise_epoch(self, instance: str) -> int:
        """The number of a process that starts under a name: higher than those of all that did before."""

    def cursors_now(self, partitions: Collection[Partition]) -> dict[Partition, Cursor]:
        """The cursors of partitions as committed; those that were never read are missing. Waits for nobody: within
        seconds there is an answer, or WorldIsAway.
        """

    def now(self) -> Instant:
        """The store's clock."""

    def note_answered(self, rows: Sequence[tuple[bytes, Instant, Answered]]) -> None:
        """As `answered`, by a listener that does not know the line's seq: SHA-256 of its body, its receipt, and the row
        with seq 0. `acks` finds it once the line stands in the journal; which comes first does not matter.
        """

    def answers_of(self, asked: Sequence[tuple[str, bytes, Instant]]) -> list[tuple[Instant, bytes | None] | None]:
        """For each (feed, SHA-256 of the body, receipt): when the same was first said within seven days, and what was
        answered; None where it was not. What a listener has noted counts as soon as it is written.
        """
