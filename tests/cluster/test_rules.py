"""The twelve rules that make a cluster exactly-once (docs/explanation/cluster.md), and what happens without each.

Every story is told twice: as the program is, and with the mechanism taken away (`without`), where the promise breaks.
"""

import asyncio
import json
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import ProducerFenced

from models.errors import WorldIsAway
from services.member.shelf import Shelf, thaw_view
from services.runtime import faults, horizon, isolating, pipeline
from services.runtime.cluster import sending, taking, worker
from services.runtime.cluster.clearing import MARGIN, Clearing
from services.runtime.cluster.consuming import _Consumer
from services.runtime.cluster.ending import Ending, Gap, OtherRules, OtherTopic, Superseded, TopicGrew
from services.runtime.cluster.holding import Held
from services.runtime.cluster.lines import said_by
from services.runtime.cluster.marks import Mark
from services.runtime.cluster.progress import Progress
from services.runtime.cluster.records import Record
from services.runtime.cluster.sending import Sender
from services.runtime.pipeline import DERIVE_FAILED, PROCESSING_FAILED, Pipeline
from services.runtime.recall import Circle
from services.runtime.store import postgres_committing, postgres_locks, postgres_text
from services.runtime.store import postgres_queries as queries
from services.runtime.store.cluster_contract import Cursor, Partition
from services.runtime.store.committing import Tail
from services.runtime.store.contract import Batch, MemberRow, walk_members
from services.runtime.store.postgres import PostgresStore
from services.runtime.store.postgres_connecting import Use
from services.runtime.store.postgres_transaction import PostgresTransaction, cursor_of
from services.runtime.store.sqlite import SqliteStore
from services.runtime.workset import member_name
from services.wiring.clock import Clock
from tests.cluster.desks import Desk, Log
from tests.cluster.faustless import Faustless, lived
from tests.cluster.overtaking import PATIENCE_S, Workers, until
from tests.cluster.partitions import partition, raw
from tests.cluster.recounting import recounted
from tests.scribe import ZONE, Line, Scribe
from tests.servers.kafka import Broker
from topics import heads
from topics.declared import RAW, TASKS
from topics.raw import RawLine
from topics.undecoded import FEED, KIND, Undecoded, undecoded

NOW = datetime.now(ZONE).replace(microsecond=0)


def ago(**length: float) -> str:
    """An instant as stories write it."""
    return (NOW - timedelta(**length)).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture
def workers(database: str) -> Iterator[Workers]:
    opened = Workers(database)
    yield opened
    opened.close()


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Takes a mechanism away."""
    return monkeypatch


def opening(*members: str) -> list[Line]:
    """The registry of facilities, and the roster."""
    return Scribe().opening(members)


def begun(desk: Desk, *members: str) -> None:
    """A store in which a partition has brought the registry and the roster."""
    desk.taker.take(partition(9, *opening(*members)))


def kept(desk: Desk) -> list[str]:
    """The bodies in the journal, in order; openings are left out."""
    return [line.body.decode() for line in desk.store.lines(0, 1_000) if line.kind not in ("facilities", "roster")]


def cursor(desk: Desk, number: int = 0) -> int | None:
    found = desk.store.cursors_now([(RAW.name, number)])
    return found[RAW.name, number].offset if found else None


def differences(desk: Desk, folder: Path) -> bool:
    """Whether `verify` finds any."""
    return bool(recounted(desk.store, folder)[0])


def stays(desk: Desk, member_id: str = "M1") -> list[str]:
    """Of the stays of a member's record, how they stand."""
    row = desk.store.members([member_id])[member_id]
    return [stay.status for stay in thaw_view(row.view).stays]


def ends_with(work: Callable[[], object]) -> type[BaseException] | None:
    """The error by which a worker would end."""
    try:
        work()
    except (Ending, ValueError, AssertionError) as error:
        return type(error)
    return None


def visits(scribe: Scribe, count: int) -> list[Line]:
    """Messages of one visit, each another one."""
    lines = [scribe.write(ago(hours=20), "A01 admit V1")]
    return [*lines, *(scribe.write(ago(hours=20 - n), f"A08 V1 dx=I{n}") for n in range(1, count))]


# 1. Reading starts at the cursor, wherever Kafka believes that it should: see test_faust.py too.


def test_a_partition_is_read_from_its_cursor_on(workers: Workers) -> None:
    desk = workers.one()
    log: Log = {0: partition(0, *visits(Scribe(), 6))}
    life = Faustless(desk, {0: log[0][:3]}, partitions=1)
    asyncio.run(life.read(0))
    later = Faustless(desk, log, partitions=1)
    asyncio.run(later.read(0))
    assert (cursor(desk), len(kept(desk))) == (5, 6)


