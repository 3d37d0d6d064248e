"""Up to when nothing is left unread: by what instant members may be judged by time alone (design §9, rule 7)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec

from models.time import Instant
from services.runtime.cluster.cursors import cut_off
from services.runtime.store.cluster_contract import ClusterStore, Partition

MARGIN = timedelta(seconds=2)
"""What was received by then may still be on its way to the broker; clocks of listeners and database may differ so much.
While a broker is slower (`connectors.kafka.producer.DELIVERY_S`), what comes late is judged late: a task may be told to
be overdue for a moment.
"""
FRESH = timedelta(seconds=8)
"""A partition that was not known to be read for longer has a backlog, or nobody reads it: time waits for it."""


class Clearing:
    """Keeps with each partition until when all of it was read, and says what follows for everybody.

    Args:
        partitions: all of the topic that brings what happens as it happens; bulk files are not waited for.
    """

    def __init__(self, store: ClusterStore, partitions: Sequence[Partition]) -> None:
        self._store, self._partitions = store, partitions
        self._taken: dict[Partition, int] = {}

    def behind(self, ends: Mapping[Partition, int], starts: Mapping[Partition, int]) -> int:
        """How many records nobody has taken yet, whoever reads their partitions; arguments as of `note`.

        Raises:
            OtherTopic: a log ends before what had been taken of it when this was last asked.
        """
        for partition, end in ends.items():
            if end < self._taken.get(partition, 0):
                raise cut_off(*partition, end)
        cursors = self._store.cursors_now(ends.keys())
        self._taken = {place: cursor.offset + 1 for place, cursor in cursors.items() if cursor.offset is not None}
        return sum(max(0, end - self._taken.get(place, starts.get(place, 0))) for place, end in ends.items())

    def note(self, ends: Mapping[Partition, int], starts: Mapping[Partition, int], at: Instant) -> int:
        """Note which partitions are read to the end; give how many records are left in the others.

        Args:
            ends: the offset behind the last record of each partition, as of `at`.
            starts: where reading began, for those without a cursor.
        """
        behind = 0
        with self._store.transaction() as transaction:
            cursors = transaction.cursors(ends.keys())
            clear = {}
            for partition, cursor in cursors.items():
                position = starts.get(partition, 0) if cursor.offset is None else cursor.offset + 1
                behind += max(0, ends[partition] - position)
                known, until = cursor.clear_until, at - MARGIN
                # One that lies ahead was noted by a clock that has been put back.
                if position >= ends[partition] and (known is None or known < until or known > at):
                    clear[partition] = msgspec.structs.replace(cursor, clear_until=until)
            transaction.move(clear)
        return behind

    def until(self) -> Instant | None:
        """No record is unread that was received before this instant; None: nothing is known."""
        cursors = self._store.cursors_now(self._partitions)
        clear = [cursors[each].clear_until if each in cursors else None for each in self._partitions]
        known = [until for until in clear if until is not None]
        return min(known) if len(known) == len(clear) else None

    def as_of(self, until: Instant | None) -> Instant | None:
        """The instant by which members may be judged; None while a partition has a backlog."""
        if until is None:
            return None
        age = self._store.now() - until
        return until if timedelta() <= age <= FRESH else None  # below: the database's clock was put back
