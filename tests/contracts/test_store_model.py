"""Any history of calls gives what a store of dictionaries gives."""

import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from models.measure import CounterKey, Sums
from models.owner import Owner
from models.traffic import SLOT, FeedCount, Telling
from services.runtime.store.contract import Batch, MemberRow, NewLine, PatientRow, Store, TaskRow
from services.runtime.store.postgres import PostgresStore
from services.runtime.store.sqlite import SqliteStore
from tests.contracts.test_store import reopened

T0 = datetime(2025, 3, 6, tzinfo=UTC)
FEEDS = st.sampled_from(["F1", "F2"])
BODIES = st.sampled_from([b"a", b"b", b"c"])
TIMES = st.integers(0, 20).map(lambda days: T0 + timedelta(days=days))
LINES = st.lists(st.builds(NewLine, FEEDS, TIMES, st.just("hl7v2"), BODIES), max_size=4)
WORDS = st.sampled_from(["M1", "M2", "M3"])
IDENTIFIERS = st.lists(st.tuples(st.sampled_from(["cin", "mbi"]), WORDS), max_size=2).map(tuple)


class StoreAndModel(RuleBasedStateMachine):
    """Runs the same calls on a store and on dictionaries."""

    url: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.namespace = f"w{uuid.uuid4().hex[:8]}"
        self.store = self._opened()
        self.lines: list[NewLine] = []
        self.wakes: dict[str, datetime | None] = {}
        self.tasks: dict[str, str] = {}
        self.identifiers: dict[str, set[tuple[str, str]]] = {}
        self.traffic: Counter[tuple[str, datetime]] = Counter()
        self.delays: Counter[tuple[str, datetime, int]] = Counter()
        self.told: dict[str, list[Telling]] = {}
        self.counters: Counter[str] = Counter()

    def _opened(self) -> Store:
        if self.url:
            return PostgresStore.open(self.url, self.namespace, now=lambda: T0)
        return SqliteStore.open(self.folder, now=lambda: T0)

    def _known(self, line: NewLine, once: bool) -> bool:
        same = [each.received_at for each in self.lines if (each.feed, each.body) == (line.feed, line.body)]
        days = timedelta(days=7) if once else timedelta(0)
        return any(line.received_at - days <= at <= line.received_at for at in same)

    @rule(lines=LINES, once=st.booleans())
    def append(self, lines: list[NewLine], once: bool) -> None:
        appended = self.store.append(lines, once=once).result()
        for line, told in zip(lines, appended, strict=True):
            assert told.repeat == self._known(line, once)
            if not told.repeat:
                self.lines.append(line)
                assert told.seq == len(self.lines)

    @rule(member_id=WORDS, wake=st.none() | TIMES, tasks=st.sets(st.sampled_from(["a", "b", "c"])))
    def bring_member(self, member_id: str, wake: datetime | None, tasks: set[str]) -> None:
        ids = {f"{member_id}/{each}" for each in tasks}
        rows = [TaskRow(each, member_id, "r", "open", None, Owner(), b"") for each in sorted(ids)]
        self.store.commit(Batch(members=[MemberRow(member_id, b"", (), b"", b"", None, wake, False)], tasks=rows))
        self.wakes[member_id] = wake
        self.tasks = {k: v for k, v in self.tasks.items() if v != member_id} | dict.fromkeys(ids, member_id)

    @rule(names=st.sets(WORDS), everybody=st.booleans())
    def wake(self, names: set[str], everybody: bool) -> None:
        self.store.commit(Batch(wake=names, wake_all=everybody))
        for name in self.wakes:
            if everybody or name in names:
                self.wakes[name] = datetime(1970, 1, 1, tzinfo=UTC)

    @rule(key=WORDS, identifiers=IDENTIFIERS)
    def bring_patient(self, key: str, identifiers: tuple[tuple[str, str], ...]) -> None:
        self.store.commit(Batch(patients=[PatientRow(key, b"", identifiers)]))
        self.identifiers.setdefault(key, set()).update(identifiers)

    @rule(feed=FEEDS, at=TIMES, messages=st.integers(0, 3), bound=st.sampled_from([1, 5]), anew=st.booleans())
    def count(self, feed: str, at: datetime, messages: int, bound: int, anew: bool) -> None:
        row = FeedCount(feed, at, messages, last_at=at, delays={bound: messages})
        self.store.commit(Batch(traffic=[row, row], traffic_anew=anew))
        if anew:
            self.traffic.clear()
            self.delays.clear()
        self.traffic[feed, at] += 2 * messages
        self.delays[feed, at, bound] += 2 * messages

    @rule(member_id=WORDS, feeds=st.sets(FEEDS), at=TIMES)
    def tell_first(self, member_id: str, feeds: set[str], at: datetime) -> None:
        self.told[member_id] = [Telling(f"of {member_id}", feed, at) for feed in sorted(feeds)]
        self.store.commit(Batch(tellings={member_id: self.told[member_id]}))

    @rule(counts=st.dictionaries(WORDS, st.integers(-2, 2)))
    def count_measures(self, counts: dict[str, int]) -> None:
        self.store.commit(Batch(counters={CounterKey(key, "1", "2025"): Sums(n, units=n) for key, n in counts.items()}))
        self.counters.update(counts)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = reopened(self._opened)

    @invariant()
    def they_agree(self) -> None:
        kept = self.store.lines(0, 1000)
        assert [(each.feed, each.body, each.received_at) for each in kept] == [
            (each.feed, each.body, each.received_at) for each in self.lines
        ]
        asleep = sorted((at, name) for name, at in self.wakes.items() if at is not None)
        assert self.store.due(T0 + timedelta(days=99), 99) == [name for _, name in asleep]
        assert self.store.next_wake() == (asleep[0][0] if asleep else None)
        assert {row.task_id: row.member_id for row in self.store.tasks()} == self.tasks
        found = self.store.patients(["M1", "M2", "M3"])
        assert {key: set(row.identifiers) for key, row in found.items()} == self.identifiers
        assert self.store.broken_chain() == []
        counters = {key.measure: sums.units for key, sums in self.store.measure_counts().items()}
        assert counters == {key: n for key, n in self.counters.items() if n}
        end = T0 + timedelta(days=99)
        counts = [row for feed in ("F1", "F2") for row in self.store.traffic(feed, T0, end, SLOT)]
        assert {(row.feed, row.since): row.messages for row in counts} == self.traffic
        assert {(row.feed, row.since, bound): n for row in counts for bound, n in row.delays.items()} == self.delays
        assert self.store.tellings(T0, end) == [told for _, told in sorted(self.told.items()) if len(told) > 1]

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)


class PostgresAndModel(StoreAndModel):
    """The same in a database."""


OFTEN = settings(max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck))
TestStoreAndModel = StoreAndModel.TestCase
TestStoreAndModel.settings = OFTEN


@pytest.fixture
def address(database: str) -> Iterator[str]:
    PostgresAndModel.url = database
    yield database
    PostgresAndModel.url = ""


def test_any_history_in_a_database_gives_what_dictionaries_give(address: str) -> None:
    run_state_machine_as_test(PostgresAndModel, settings=OFTEN)