async def test_a_seek_that_takes_too_long_ends_the_worker(without: pytest.MonkeyPatch) -> None:
    """Faust gives up waiting after `broker_request_timeout`, and from then on reads nothing for ever."""
    codes = list[int]()
    without.setattr("services.runtime.cluster.consuming.SEEK_S", 0.02)
    without.setattr("services.runtime.cluster.consuming.logging.shutdown", lambda: None)
    without.setattr("services.runtime.cluster.consuming.os._exit", codes.append)
    consumer = _consumer(lambda: asyncio.sleep(60))
    with suppress(Ending):
        await consumer.perform_seek()
    assert codes == [75]

    without.setattr("services.runtime.cluster.consuming.SEEK_S", 60)
    with suppress(TimeoutError):
        await asyncio.wait_for(consumer.perform_seek(), 0.1)
    assert codes == [75]  # it sits there


async def test_two_seeks_at_once_are_done_one_after_the_other(without: pytest.MonkeyPatch) -> None:
    """A rebalance and a fetch both seek. What each reads of cursors and then tells Faust belongs together."""
    steps = list[str]()

    async def seek() -> None:
        steps.append("reads")
        await asyncio.sleep(0.01)
        steps.append("tells")

    async def both() -> list[str]:
        steps.clear()
        consumer = _consumer(seek)
        if is_unlocked:
            consumer._seeking = suppressing()  # type: ignore[assignment]
        await asyncio.gather(consumer.perform_seek(), consumer.perform_seek())
        return steps

    class suppressing(suppress):  # noqa: N801  # a lock that holds nobody
        async def __aenter__(self) -> None: ...
        async def __aexit__(self, *_: object) -> None: ...

    is_unlocked = False
    assert await both() == ["reads", "tells", "reads", "tells"]
    is_unlocked = True
    assert await both() == ["reads", "reads", "tells", "tells"]


def _consumer(seek: Callable[[], Any]) -> _Consumer:
    """Faust's consumer without Faust."""
    consumer = object.__new__(_Consumer)
    consumer._seeking = asyncio.Lock()
    consumer._seek_to_cursors = seek  # type: ignore[method-assign]
    return consumer


# 2. The next record, and no other.


def test_a_batch_that_was_left_out_is_noticed_by_the_next_one(workers: Workers, without: pytest.MonkeyPatch) -> None:
    """An agent that raised goes on with the batch behind."""

    def story() -> tuple[object, int]:
        desk = workers.one()
        log: Log = {0: partition(0, *visits(Scribe(), 6))}
        desk.taker.take(log[0][:2])
        ended = ends_with(lambda: desk.taker.take(log[0][4:]))
        asyncio.run(Faustless(desk, log, partitions=1).read(0))  # its supervisor starts it again
        return ended, len(kept(desk))

    assert story() == (Gap, 6)
    without.setattr(
        taking, "untaken", lambda some, at, _: [x for x in some if at.offset is None or x.offset > at.offset]
    )
    assert story() == (None, 4)


# 3. A topic that is not the one that was read.


def test_a_topic_that_was_made_anew_is_not_skipped(workers: Workers, without: pytest.MonkeyPatch) -> None:
    def story() -> tuple[object, int]:
        desk = workers.one()
        life = Faustless(desk, {0: partition(0, *visits(Scribe(), 3))}, partitions=1)
        asyncio.run(life.read(0))
        life.log = {0: partition(0, *visits(Scribe(), 6)[::-1])}
        return ends_with(lambda: asyncio.run(life.read(0))), len(kept(desk))

    assert story() == (OtherTopic, 3)
    without.setattr(Record, "sha256", property(lambda _: b"alike"))
    ended, lines = story()
    assert (ended, lines < 6) == (None, True)  # what the new topic begins with is never read


def test_a_topic_that_was_made_anew_and_is_shorter_is_not_waited_for(
    workers: Workers, without: pytest.MonkeyPatch
) -> None:
    def story() -> tuple[object, int]:
        desk = workers.one()
        life = Faustless(desk, {0: partition(0, *visits(Scribe(), 3))}, partitions=1)
        asyncio.run(life.read(0))
        life.log = {0: partition(0, *visits(Scribe(), 5)[4:])}
        return ends_with(lambda: asyncio.run(life.read(0))), len(kept(desk))

    assert story() == (OtherTopic, 3)
    without.setattr(worker, "start_of", lambda topic, number, at, first, end: min(at.offset + 1, end))
    assert story() == (None, 3)


def test_a_log_that_lost_records_beneath_a_running_worker_is_noticed_by_every_worker_while_nothing_comes(
    workers: Workers, without: pytest.MonkeyPatch
) -> None:
    """What comes next would lie on offsets that were taken already, and reach nobody. While a topic is made anew no
    worker has its partitions.
    """
    log = {0: partition(0, *visits(Scribe(), 3)), 1: []}

    async def story(*reads: int) -> None:
        life = Faustless(workers.one(), log, partitions=2)
        await life.read(0)
        await life.beat()
        await life.read(*reads)
        life.log = {0: log[0][:1], 1: []}
        await life.beat()

    for reads in ([0], [1]):
        assert ends_with(lambda reads=reads: asyncio.run(story(*reads))) is OtherTopic
    without.setattr(Clearing, "behind", lambda *_: 0)
    assert ends_with(lambda: asyncio.run(story(1))) is None


