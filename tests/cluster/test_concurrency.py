"""Laws: whatever is told, however it is cut, repeated, raced and interrupted, a cluster ends where one process does."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.member.shelf import thaw_view
from services.runtime.cluster import taking
from services.runtime.cluster.records import Record
from services.runtime.faults import FaultAsked
from services.runtime.store.contract import Batch, Reader
from services.runtime.store.postgres_transaction import PostgresTransaction
from services.status.questions import Questions
from services.status.shapes import member_json
from tests import wire
from tests.cluster.agreeing import effects_agree
from tests.cluster.desks import Desk, Log, logged
from tests.cluster.partitions import partition, raw
from tests.cluster.recounting import recounted
from tests.end_to_end.running import PATIENCE_S, adt, roster
from tests.laws.histories import EXAMPLES, INSTANTS, START, Line, histories, muddles
from tests.scribe import ZONE
from tests.worlds import Told, setup
from topics.declared import RAW
from topics.raw import RawLine

law = settings(
    max_examples=max(1, EXAMPLES // 8), deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)  # fmt: skip
"""Threads race: the same example need not fail twice, so none is made smaller."""
WORKERS = 3
ROUNDS = 200


class Crash(BaseException):
    """The process is gone."""


class Group:
    """Workers of one store, which partitions wander between; each may crash, and is started again.

    Args:
        dice: decides what befalls them. It is asked by all of them, so the order of the answers is not the same twice.
    """

    def __init__(self, url: str, log: Log, dice: random.Random) -> None:
        self.url, self.log, self.dice, self.store = url, log, dice, f"w{uuid4().hex[:8]}"
        self.desks = [self._opened(number) for number in range(WORKERS)]

    def _opened(self, number: int) -> Desk:
        return Desk(self.url, self.store, setup(), f"worker-{number}")

    def work(self) -> None:
        """Take everything; who has which partition changes as long as something is left."""
        with self._misfortunes(), ThreadPoolExecutor(WORKERS) as threads:
            while left := [number for number in self.log if self._next(number) < len(self.log[number])]:
                shares: list[list[int]] = [[] for _ in self.desks]
                for number in left:
                    # Now and then two believe that they have it: one of them was frozen, and has woken.
                    for worker in self.dice.sample(range(WORKERS), self.dice.choice([1, 1, 2])):
                        shares[worker].append(number)
                for each in [threads.submit(self._turn, number, share) for number, share in enumerate(shares)]:
                    each.result()

    def close(self) -> None:
        for desk in self.desks:
            desk.store.close()

    def _turn(self, worker: int, numbers: Sequence[int]) -> None:
        """Take some batches of one's partitions, each from its cursor on, or from a place before."""
        batches = []
        for number in numbers:
            start = max(0, self._next(number) - self.dice.choice([0, 0, 1, 3]))
            rest = self.log[number][start : start + self.dice.randint(4, 20)]
            while rest:
                size = self.dice.randint(1, 8)
                batches.append(rest[:size])
                rest = rest[size:]
        # In order within each partition; a batch may bring some of two.
        batches.sort(key=lambda batch: batch[0].offset)
        try:
            while batches:
                together = batches[: self.dice.choice([1, 1, 2])]
                del batches[: len(together)]
                self.desks[worker].taker.take([record for batch in together for record in batch])
                if self.dice.random() < 0.3:
                    self.desks[worker].settle(START + timedelta(days=self.dice.randint(0, 60)))
        except Crash:
            self.desks[worker].store.close()
            self.desks[worker] = self._opened(worker)

    def _next(self, number: int) -> int:
        """Where a worker would begin to read."""
        found = self.desks[0].store.cursors_now([(RAW.name, number)])
        taken = found[RAW.name, number].offset if found else None
        return 0 if taken is None else taken + 1

    @contextmanager
    def _misfortunes(self) -> Iterator[None]:
        """Before and after a commit the process may end, and the connection break. The time between reading and writing
        is made longer, so that others come between.
        """
        commit = PostgresTransaction.commit

        def linger(transaction: PostgresTransaction, batch: Batch) -> None:
            time.sleep(self.dice.choice([0, 0, 0.01]))
            commit(transaction, batch)

        def befall(point: str) -> None:
            fate = self.dice.random()
            if fate < 0.05:
                raise Crash
            if fate < 0.15:
                raise FaultAsked(f"fault {point}: a test asked for this failure.")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(PostgresTransaction, "commit", linger)
            patch.setattr(taking, "fault", befall)
            patch.setattr(taking, "FIRST_WAIT_S", 0.001)
            yield


