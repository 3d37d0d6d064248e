"""The names that a transaction holds while it reads, derives and writes (design §9, rules 4 and 5)."""

from collections.abc import Collection

from models.errors import WorldIsAway
from services.runtime.store.cluster_contract import Transaction


class Contended(WorldIsAway):
    """Somebody else holds a row that turned out to be needed: begin anew, and wait for all `names` from the start."""

    def __init__(self, names: Collection[str]) -> None:
        super().__init__("rows of the batch are held by another worker.")
        self.names = frozenset(names)


class Held:
    """`services.runtime.workset.Hold` of a transaction.

    The first call waits for its names, all in one order. Rows that turn out to be needed later must be free. So every
    row is held before it is read, and two transactions never wait for each other in a ring.

    Args:
        names: those that an earlier try turned out to need.
        waits: whether the first call may wait.
    """

    def __init__(self, transaction: Transaction, names: Collection[str] = (), *, waits: bool = True) -> None:
        self._transaction, self._names, self._waits = transaction, set(names), waits
        self._held: set[str] = set()

    def __call__(self, names: Collection[str]) -> None:
        wanted = set(names) - self._held
        if self._waits:
            self._waits = False
            wanted |= self._names
            self._transaction.lock(wanted)
        elif wanted and not self._transaction.try_lock(wanted):
            raise Contended(self._held | wanted)
        self._held |= wanted