def test_a_topic_that_has_more_partitions_than_at_the_start_ends_its_workers(workers: Workers) -> None:
    async def story(count: int, *reads: int) -> None:
        life = Faustless(workers.one(), {0: [], 1: []}, partitions=1)
        life.count = count
        await life.read(*reads)
        await life.beat()

    assert ends_with(lambda: asyncio.run(story(1, 0))) is None
    assert ends_with(lambda: asyncio.run(story(2, 0))) is TopicGrew
    assert ends_with(lambda: asyncio.run(story(1, 0, 1))) is TopicGrew


# 4. What is told of one member on two partitions at once.


def test_an_admission_and_its_roster_row_at_once_find_each_other(
    workers: Workers, without: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def story() -> tuple[list[str], bool]:
        one, other = workers.two()
        one.taker.take(partition(9, *opening()))
        admission, row = Scribe().write(ago(hours=2), "A01 admit V1"), Scribe().write(ago(hours=1), "roster M1")
        workers.overtake(
            lambda: one.taker.take(partition(0, row)),
            lambda: other.taker.take(partition(1, admission)),
        )
        return stays(one), differences(one, tmp_path)

    assert story() == (["active"], False)
    without.setattr(taking, "Held", lambda *_, **__: lambda names: None)
    assert story() == ([], True)


def test_a_message_that_is_read_again_and_a_roster_row_at_once_find_each_other(
    workers: Workers, without: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A decision brings along whatever the quarantined message tells."""

    def story() -> tuple[list[str], bool]:
        one, other = workers.two()
        one.taker.take(partition(9, *opening()))
        scribe = Scribe()
        with pytest.MonkeyPatch.context() as mended_later:
            _break(mended_later, "POISON")
            (poison,) = partition(0, scribe.write(ago(hours=20), "A01 admit V1 pv7=POISON"))
            one.taker.take([poison])
        decided = NOW - timedelta(hours=2)
        said = {"at": decided.isoformat(), "by": "desk", "action": "replay", "message": poison.sha256.hex()}
        word = RawLine("desk", decided, "decisions", json.dumps(said).encode())
        row = scribe.write(ago(minutes=1), "roster M1")
        workers.overtake(
            lambda: one.taker.take(partition(2, row)),
            lambda: other.taker.take(partition(1, word)),
        )
        one.settle(NOW - timedelta(minutes=1))
        return stays(one), differences(one, tmp_path)

    assert story() == (["active"], False)
    names = pipeline.names_in
    without.setattr(taking, "CHANGING", {"facilities"})  # decisions wait for whoever derives, too
    without.setattr(pipeline, "names_in", lambda heard: [] if heard.settled else names(heard))
    assert story() == ([], True)


def test_who_is_derived_while_a_file_tells_more_is_derived_again(
    workers: Workers, without: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What waits for nobody's answer only marks members; whoever marks one holds it."""

    def story() -> tuple[int, bool]:
        one, other = workers.two()
        begun(one, "M1")
        scribe = Scribe()
        log = partition(
            0,
            scribe.write(ago(minutes=20), "A01 admit V1"),
            scribe.write(ago(minutes=5), "A08 V1 no-cin dx=I10"),  # whose it is can be told by the first alone
        )
        loaded = raw(scribe.write(ago(minutes=15), "A01 admit W1 H2 feed=F2 mrn=OTHER"), live=False)
        one.taker.take(log[:1])
        workers.overtake(lambda: one.taker.take(log[1:]), lambda: other.taker.take(partition(1, loaded)))
        one.settle(NOW - timedelta(minutes=5))  # no time has passed that would mend it
        return len(stays(one)), differences(one, tmp_path)

    assert story() == (2, False)
    without.setattr(pipeline, "member_name", lambda _: "nobody")
    assert story() == (1, True)


# 5. One order of locks.


def test_workers_never_wait_for_each_other_in_a_ring(workers: Workers, without: pytest.MonkeyPatch) -> None:
    def story() -> list[str]:
        one, other = workers.two()
        both_hold, said = threading.Barrier(2), list[str]()

        def hold(desk: Desk, first: str, then: str) -> None:
            try:
                with desk.store.transaction() as transaction:
                    held = taking.Held(transaction)
                    held([first])
                    both_hold.wait(PATIENCE_S)
                    held([then])
            except WorldIsAway as away:
                said.append("deadlock" if "deadlock" in str(away) else "begins anew")

        with ThreadPoolExecutor(2) as threads:
            for each in [threads.submit(hold, one, "a", "b"), threads.submit(hold, other, "b", "a")]:
                each.result()
        return said

    assert "deadlock" not in story()
    without.setattr(taking, "Held", lambda transaction: transaction.lock)  # waits, wherever it is
    assert "deadlock" in story()


def test_names_are_locked_in_one_order_by_everybody(workers: Workers, without: pytest.MonkeyPatch) -> None:
    store = workers.one().store
    asked = [f"member M{n}" for n in range(50)]

    def locked(names: Sequence[str]) -> list[Any]:
        """What is asked of the database."""
        keys = list[Any]()
        with pytest.MonkeyPatch.context() as patch, store.transaction() as transaction:
            session = transaction._session
            patch.setattr(session, "write_all", lambda _, rows: keys.extend(rows))
            patch.setattr(session, "rows_of", lambda _, rows: keys.extend(rows))
            transaction.lock(names)
        return keys

    assert locked(asked) == locked(asked[::-1])
    without.setattr(postgres_locks, "_keys", lambda names: [(hash(name),) for name in names])  # as they come
    assert locked(asked) != locked(asked[::-1])


def test_time_waits_for_no_batch(workers: Workers, without: pytest.MonkeyPatch) -> None:
    """Members are woken by whoever finds them free: a batch that holds one of them is not waited for."""

    def story() -> bool:
        one, other = workers.two()
        begun(one, "M1")
        one.taker.take(partition(0, Scribe().write(ago(hours=2), "A01 admit V1")))

        def wake() -> None:
            with suppress(WorldIsAway):
                other.taker.wake(datetime.now(UTC) + timedelta(days=30), 50, lambda _: True, 0)

        with ThreadPoolExecutor(1) as threads:
            with one.store.transaction() as transaction:
                transaction.lock([member_name("M1")])
                woken = threads.submit(wake)
                until(lambda: woken.done() or workers.is_somebody_waiting())
                has_waited = not woken.done()
            woken.result()
        return has_waited

    assert not story()
    without.setattr(taking, "Held", lambda transaction, waits: Held(transaction))
    assert story()


# 6. A frozen worker, and commits that nobody heard of.


HURRY = """
    SELECT set_config(name, (setting::int / 20)::text, true) FROM pg_settings
    WHERE name = 'idle_in_transaction_session_timeout' AND setting = '5000'
"""
"""Have the database lose its patience with a transaction twenty times as soon, if it has what is usual."""


def test_a_worker_that_is_frozen_keeps_nobody_from_its_members(
    workers: Workers, without: pytest.MonkeyPatch, patience: pytest.MonkeyPatch
) -> None:
    patience.undo()
    hold = PostgresTransaction.hold_epoch

    def hurried(transaction: PostgresTransaction, instance: str, epoch: int) -> bool:
        if instance == "frozen":
            transaction._session.rows(HURRY)
        return hold(transaction, instance, epoch)

    def story(patience_s: float) -> tuple[bool, int]:
        store = workers.store()
        frozen, other = workers.one(store, "frozen"), workers.one(store)
        begun(frozen, "M1")
        log = partition(0, *visits(Scribe(), 3))
        has_passed = workers.overtake(
            lambda: frozen.taker.take(log), lambda: other.taker.take(log), patience_s=patience_s
        )
        return has_passed, len(kept(other))

    without.setattr(PostgresTransaction, "hold_epoch", hurried)
    assert story(PATIENCE_S) == (True, 3)
    without.setattr(Use.WORK, "_value_", Use.WORK.value.replace("idle_in_transaction_session_timeout=5s", ""))
    has_passed, _ = story(1.5)
    assert not has_passed


def test_a_commit_that_nobody_heard_of_is_not_done_again(workers: Workers, without: pytest.MonkeyPatch) -> None:
    _break(without, "POISON")

    def story() -> tuple[int, int]:
        desk = workers.one()
        without.setenv("WARMHANDOFF_FAULTS", "after_commit=raise")
        without.setenv("WARMHANDOFF_TESTING", "1")
        without.setattr(faults, "_FAULTS", {})
        desk.taker.take(partition(0, Scribe().write(ago(hours=2), "A01 admit V1 pv7=POISON")))
        return len(kept(desk)), desk.progress.tries

    assert story() == (1, 1)
    without.setattr(taking, "untaken", lambda some, *_: some)
    assert story() == (2, 1)


def test_a_worker_that_lost_its_partition_meanwhile_changes_nothing(
    workers: Workers, without: pytest.MonkeyPatch
) -> None:
    def story() -> int | None:
        heir, loser = workers.two()
        log = partition(0, *visits(Scribe(), 6))
        heir.taker.take(log[:1])
        workers.overtake(lambda: heir.taker.take(log), lambda: loser.taker.take(log[:3]))
        assert len(kept(heir)) == 6
        return cursor(heir)

    assert story() == 5

    lock = PostgresTransaction.cursors

    def look(self: PostgresTransaction, places: Collection[Partition]) -> dict[Partition, Cursor]:
        return dict(map(cursor_of, self._session.rows_of(queries.CURSORS, places))) or lock(self, places)

    without.setattr(PostgresTransaction, "cursors", look)
    assert story() == 2


def _break(patch: pytest.MonkeyPatch, word: str) -> None:
    """Have us break on a message that holds a word."""
    attempt = Pipeline.attempt

    def breaking(self: Pipeline, lines: Sequence[Any], **options: Any) -> None:
        if any(word.encode() in line.body for line in lines):
            raise ValueError("a bug of ours")
        attempt(self, lines, **options)

    patch.setattr(Pipeline, "attempt", breaking)


# 7. Time.

LATE, CONTACT = {"overdue", "escalated"}, "tcs.cm_contact_7d"


def test_a_backlog_that_is_worked_off_raises_no_false_overdue(workers: Workers, without: pytest.MonkeyPatch) -> None:
    """The discharge was taken back long ago; the word of it is still unread."""

    def story() -> set[str | None]:
        one, other = workers.two()
        begun(one, "M1")
        scribe = Scribe()
        told = [
            scribe.write(ago(days=14), "A01 admit V1"),
            scribe.write(ago(days=12), "A03 discharge V1 home"),
            scribe.write(ago(days=11), "A13 V1"),
        ]
        log: Log = {0: partition(0, *told[:2]), 1: partition(1, told[2])}
        lived(Faustless(one, log, partitions=2), [0])
        lived(Faustless(other, log, partitions=2), [1])
        lived(Faustless(one, log, partitions=2), [0])
        return LATE & {row.effect.alert for row in one.store.outbox(0, 1_000) if row.effect.rule == CONTACT}

    assert not story()
    without.setattr(Clearing, "as_of", lambda self, _: self._store.now())
    assert story()


def test_time_runs_on_once_everything_is_read(workers: Workers) -> None:
    desk = workers.one()
    begun(desk, "M1")
    scribe = Scribe()
    told = [scribe.write(ago(days=14), "A01 admit V1"), scribe.write(ago(days=12), "A03 discharge V1 home")]
    lived(Faustless(desk, {0: partition(0, *told)}, partitions=1), [0])
    assert LATE & {row.effect.alert for row in desk.store.outbox(0, 1_000)}


def test_time_stands_still_while_nobody_reads_a_partition(workers: Workers, without: pytest.MonkeyPatch) -> None:
    """Its worker is gone, and what has come since cannot be known."""

    def story() -> object:
        desk = workers.one()
        life = Faustless(desk, {0: [], 1: []}, partitions=2)
        lived(life, [0])
        return life.progress.as_of

    assert story() is None
    known = Clearing.until
    without.setattr(Clearing, "until", lambda self: known(Clearing(self._store, self._partitions[:1])))
    assert story() is not None


def test_a_database_whose_clock_jumps_makes_nothing_overdue_and_time_runs_on_when_it_is_back(
    workers: Workers, without: pytest.MonkeyPatch
) -> None:
    ahead = [timedelta()]

    def now(_: PostgresStore) -> datetime:
        return datetime.now(UTC) + ahead[0]

    async def story() -> tuple[set[str | None], str, bool]:
        desk = workers.one()
        begun(desk, "M1")
        told = [Scribe().write(ago(hours=9), "A01 admit V1"), Scribe().write(ago(hours=2), "A03 discharge V1 home")]
        life = Faustless(desk, {0: partition(0, *told)}, partitions=1)
        await life.read(0)
        await life.beat()
        ahead[0] = timedelta(days=30)
        await life.beat()
        waits_for = life.progress.waits_for
        ahead[0] = timedelta()
        await life.beat()
        late = {row.effect.alert for row in desk.store.outbox(0, 1_000) if row.effect.rule == CONTACT}
        return LATE & late, waits_for, life.progress.as_of is not None

    without.setattr(PostgresStore, "now", now)
    assert asyncio.run(story()) == (set(), "clock_jumped", True)
    without.setattr(horizon, "JUMP_S", 1e9)
    assert asyncio.run(story())[0]


def test_what_a_clock_noted_that_was_put_back_is_put_back_too(workers: Workers) -> None:
    """Else time would stand still until the clock has come that far again."""
    desk, place, now = workers.one(), (RAW.name, 0), datetime.now(UTC)
    clearing = Clearing(desk.store, [place])
    for at in (now + timedelta(days=30), now):
        clearing.note({place: 0}, {}, at)
        assert clearing.until() == at - MARGIN


# 8. What subscribers hear.


def test_who_reads_by_position_misses_nothing(workers: Workers, without: pytest.MonkeyPatch) -> None:
    """Positions are given last, so they become visible in their order."""

    def story() -> tuple[list[int], list[int]]:
        one, other = workers.two()
        begun(one, "M1", "M2")
        head = one.store.outbox(0, 1_000)[-1].position if one.store.outbox(0, 1_000) else 0
        heard = list[int]()

        def listen() -> None:
            heard.extend(row.position for row in one.store.outbox(heard[-1] if heard else head, 1_000))

        lines = [Scribe().write(ago(hours=2), f"A01 admit V1 {who}") for who in ("M1 feed=F1", "M2 feed=F2")]
        workers.overtake(
            lambda: one.taker.take(partition(0, lines[0])),
            lambda: other.taker.take(partition(1, lines[1])),
            at=(taking, "fault"),
            meanwhile=listen,
        )
        listen()
        return heard, [row.position for row in one.store.outbox(head, 1_000)]

    heard, told = story()
    assert heard == told == list(range(told[0], told[-1] + 1))

    given = Tail(100, 100, 100)

    def as_a_sequence_would(_: object) -> Tail:
        """Numbers that nobody waits for."""
        given.journal, given.outbox, given.quarantine = given.journal + 900, given.outbox + 900, given.quarantine + 900
        return Tail(given.journal, given.outbox, given.quarantine)

    without.setattr(postgres_committing, "lock_tail", as_a_sequence_would)
    without.setattr(postgres_committing, "keep_tail", lambda *_: None)
    heard, told = story()
    assert set(told) - set(heard)


async def test_a_publisher_that_was_replaced_can_tell_nothing_more(
    kafka: Broker, namespace: str, without: pytest.MonkeyPatch
) -> None:
    kafka.create_topic(TASKS.name_in(namespace), 1)

    async def story() -> object:
        async with Sender.at(kafka.bootstrap, namespace) as old, Sender.at(kafka.bootstrap, namespace):
            try:
                await old.send([], Mark())
            except ProducerFenced:
                return "fenced"
            return "told"

    assert await story() == "fenced"

    def nameless(**options: Any) -> AIOKafkaProducer:
        return AIOKafkaProducer(**{**options, "transactional_id": uuid.uuid4().hex})

    without.setattr(sending, "AIOKafkaProducer", nameless)
    assert await story() == "told"


# 9. What is poison, and what is not.


def test_a_record_that_breaks_us_goes_to_quarantine_alone(workers: Workers, without: pytest.MonkeyPatch) -> None:
    _break(without, "POISON")

    def story() -> tuple[object, int | None, list[str]]:
        desk = workers.one()
        scribe = Scribe()
        events = ["A01 admit V1", "A08 V1 dx=I10", "A08 V1 pv7=POISON", "A08 V1 dx=I11", "A03 discharge V1 home"]
        log = partition(0, *(scribe.write(ago(hours=9 - n), event) for n, event in enumerate(events)))
        ended = ends_with(lambda: desk.taker.take(log))
        assert kept(desk) in ([], [(record.value or b"").decode() for record in log])  # in order of offset
        return ended, cursor(desk), [row.reason for row in desk.store.quarantine()]

    assert story() == (None, 4, [PROCESSING_FAILED])
    without.setattr(taking, "isolated", lambda attempt, _, items: attempt(items))
    assert story() == (ValueError, None, [])


def test_a_record_that_not_even_quarantine_takes_as_it_is_is_kept_whole(
    workers: Workers, without: pytest.MonkeyPatch
) -> None:
    """Else it would end each worker in turn, and nothing behind it be read. Such as one that no index can hold."""
    without.setattr(heads, "short", lambda name, where: name)

    def story() -> tuple[object, int | None, list[tuple[str, str]]]:
        desk = workers.one()
        before, after = visits(Scribe(), 2)
        log = partition(0, before, RawLine(random.Random(0).randbytes(2000).hex(), NOW, "hl7v2", b"MSH|"), after)
        ended = ends_with(lambda: desk.taker.take(log))
        for line in desk.store.lines(0, 10):
            if line.kind == KIND:
                assert undecoded(line.body) == Undecoded(RAW.name, 0, 1, log[1].key, log[1].value, log[1].headers)
        return ended, cursor(desk), [(row.feed, row.reason) for row in desk.store.quarantine()]

    assert story() == (None, 2, [(FEED, PROCESSING_FAILED)])
    without.setattr(taking, "whole", said_by)
    assert story() == (AssertionError, 0, [])


def test_a_member_that_breaks_us_when_its_time_has_come_is_set_aside_alone(
    workers: Workers, without: pytest.MonkeyPatch
) -> None:
    """Else it would be the first of those who are due for every worker, and end each of them."""
    whole = Pipeline._derive_circle

    def breaking(self: Pipeline, around: Circle, *words: Any) -> None:
        if "M2" in around.members:
            raise ValueError("a bug of ours, outside of what sets a member aside by itself")
        whole(self, around, *words)

    def story() -> tuple[object, list[str], list[str]]:
        desk = workers.one()
        begun(desk, "M1", "M2", "M3")
        woken_at = datetime.now(UTC)
        with desk.store.transaction() as transaction:
            transaction.commit(Batch(wake={"M1", "M2", "M3"}))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Pipeline, "_derive_circle", breaking)
            ended = ends_with(lambda: desk.settle(woken_at))
        return ended, sorted(desk.store.due(woken_at, 10)), [row.reason for row in desk.store.quarantine()]

    assert story() == (None, [], [DERIVE_FAILED])
    without.setattr(taking, "isolated", lambda attempt, _, items: attempt(items))
    assert story() == (ValueError, ["M1", "M2", "M3"], [])


def test_what_takes_longer_than_the_database_waits_is_done_in_smaller_parts_and_then_with_patience(
    workers: Workers, without: pytest.MonkeyPatch, patience: pytest.MonkeyPatch
) -> None:
    """Else the same would be tried for ever, and whoever is due behind it never woken."""
    patience.undo()
    hold, derive = PostgresTransaction.hold_epoch, pipeline.derive
    pause_s = [0.0]

    def hurried(transaction: PostgresTransaction, instance: str, epoch: int) -> bool:
        transaction._session.rows(HURRY)
        return hold(transaction, instance, epoch)

    def slowly(*words: Any) -> Any:
        time.sleep(pause_s[0])
        return derive(*words)

    desk = workers.one()
    desk.progress.given([])
    begun(desk, "M1", "M2", "M3")
    without.setattr(PostgresTransaction, "hold_epoch", hurried)
    without.setattr(taking, "LONG_S", 0.2)
    woken_at = datetime.now(UTC) + timedelta(days=400)
    for pause_s[0] in (0.15, 0.5):  # two members are too many; even one is
        with desk.store.transaction() as transaction:
            transaction.commit(Batch(wake={"M1", "M2", "M3"}))
        without.setattr(pipeline, "derive", slowly)
        desk.settle(woken_at)
        without.setattr(pipeline, "derive", derive)
        assert desk.store.due(woken_at, 10) == []
        assert desk.progress.problem() == ""
    without.setattr(pipeline, "derive", slowly)
    log = partition(0, Scribe().write(ago(hours=2), "A01 admit V1"))
    desk.taker.take(log)
    assert cursor(desk) == 0


def test_a_worker_whose_failed_wake_another_one_did_is_well_again(
    workers: Workers, without: pytest.MonkeyPatch
) -> None:
    one, other = workers.two()
    begun(one, "M1")
    woken_at = datetime.now(UTC)
    with one.store.transaction() as transaction:
        transaction.commit(Batch(wake={"M1"}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WARMHANDOFF_FAULTS", "before_commit=raise")
        patch.setenv("WARMHANDOFF_TESTING", "1")
        patch.setattr(faults, "_FAULTS", {})
        with suppress(WorldIsAway):
            one.taker.wake(woken_at, 50, lambda _: True, 0)
    assert [pace.failure for pace in one.progress.paces] != [""]
    other.settle(woken_at)
    assert one.taker.wake(woken_at, 50, lambda _: True, 0) == 0
    assert [pace.failure for pace in one.progress.paces] == [""]


def test_a_database_that_is_away_poisons_no_record(workers: Workers, without: pytest.MonkeyPatch) -> None:
    def story() -> tuple[int, int]:
        desk = workers.one()
        without.setenv("WARMHANDOFF_FAULTS", "before_commit=raise")
        without.setenv("WARMHANDOFF_TESTING", "1")
        without.setattr(faults, "_FAULTS", {})
        desk.taker.take(partition(0, Scribe().write(ago(hours=2), "A01 admit V1")))
        return len(desk.store.quarantine()), desk.progress.tries

    assert story() == (0, 1)
    for module in (taking, isolating):
        without.setattr(module, "WorldIsAway", BlockingIOError)
    with suppress(BlockingIOError):
        assert story()[0] == 1


# 10. One rule book.


def test_a_worker_with_other_rules_writes_nothing(workers: Workers, without: pytest.MonkeyPatch) -> None:
    def story() -> tuple[object, int | None]:
        desk = workers.one()
        desk.taker._digest = "other rules"
        return ends_with(lambda: desk.taker.take(partition(0, *visits(Scribe(), 2)))), cursor(desk)

    assert story() == (OtherRules, None)
    without.setattr(taking, "check_rules", lambda *_: None)
    assert story() == (None, 1)


def test_what_a_worker_remembers_counts_only_while_nobody_else_wrote(
    workers: Workers, without: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def story() -> tuple[list[str], bool]:
        one, other = workers.two()
        begun(one, "M1")
        scribe = Scribe()
        log = partition(
            0,
            scribe.write(ago(hours=9), "A01 admit V1"),
            scribe.write(ago(hours=5), "A03 discharge V1 home"),
            scribe.write(ago(hours=4), "A08 V1 dx=I10"),
        )
        for desk, record in zip((one, other, one), log, strict=True):
            desk.taker.take([record])
        return stays(one), differences(one, tmp_path)

    assert story() == (["finished"], False)
    thaw = Shelf.thaw

    def whatever_is_known(self: Shelf[Any], key: str, blob: bytes) -> Any:
        return self._kept[key][1] if key in self._kept else thaw(self, key, blob)

    without.setattr(Shelf, "thaw", whatever_is_known)
    assert story() == (["active"], True)


def test_whoever_derives_while_the_registry_changes_is_derived_again(
    workers: Workers, without: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def story() -> bool:
        one, other = workers.two()
        begun(one, "M1")
        scribe = Scribe()
        admission = scribe.write(ago(hours=2), "A01 admit V1 H1")
        moved = scribe.write(ago(hours=3), "facility H1 snf zone=America/New_York")
        workers.overtake(lambda: one.taker.take(partition(0, admission)), lambda: other.taker.take(partition(1, moved)))
        one.settle(NOW - timedelta(hours=2))
        return differences(one, tmp_path)

    assert not story()
    without.setattr(PostgresTransaction, "own_reference", lambda _: None)
    assert story()


# 11. One process of a name: see test_faults.py too, where they are processes.


def test_of_two_processes_of_one_name_the_older_one_ends(workers: Workers, without: pytest.MonkeyPatch) -> None:
    def story() -> tuple[object, object, int | None]:
        store = workers.store()
        older, log = workers.one(store, "worker-a"), {0: partition(0, *visits(Scribe(), 2))}
        workers.one(store, "worker-a")
        sought = ends_with(lambda: asyncio.run(Faustless(older, log, partitions=1).read(0)))
        return sought, ends_with(lambda: older.taker.take(log[0])), cursor(older)

    assert story() == (Superseded, Superseded, None)
    without.setattr(PostgresTransaction, "hold_epoch", lambda *_: True)
    assert story() == (None, None, 1)


def test_who_has_started_finds_the_last_batch_of_its_predecessor_done(
    workers: Workers, without: pytest.MonkeyPatch
) -> None:
    def story() -> bool:
        desk = workers.one(name="worker-a")
        return workers.overtake(
            lambda: desk.taker.take(partition(0, *visits(Scribe(), 2))),
            lambda: desk.store.raise_epoch("worker-a"),
        )

    assert not story()
    without.setattr(queries, "EPOCH", queries.EPOCH.replace("FOR SHARE", ""))
    assert story()


def test_a_worker_that_is_up_and_reads_nothing_is_not_well() -> None:
    """One that was thawed before the group let it in sits there for ever."""
    progress = Progress()
    assert not progress.problem()
    progress.started -= 60
    assert "given it no partitions" in progress.problem()
    progress.given([(RAW.name, 0)])
    assert not progress.problem()
    progress.moved -= 120
    assert "nothing was taken" in progress.problem()
    progress.given([])
    progress.moved -= 120
    assert not progress.problem()  # there are more workers than partitions


def test_a_worker_one_of_whose_lanes_cannot_write_is_not_well_whatever_the_other_does() -> None:
    progress = Progress()
    live, slow = progress.lane(), progress.lane()
    progress.given([(RAW.name, 0)])
    slow.tries_again("the database is away")
    assert slow.failing_since is not None
    slow.failing_since -= 10
    live.took(1, 0.1)
    assert "the database is away" in progress.problem()
    slow.took(1, 0.1)
    assert not progress.problem()


# 12. Texts.

NAMES = ["b", "B", "a-c", "ab", "Ab", "é", "e", "Z", "Z\x01", "Z\x00", "Z\x00a", "_"]


def test_both_stores_print_the_same_bytes_whatever_texts_hold(
    workers: Workers, without: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    batch = Batch(members=[MemberRow(name, b"", (("mrn", name),), b"", b"", None, None, False, None) for name in NAMES])
    with SqliteStore.open(tmp_path / "embedded", now=Clock()) as embedded:
        embedded.commit(batch)
        printed = list(walk_members(embedded))
        found = [embedded.members_with([("mrn", name)]) for name in NAMES]
    assert (printed, found) == (sorted(NAMES), [{name} for name in NAMES])

    def story(collation: str = "") -> tuple[list[str], list[set[str]]]:
        with PostgresStore.join(workers.url, store := workers.store(), now=Clock()) as cluster:
            if collation:
                with psycopg.connect(workers.url, autocommit=True) as connection:
                    for table in ("member", "record", "member_identifier"):
                        connection.execute(
                            f'ALTER TABLE {store}.{table} ALTER member_id TYPE text COLLATE "{collation}"'
                        )
            cluster.commit(batch)
            return list(walk_members(cluster)), [cluster.members_with([("mrn", name)]) for name in NAMES]

    assert story() == (printed, found)
    assert story(collation="en-x-icu")[0] != printed
    without.setattr(postgres_text, "escaped", str.encode)
    with pytest.raises((AssertionError, WorldIsAway)):
        story()


# And the page that explains them.


def test_the_page_names_every_test_of_a_rule() -> None:
    root = Path(__file__).resolve().parents[2]
    named = set(re.findall(r"`(test_\w+)`", (root / "docs/explanation/cluster.md").read_text("utf-8")))
    here = [Path(__file__), Path(__file__).with_name("test_faust.py")]
    told = [re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE) for file in here]
    assert named == {*told[0], *told[1]} - {"test_the_page_names_every_test_of_a_rule"}
