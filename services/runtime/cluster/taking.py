"""Take records of Kafka into the store: a batch is one transaction, which the cursor rows make exactly-once."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from models.errors import WorldIsAway
from models.time import Instant
from services.runtime.cluster import shards
from services.runtime.cluster.cursors import untaken
from services.runtime.cluster.ending import Ending, Superseded
from services.runtime.cluster.holding import Contended, Held
from services.runtime.cluster.lines import Said, numbered, said_by, whole
from services.runtime.cluster.records import Record
from services.runtime.cluster.rules import check_rules
from services.runtime.faults import fault
from services.runtime.isolating import isolated
from services.runtime.pipeline import Pipeline
from services.runtime.portions import by_size
from services.runtime.store.cluster_contract import ClusterStore, Cursor, Partition, Transaction

log = logging.getLogger(__name__)

FIRST_WAIT_S, LONGEST_WAIT_S = 0.05, 2.0
"""Between two tries of a batch while the world is away."""
TOGETHER_BYTES = 512 * 1024
"""Of values in one transaction, room for a full batch of messages or one chunk of a table: others wait for the rows
that it holds, and the server waits but seconds for us."""
LONG_S = 4.0
"""What failed after so long may have been too much: the server ends a transaction that keeps it waiting."""
CHANGING = frozenset({"facilities", "decisions"})
"""Kinds of lines that may change what everybody is derived with; a decision may have a facility read again."""

_WOKEN_MAX = 1_000
"""More than are ever asked for: fewer members are woken together only after that took too long."""

Work = Callable[[Transaction, Sequence[Record], Held], None]


class Watch(Protocol):
    """Hears how the work goes; health and metrics are made of it."""

    def took(self, records: int, seconds: float) -> None:
        """A batch is durable."""

    def tries_again(self, problem: str) -> None:
        """Something could not be written now."""

    def goes_on(self) -> None:
        """What was tried again is done."""


class Taker:
    """Takes batches, and wakes members whose time has come. For one thread.

    Args:
        pipeline: over `store`, by the rules that it was derived with (`adopt_rules`); `digest` is theirs.
        instance, epoch: who we are (`ClusterStore.raise_epoch`).
    """

    def __init__(
        self,
        store: ClusterStore,
        pipeline: Pipeline,
        digest: str,
        instance: str,
        epoch: int,
        watch: Watch,
    ) -> None:
        self._store, self._pipeline, self._digest = store, pipeline, digest
        self._instance, self._epoch = instance, epoch
        self._watch = watch
        self._woken_together = _WOKEN_MAX
        self.starts: dict[Partition, int] = {}
        """Where reading of partitions began; it counts until they have a cursor."""

    def take(self, records: Sequence[Record]) -> None:
        """Take records of any partitions, each partition's in order of offset; returns when all are durable. Those that
        are more than a transaction should hold are taken in several.

        While the database is away it is tried again, for ever. A record that breaks us goes to quarantine alone.

        Raises:
            Ending: the process must end.
        """
        for portion in by_transaction(records):
            started = time.monotonic()
            isolated(lambda some: self._again(some, self._process), self._give_up, portion)
            self._watch.took(len(portion), time.monotonic() - started)

    def wake(self, as_of: Instant, limit: int, mine: Callable[[str], bool], shard: int) -> int:
        """Derive members whose time has come by an instant; give their number. Nobody is waited for.

        Args:
            mine: members whom no other worker looks for; others are taken when none of these is due.
            shard: of the counters (`shards.of_waking`).

        A member that breaks us is set aside alone.

        Raises:
            WorldIsAway: also when another worker holds one of them; try again later.
        """
        with self._transaction() as transaction:
            due = transaction.due(as_of, 4 * limit)
        chosen = ([member_id for member_id in due if mine(member_id)] or due)[: min(limit, self._woken_together)]

        def set_aside(member_id: str, error: Exception) -> None:
            with self._waking(shard):
                self._pipeline.set_aside(member_id, error)

        if chosen:
            isolated(lambda some: self._derive(some, as_of, shard), set_aside, chosen)
        self._watch.goes_on()  # also where another worker has done what failed here
        return len(chosen)

    def check_identity(self) -> None:
        """See whether no other process has started under our name.

        Raises:
            Superseded: one has.
        """
        with self._transaction():
            pass

    def _derive(self, member_ids: Sequence[str], as_of: Instant, shard: int) -> None:
        began = time.monotonic()
        try:
            with self._waking(shard, patient=self._woken_together == 1):
                self._pipeline.derive_at(member_ids, as_of)
        except Contended:
            raise
        except WorldIsAway as away:
            self._watch.tries_again(str(away))
            if time.monotonic() - began > LONG_S:
                self._woken_together = max(1, len(member_ids) // 2)
            raise
        self._woken_together = min(_WOKEN_MAX, max(self._woken_together, 2 * len(member_ids)))

    @contextmanager
    def _waking(self, shard: int, *, patient: bool = False) -> Iterator[None]:
        """A transaction in which members are derived, nobody being waited for."""
        with self._transaction(patient=patient) as transaction:
            check_rules(transaction, self._digest)
            with self._pipeline.over(transaction, Held(transaction, waits=False), shard):
                yield
            fault("before_commit")

    # -- one batch ----------------------------------------------------------------------------------------------------

    def _again(self, records: Sequence[Record], work: Work) -> None:
        """Do some work on records until it is done: what hinders it lies in the world, not in them."""
        wait_s, names, patient = FIRST_WAIT_S, frozenset[str](), False
        while True:
            began = time.monotonic()
            try:
                self._once(records, names, work, patient=patient)
            except Ending:
                raise
            except Contended as contended:
                names |= contended.names
            except WorldIsAway as away:
                # Also where nobody knows whether it was committed: the cursors will tell.
                self._watch.tries_again(str(away))
                log.warning("a batch is tried again", extra={"problem": str(away)})
                if time.monotonic() - began > LONG_S:
                    # Half the batch has less to think about; one record takes as long as it takes.
                    middle = len(records) // 2
                    patient = not middle
                    if middle:
                        self._again(records[:middle], work)
                    records = records[middle:]
                time.sleep(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
            else:
                return

    def _once(self, records: Sequence[Record], names: Collection[str], work: Work, *, patient: bool) -> None:
        told: dict[Partition, list[Record]] = defaultdict(list)
        for record in records:
            told[record.place].append(record)
        with self._transaction(patient=patient) as transaction:
            cursors = transaction.cursors(told.keys())
            fresh = {
                place: untaken(told[place], cursors[place], self.starts.get(place, told[place][0].offset))
                for place in sorted(told)
            }
            if taken := [record for each in fresh.values() for record in each]:
                transaction.move({place: _moved(cursors[place], each) for place, each in fresh.items() if each})
                work(transaction, taken, Held(transaction, names))
                fault("before_commit")
        fault("after_commit")

    def _process(self, transaction: Transaction, records: Sequence[Record], held: Held) -> None:
        told = [said_by(record) for record in records]
        known = transaction.known([each.line for each in told], [each.is_live for each in told])
        new = [each for each, seq in zip(told, known, strict=True) if seq is None]
        if not new:
            return
        if any(each.line.kind in CHANGING for each in new):
            transaction.own_reference()
        check_rules(transaction, self._digest)
        lines = [each.line for each in new]
        with self._pipeline.over(transaction, held, shards.of_records(records)):
            self._pipeline.attempt(numbered(lines), bulk=not _is_awaited(new), kept=lines)

    def _give_up(self, record: Record, error: Exception) -> None:
        """Keep a record that breaks us, and let the cursor go on. What cannot even be kept as the line that it is, such
        as one that the store refuses, is kept whole.
        """

        def kept(as_line: Callable[[Record], Said]) -> Work:
            def work(transaction: Transaction, records: Sequence[Record], held: Held) -> None:
                lines = [as_line(each).line for each in records]
                check_rules(transaction, self._digest)
                with self._pipeline.over(transaction, held, shards.of_records(records)):
                    self._pipeline.give_up(numbered(lines)[0], error, lines)

            return work

        isolated(
            lambda some: self._again(some, kept(said_by)), lambda one, _: self._again([one], kept(whole)), [record]
        )

    @contextmanager
    def _transaction(self, *, patient: bool = False) -> Iterator[Transaction]:
        with self._store.transaction() as transaction:
            if patient:
                transaction.take_time()
            if not transaction.hold_epoch(self._instance, self._epoch):
                raise Superseded(f"another process has started as {self._instance!r}: give each its own --instance.")
            yield transaction


def by_transaction(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Records in order, a transaction's worth at a time."""
    return by_size(records, _size, TOGETHER_BYTES)


def _size(record: Record) -> int:
    return len(record.value or b"")


def _moved(cursor: Cursor, records: Sequence[Record]) -> Cursor:
    return Cursor(records[-1].offset, records[-1].sha256, cursor.clear_until)


def _is_awaited(told: Sequence[Said]) -> bool:
    """What comes live is derived at once; of lines from files each member is derived once, later."""
    return any(each.is_live for each in told)