@given(st.one_of(histories(), muddles()), st.integers(0, 2**32), st.lists(INSTANTS, min_size=2, max_size=2))
@law
def test_partitions_batches_repeats_and_crashes_leave_no_trace(
    database: str, tmp_path: Path, journal: list[Line], seed: int, at: list[datetime]
) -> None:
    dice = random.Random(seed)
    told = [raw(line, live=line["kind"] == "hl7v2" and dice.random() < 0.7) for line in journal]
    log = logged(sorted([*told, *dice.sample(told, len(told) // 3)], key=lambda _: dice.random()))
    group = Group(database, log, dice)
    try:
        group.work()
        store = group.desks[1].store
        assert recounted(store, tmp_path)[0] == [], f"seed {seed}"  # before time has everybody derived again
        group.desks[0].settle(datetime.now(UTC))
        oracle = Told(journal)
        for instant in at:
            assert views(store, instant) == oracle.json(instant), f"seed {seed}"
        agree_with_a_recount(store, {(x.feed, x.kind, x.received_at, x.body) for x in told}, tmp_path)
    finally:
        group.close()


def test_an_admission_and_its_roster_row_find_each_other_whoever_is_first(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two partitions, two workers, the same instant, two hundred times."""
    monkeypatch.setattr(wire, "cin", lambda member: f"9{member[1:]:0>7}A")
    now = datetime.now(ZONE).replace(microsecond=0)
    names = [f"M{number}" for number in range(ROUNDS)]
    admissions = [
        RawLine("F1", now - timedelta(hours=1), "hl7v2", adt("A01", f"1-{name}", name), is_live=True) for name in names
    ]
    rows = [RawLine("plan-a", now, "roster", roster(name).encode(), is_live=True) for name in names]
    store = f"w{uuid4().hex[:8]}"
    desks = [Desk(database, store, setup(), f"worker-{number}") for number in range(2)]
    start = threading.Barrier(2)

    def take(desk: Desk, partition: Sequence[Record]) -> None:
        for record in partition:
            start.wait(PATIENCE_S)
            desk.taker.take([record])

    try:
        with ThreadPoolExecutor(2) as threads:
            told = [partition(number, *lines) for number, lines in enumerate((admissions, rows))]
            for each in [threads.submit(take, desk, records) for desk, records in zip(desks, told, strict=True)]:
                each.result()
        found = desks[0].store.members(names)
        assert {name: [stay.status for stay in thaw_view(row.view).stays] for name, row in found.items()} == {
            name: ["active"] for name in names
        }
        assert recounted(desks[0].store, tmp_path)[0] == []
    finally:
        for desk in desks:
            desk.store.close()


def views(reader: Reader, at: datetime) -> dict[str, object]:
    """What `members --json` says."""
    found = Questions(reader, setup().reference).views(at, "")
    return {member_id: member_json(member_id, view, ZONE, at) for member_id, view in found}


def agree_with_a_recount(reader: Reader, lines: set[tuple[object, ...]], folder: Path) -> None:
    """Numbers without a gap, a whole chain, and counters that count what is there."""
    journal = reader.lines(0, 10_000)
    assert [line.seq for line in journal] == list(range(1, len(lines) + 1))
    assert {(line.feed, line.kind, line.received_at, line.body) for line in journal} == lines
    assert reader.head() == reader.cursor() == len(lines)
    assert reader.broken_chain() == []
    effects_agree(reader, setup())
    assert reader.task_counts() == Counter((task.rule, task.state) for task in reader.tasks())
    linked = {"parked"}  # of a recount nobody is derived, so nobody is known to belong to anybody
    differences, counts = recounted(reader, folder)
    assert differences == []
    assert without(reader.counts(), linked) == without(counts, linked)


def without(counts: dict[str, int], names: set[str]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if name not in names}
