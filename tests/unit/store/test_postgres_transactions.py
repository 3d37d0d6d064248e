"""What several workers do at once to one store, each in transactions of its own."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

import msgspec
import psycopg
import pytest

from models.errors import WorldIsAway
from models.owner import Owner
from models.view import Effect
from services.runtime.store.cluster_contract import ClusterStore, Cursor, Partition, Transaction
from services.runtime.store.contract import Batch, MemberRow, MessageRow, NewLine, QuarantineRow
from services.runtime.store.postgres import PostgresStore
from services.runtime.store.postgres_connecting import Place, Use
from services.runtime.store.postgres_errors import not_let_in
from services.runtime.store.postgres_reader import PostgresReader
from tests.patience import PATIENCE_S
from tests.servers.postgres import PostgresServer

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
T0 = datetime(2025, 3, 6, 19, 30, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
RAW: Partition = ("w1.feeds.raw.v1", 0)
BULK: Partition = ("w1.feeds.bulk.v1", 3)


def joined(url: str, namespace: str) -> PostgresStore:
    return PostgresStore.join(url, namespace, now=lambda: T0)


@pytest.fixture
def strict(database_of_module: str, namespace: str) -> Iterator[PostgresStore]:
    """A store as it is shipped: who says nothing in a transaction for five seconds loses it."""
    with joined(database_of_module, namespace) as opened:
        yield opened


@pytest.fixture
def store(database_of_module: str, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClusterStore]:
    """A store that takes nobody for frozen, for a machine that runs tests may stand still for a while."""

    def connect(place: Place, use: Use, connect: Callable[[Place, Use], psycopg.Connection] = Place.connect) -> Any:
        connection = connect(place, use)
        connection.execute(f"SET idle_in_transaction_session_timeout = '{PATIENCE_S:.0f}s'")
        connection.execute(f"SET lock_timeout = '{PATIENCE_S:.0f}s'")
        return connection

    monkeypatch.setattr(Place, "connect", connect)
    with joined(database_of_module, namespace) as opened:
        yield opened


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


def line(body: str, **changes: Any) -> NewLine:
    return msgspec.structs.replace(NewLine("F1", T0, "hl7v2", body.encode()), **changes)


def member(member_id: str, facts: bytes = b"") -> MemberRow:
    return MemberRow(member_id, facts, (), b"", b"", T0, None, on_roster=True)


def effect(number: int, subject: str) -> Effect:
    return Effect(
        f"e-{number}", T0, "task_opened", "opened", "M1", subject, number, "r", "open", T0, Owner(), None, ("name",)
    )  # fmt: skip


def quarantined(seq: int, ordinal: int = 1) -> QuarantineRow:
    return QuarantineRow(0, "F1", seq, ordinal, "no_msh", "MSH", "3 bytes", "send a message")


def waits(future: "Future[Any]") -> bool:
    """Whether a call is held up by somebody."""
    time.sleep(0.2)
    return not future.done()


class Held:
    """A transaction in a thread of its own, which stays open until it is told to end."""

    def __init__(self, store: ClusterStore, work: Callable[[Transaction], Any]) -> None:
        self._go_on, self._done = threading.Event(), threading.Event()
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(store, work))
        self._thread.start()
        assert self._done.wait(PATIENCE_S)

    def _run(self, store: ClusterStore, work: Callable[[Transaction], Any]) -> None:
        try:
            with store.transaction() as transaction:
                work(transaction)
                self._done.set()
                assert self._go_on.wait(PATIENCE_S)
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error
        self._done.set()

    def end(self) -> None:
        self._go_on.set()
        self._thread.join()


def within(store: ClusterStore, work: Callable[[Transaction], Any]) -> Any:
    with store.transaction() as transaction:
        return work(transaction)


# All or nothing.


def test_a_transaction_is_durable_at_its_end_and_undone_when_it_raises(store: ClusterStore) -> None:
    with store.transaction() as work:
        work.commit(Batch(members=[member("M1")], lines=[line("a")]))
        assert work.members(["M1"])
        assert (store.members(["M1"]), store.head()) == ({}, 0)
    assert (list(store.members(["M1"])), store.head()) == (["M1"], 1)

    class OurOwnError(Exception):
        pass

    def fail(work: Transaction) -> None:
        work.commit(Batch(members=[member("M2")], lines=[line("b")], effects=[effect(1, "t")]))
        raise OurOwnError

    with pytest.raises(OurOwnError):
        within(store, fail)
    assert (store.members(["M2"]), store.head(), store.outbox(0, 9)) == ({}, 1, [])
    with store.transaction() as work:
        work.commit(Batch(lines=[line("c")], effects=[effect(1, "t")]))
    assert (store.head(), [row.position for row in store.outbox(0, 9)]) == (2, [1]), "numbers stay dense"


def test_a_batch_may_bring_its_lines_and_name_them_before_they_have_numbers(store: ClusterStore) -> None:
    store.append([line("before")]).result()
    lines = [line("a", answer=b"AA"), line("b", feed="F2"), line("c", received_at=T0 + 40 * DAY)]
    with store.transaction() as work:
        work.commit(
            Batch(
                lines=lines,
                messages=[
                    MessageRow("in c", -3, 1, "C3"),
                    MessageRow("in a", -1, 2, "C1"),
                    MessageRow("old", 1, 1, "C0"),
                ],
                quarantined=[quarantined(seq, n) for seq, n in ((-2, 1), (-2, 1), (-2, 2), (1, 1), (0, 1))],
            )
        )
    assert [(each.seq, each.body) for each in store.lines(1, 9)] == [(2, b"a"), (3, b"b"), (4, b"c")]
    assert [(row.name, row.seq) for row in store.messages(["in a", "in c", "old"])] == [
        ("old", 1),
        ("in a", 2),
        ("in c", 4),
    ]
    assert [(row.id, row.seq, row.ordinal) for row in store.quarantine()] == [
        (1, 3, 1),
        (2, 3, 2),
        (3, 1, 1),
        (4, 0, 1),
    ]
    assert (store.cursor(), store.broken_chain()) == (4, [])
    assert store.append([line("a")]).result()[0].answer == b"AA"
    with store.transaction() as work:
        work.commit(Batch(lines=[line("d")], cursor=2))
        work.commit(Batch(quarantined=[quarantined(3), quarantined(5)]))
    assert (store.cursor(), [row.id for row in store.quarantine()]) == (2, [1, 2, 3, 4, 5])


def test_what_is_known_is_told_for_all_lines_at_once(store: ClusterStore) -> None:
    store.append([line("a"), line("b", received_at=T0 - 3 * DAY)]).result()
    asked = [
        line("b"),
        line("b"),
        line("a"),
        line("new"),
        line("new", received_at=T0 + DAY),
        line("new", received_at=T0 + DAY),
        line("a", kind="x"),
    ]
    once = [True, False, False, False, True, False, False]
    with store.transaction() as work:
        assert work.known(asked, once) == [2, None, 1, None, -4, None, None]
        assert work.known([], []) == []


def test_the_store_s_clock_is_told(store: ClusterStore) -> None:
    assert abs(store.now() - datetime.now(UTC)) < timedelta(minutes=1)


# Cursors.


def test_cursors_begin_empty_and_move_with_their_transaction(store: ClusterStore) -> None:
    assert store.cursors_now([RAW, BULK]) == {}
    moved = {RAW: Cursor(7, sha256(b"x").digest(), T0), BULK: Cursor(0, b"", None)}
    with store.transaction() as work:
        assert work.cursors([RAW, BULK, RAW]) == {RAW: Cursor(), BULK: Cursor()}
        work.move(moved)
        assert work.cursors([RAW]) == {RAW: moved[RAW]}
        assert store.cursors_now([RAW, BULK]) == {}
    assert store.cursors_now([RAW, BULK]) == moved
    assert store.cursors_now([RAW]) == {RAW: moved[RAW]}


def test_all_is_read_up_to_where_the_slowest_partition_is(store: ClusterStore) -> None:
    def move(raw: datetime | None, bulk: datetime | None) -> None:
        cursors = {RAW: Cursor(7, b"", raw), BULK: Cursor(0, b"", bulk)}
        with store.transaction() as work:
            work.cursors(cursors)
            work.move(cursors)

    move(T0, None)
    assert store.read_until() == EPOCH
    move(T0, T0 - DAY)
    assert store.read_until() == T0 - DAY


@pytest.mark.parametrize("known_before", [True, False])
def test_a_cursor_is_locked_until_the_end_and_then_tells_the_newest(
    store: ClusterStore, pool: ThreadPoolExecutor, known_before: bool
) -> None:
    if known_before:
        within(store, lambda work: work.cursors([RAW]))

    def take_and_move(work: Transaction) -> None:
        work.cursors([RAW, BULK])
        work.move({RAW: Cursor(1)})

    first = Held(store, take_and_move)
    second = pool.submit(within, store, lambda work: work.cursors([RAW]))
    assert waits(second)
    assert store.cursors_now([RAW]) == ({RAW: Cursor()} if known_before else {}), "a glance waits for nobody"
    first.end()
    assert second.result(PATIENCE_S) == {RAW: Cursor(1)}


def test_two_workers_that_fight_over_a_partition_never_apply_a_record_twice(
    store: ClusterStore, pool: ThreadPoolExecutor
) -> None:
    records = list(range(60))

    def work_off(seed: int) -> None:
        random = Random(seed)
        while True:
            with store.transaction() as work:
                stood = work.cursors([RAW])[RAW].offset
                start = 0 if stood is None else stood + 1
                batch = records[start : start + random.randint(1, 4)]
                if not batch:
                    return
                work.move({RAW: Cursor(batch[-1])})
                work.commit(
                    Batch(lines=[line(str(each)) for each in batch], effects=[effect(n, f"t-{n}") for n in batch])
                )

    for future in [pool.submit(work_off, seed) for seed in range(4)]:
        future.result(PATIENCE_S)
    assert [int(each.body) for each in store.lines(0, 99)] == records
    assert [row.effect.revision for row in store.outbox(0, 99)] == records


# Names.


@pytest.mark.parametrize("known_before", [True, False])
def test_names_are_waited_for_by_one_way_and_not_by_the_other(
    store: ClusterStore, pool: ThreadPoolExecutor, known_before: bool
) -> None:
    if known_before:
        within(store, lambda work: work.lock(["a", "b", "c"]))
    first = Held(store, lambda work: work.lock(["a", "b"]))
    assert within(store, lambda work: work.try_lock(["c", "a"])) is False
    assert within(store, lambda work: work.try_lock(["c"])) is True
    assert within(store, lambda work: work.try_lock([])) is True
    second = pool.submit(within, store, lambda work: work.lock(["b", "c"]))
    assert waits(second)
    first.end()
    second.result(PATIENCE_S)
    assert within(store, lambda work: work.try_lock(["a", "b", "c", "d"])) is True


@pytest.mark.parametrize("known_before", [True, False])
def test_who_is_told_no_holds_nothing_and_goes_on(store: ClusterStore, known_before: bool) -> None:
    if known_before:
        within(store, lambda work: work.lock(["a", "b", "c", "d"]))
    first = Held(store, lambda work: work.lock(["a"]))
    told: list[bool] = []

    def refused(work: Transaction) -> None:
        told.extend([work.try_lock(["a", "b", "c"]), work.try_lock(["d"])])
        work.commit(Batch(members=[member("M1")]))

    second = Held(store, refused)
    assert told == [False, True]
    assert within(store, lambda work: (work.try_lock(["b", "c"]), work.try_lock(["d"]))) == (True, False)
    first.end()
    second.end()
    assert store.members(["M1"])


def test_names_taken_in_any_order_meet_in_no_deadlock(store: ClusterStore, pool: ThreadPoolExecutor) -> None:
    names = [f"cin|{number}" for number in range(40)]

    def take(seed: int) -> None:
        random = Random(seed)
        for _ in range(15):
            within(store, lambda work: work.lock(random.sample(names, 12)))

    for future in [pool.submit(take, seed) for seed in range(6)]:
        future.result(PATIENCE_S)


def test_what_a_name_guards_is_seen_as_the_last_holder_left_it(store: ClusterStore, pool: ThreadPoolExecutor) -> None:
    def add_one(_: int) -> None:
        with store.transaction() as work:
            work.lock(["M1"])
            row = work.members(["M1"]).get("M1")
            work.commit(Batch(members=[member("M1", str(int(row.facts) + 1).encode() if row else b"1")]))

    list(pool.map(add_one, range(50)))
    assert store.members(["M1"])["M1"].facts == b"50"


# Reference data.


def test_who_changes_reference_data_waits_for_those_who_derive_and_holds_them_up(
    store: ClusterStore, pool: ThreadPoolExecutor
) -> None:
    derives = Held(store, lambda work: work.share_reference())
    within(store, lambda work: work.share_reference())
    changes = pool.submit(within, store, lambda work: work.own_reference())
    assert waits(changes)
    derives.end()
    changes.result(PATIENCE_S)
    owner = Held(store, lambda work: work.own_reference())
    derives_again = pool.submit(within, store, lambda work: work.share_reference())
    assert waits(derives_again)
    owner.end()
    derives_again.result(PATIENCE_S)


# Epochs.


def test_the_older_of_two_processes_of_one_name_is_told(store: ClusterStore, pool: ThreadPoolExecutor) -> None:
    assert within(store, lambda work: work.hold_epoch("w1", 1)) is True, "a restored database has no row"
    first, second = store.raise_epoch("w1"), store.raise_epoch("w1")
    assert (first, second, store.raise_epoch("w2")) == (1, 2, 1)
    assert within(store, lambda work: [work.hold_epoch("w1", each) for each in (1, 2, 3)]) == [False, True, True]
    holds = Held(store, lambda work: work.hold_epoch("w1", 2))
    third = pool.submit(store.raise_epoch, "w1")
    assert waits(third), "none starts while an older one is about to commit"
    holds.end()
    assert third.result(PATIENCE_S) == 3


# The tail.


def test_other_writers_wait_only_from_the_numbers_to_the_end(store: ClusterStore, pool: ThreadPoolExecutor) -> None:
    store.append([line("a")]).result()
    first = Held(store, lambda work: (work.lock(["M1"]), work.commit(Batch(members=[member("M1")]))))
    within(store, lambda work: work.commit(Batch(lines=[line("b")], effects=[effect(1, "t")])))
    first.end()
    first = Held(store, lambda work: work.commit(Batch(effects=[effect(2, "t")])))
    within(store, lambda work: (work.lock(["M2"]), work.commit(Batch(members=[member("M2")]))))
    second = pool.submit(within, store, lambda work: work.commit(Batch(effects=[effect(3, "t")])))
    assert waits(second)
    assert [row.position for row in store.outbox(0, 9)] == [1]
    first.end()
    second.result(PATIENCE_S)
    assert [(row.position, row.effect.revision) for row in store.outbox(0, 9)] == [(1, 1), (2, 2), (3, 3)]


def test_numbers_are_dense_and_seen_in_order_whoever_rolls_back(store: ClusterStore, pool: ThreadPoolExecutor) -> None:
    stop = threading.Event()
    seen: list[int] = []

    def watch() -> None:
        while not stop.is_set():
            rows = store.outbox(len(seen), 1000)
            assert [row.position for row in rows] == list(range(len(seen) + 1, len(seen) + len(rows) + 1))
            seen.extend(row.position for row in rows)

    def write(seed: int) -> None:
        random = Random(seed)
        for number in range(20):
            fails = random.random() < 0.3
            try:
                with store.transaction() as work:
                    effects = [effect(n, f"t-{seed}-{number}") for n in range(random.randint(1, 3))]
                    work.commit(Batch(lines=[line(f"{seed} {number}")], effects=effects, quarantined=[quarantined(-1)]))
                    if fails:
                        raise KeyError
            except KeyError:
                assert fails

    watcher = pool.submit(watch)
    for future in [pool.submit(write, seed) for seed in range(4)]:
        future.result(PATIENCE_S)
    stop.set()
    watcher.result(PATIENCE_S)
    assert [each.seq for each in store.lines(0, 999)] == list(range(1, store.head() + 1))
    assert [row.id for row in store.quarantine()] == list(range(1, store.head() + 1))
    positions = [row.position for row in store.outbox(0, 999)]
    assert positions == list(range(1, len(positions) + 1))
    assert store.broken_chain() == []


# The world's faults.


def terminate_all(store: PostgresStore) -> None:
    """End the server's side of every connection; when this returns, they have ended."""
    with psycopg.connect(store.place.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'warmhandoff'",
            (round(PATIENCE_S * 1000),),
        )


def test_a_lost_connection_is_told_and_the_store_goes_on(database: str, namespace: str) -> None:
    with joined(database, namespace) as store:
        store.append([line("a")]).result()
        lost = Held(store, lambda work: work.commit(Batch(lines=[line("b")])))
        terminate_all(store)
        lost.end()
        assert isinstance(lost.error, WorldIsAway)
        # Connections that lay idle have met the same end; nobody is told.
        terminate_all(store)
        assert (store.head(), store.cursor()) == (1, 0)
        assert store.append([line("b")]).result()[0].seq == 2
        assert within(store, lambda work: work.cursors([RAW])) == {RAW: Cursor()}


def test_a_frozen_worker_holds_its_locks_for_five_seconds(strict: PostgresStore) -> None:
    with strict.place.connect(Use.WORK) as connection:
        assert connection.execute("SHOW idle_in_transaction_session_timeout").fetchone() == ("5s",)
    frozen = Held(strict, lambda work: (work.cursors([RAW]), work.lock(["a"]), work.commit(Batch(lines=[line("a")]))))
    within(strict, lambda work: (work.cursors([RAW]), work.lock(["a"]), work.commit(Batch(lines=[line("b")]))))
    frozen.end()
    assert isinstance(frozen.error, WorldIsAway), "it is told when it wakes"
    assert [each.body for each in strict.lines(0, 9)] == [b"b"]


def test_a_worker_that_is_frozen_in_the_midst_of_a_result_holds_its_locks_as_shortly(strict: PostgresStore) -> None:
    store = strict
    store.append([line("a")]).result()
    frozen = store.place.connect(Use.WORK)
    try:
        frozen.execute("BEGIN")
        frozen.execute("SELECT FROM tail FOR UPDATE")
        # More than fits on the way: without `tcp_user_timeout` the server would wait for good to send the rest.
        frozen.pgconn.send_query(b"SELECT repeat('x', 1000) FROM generate_series(1, 100000)")
        frozen.pgconn.flush()
        within(store, lambda work: work.commit(Batch(lines=[line("b")])))
        assert store.head() == 2
    finally:
        frozen.close()


def test_a_deadlock_is_told_to_one_and_the_other_goes_on(store: ClusterStore, pool: ThreadPoolExecutor) -> None:
    gate = threading.Barrier(2)

    def cross(first: str, second: str) -> str:
        try:
            with store.transaction() as work:
                work.lock([first])
                gate.wait(PATIENCE_S)
                work.lock([second])  # what `lock` warns of
        except WorldIsAway as away:
            return str(away)
        return "went on"

    told = sorted([each.result(PATIENCE_S) for each in [pool.submit(cross, "a", "b"), pool.submit(cross, "b", "a")]])
    assert (told[1], "deadlock" in told[0]) == ("went on", True)


def set_read_only(url: str, on: str) -> None:
    """Have connections to a database that are opened from now on write, or not."""
    with psycopg.connect(url, autocommit=True, options="-c default_transaction_read_only=off") as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET default_transaction_read_only = {on}")


def test_a_database_that_was_read_only_for_a_while_is_written_again(database: str, namespace: str) -> None:
    with joined(database, namespace) as store:
        store.append([line("a")]).result()
        held = within(store, lambda work: work.cursors([RAW]))
        set_read_only(database, "on")
        terminate_all(store)
        for _ in range(2):
            for call in (lambda: store.append([line("b")]).result(), lambda: within(store, lambda w: w.cursors([RAW]))):
                with pytest.raises(WorldIsAway, match=r"the database is read-only\. .*default_transaction_read_only"):
                    call()
        assert store.head() == 1
        set_read_only(database, "off")
        assert store.append([line("b")]).result()[0].seq == 2
        assert within(store, lambda work: work.cursors([RAW])) == held


def test_a_standby_is_written_to_once_it_is_the_primary(own_postgres: PostgresServer, namespace: str) -> None:
    with joined(own_postgres.create_database("plan"), namespace) as store:
        store.append([line("a")]).result()
        own_postgres.stop()
        (own_postgres.folder / "data" / "standby.signal").touch()
        own_postgres.start()
        with pytest.raises(WorldIsAway, match=r"the database is read-only\. Name the primary in `store:`"):
            store.append([line("b")]).result()
        assert [each.body for each in store.lines(0, 9)] == [b"a"]
        with psycopg.connect(own_postgres.admin_url()) as connection:
            assert connection.execute("SELECT pg_promote()").fetchone() == (True,)
        assert store.append([line("b")]).result()[0].seq == 2


def test_a_plan_that_no_longer_fits_its_table_is_made_anew(strict: PostgresStore) -> None:
    assert within(strict, lambda work: work.hold_epoch("w1", 1))
    with psycopg.connect(strict.place.url, options=f"-c search_path={strict.place.namespace}") as connection:
        connection.execute("ALTER TABLE worker ALTER epoch TYPE numeric")
    with pytest.raises(WorldIsAway, match="cached plan"):
        within(strict, lambda work: work.hold_epoch("w1", 1))
    assert within(strict, lambda work: work.hold_epoch("w1", 1))


def refuse_effects(store: PostgresStore, state: str) -> None:
    """Have a trigger of somebody else say no to every row of the outbox, with a SQLSTATE."""
    with psycopg.connect(store.place.url, options=f"-c search_path={store.place.namespace}") as connection:
        connection.execute(f"""
            CREATE OR REPLACE FUNCTION refused() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'no %', NEW.subject USING ERRCODE = '{state}'; END $$
        """)
        connection.execute(
            "CREATE OR REPLACE TRIGGER refused BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION refused()"
        )


def test_whatever_the_database_says_no_line_is_blamed_but_for_its_values(store: PostgresStore) -> None:
    def refused(state: str) -> Exception:
        refuse_effects(store, state)
        with pytest.raises((WorldIsAway, AssertionError)) as caught:
            store.commit(Batch(effects=[effect(1, "91234567A")]))
        return caught.value

    world = ["0A000", "0ZZZZ", "21000", "25P01", "26000", "2F000", "42601", "42703", "53200", "54001", "P0001", "XX000"]
    assert {state: type(refused(state)) for state in world} == dict.fromkeys(world, WorldIsAway)
    ours = ["22001", "22ZZZ", "23505", "54000"]
    assert {state: type(refused(state)) for state in ours} == dict.fromkeys(ours, AssertionError)
    for state in ("38001", "P0001", "23505"):
        said = str(refused(state))
        assert state in said
        assert "91234567A" not in said
    with psycopg.connect(store.place.url, options=f"-c search_path={store.place.namespace}") as connection:
        connection.execute("DROP FUNCTION refused CASCADE")
    store.commit(Batch(effects=[effect(1, "91234567A")]))
    assert len(store.outbox(0, 9)) == 1


def test_a_value_too_large_for_its_index_is_held_against_its_line(store: PostgresStore) -> None:
    subject = "".join(map(chr, Random(1).choices(range(256, 9_999), k=9_000)))
    with pytest.raises(AssertionError, match="54000"):
        store.commit(Batch(effects=[effect(1, subject)]))


def test_a_person_s_values_stay_out_of_errors(store: PostgresStore) -> None:
    row = QuarantineRow(0, "F1", 1, 1, "91234567A", "", "", "")
    with psycopg.connect(store.place.url, options=f"-c search_path={store.place.namespace}") as connection:
        connection.execute("CREATE UNIQUE INDEX theirs ON quarantine (reason)")
    store.commit(Batch(quarantined=[row]))
    with pytest.raises(AssertionError, match="theirs") as caught:
        store.commit(Batch(quarantined=[QuarantineRow(0, "F1", 1, 2, "91234567A", "", "", "")]))
    assert "91234567A" not in str(caught.value)


def test_a_server_that_is_not_there_is_named_without_the_password(namespace: str) -> None:
    url = "postgresql://someone:secret@127.0.0.1:1/plan"
    said = rf"127.0.0.1:1/plan schema {namespace}: the database cannot be reached"
    for opening in (joined, PostgresReader.open):
        with pytest.raises(WorldIsAway, match=said) as caught:
            opening(url, namespace)
        assert "secret" not in str(caught.value)


def test_a_server_without_a_free_connection_is_not_taken_for_one_that_is_away(
    own_postgres: PostgresServer, namespace: str
) -> None:
    url = own_postgres.create_database("plan")
    with psycopg.connect(own_postgres.admin_url(), autocommit=True) as connection:
        connection.execute("ALTER ROLE warmhandoff CONNECTION LIMIT 0")
    with pytest.raises(WorldIsAway, match=r"no connection free: .*too many connections for role.*\n.*max_connections"):
        joined(url, namespace)


@pytest.mark.parametrize(
    "said",
    [
        "sorry, too many clients already",
        "remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "remaining connection slots are reserved for non-replication superuser connections",
        'too many connections for database "plan"',
    ],
)
def test_every_way_in_which_a_server_says_that_it_is_full_is_known(said: str) -> None:
    error = psycopg.OperationalError(f'connection failed: connection to server at "127.0.0.1" failed: FATAL:  {said}')
    assert f"{said}.\n  Raise its `max_connections`" in str(not_let_in(error, "here"))


def test_a_store_is_used_on_after_a_restart_of_the_server(own_postgres: PostgresServer, namespace: str) -> None:
    url = own_postgres.create_database("restarted")
    with joined(url, namespace) as store:
        store.append([line("a")]).result()
        own_postgres.restart()
        assert store.append([line("b")]).result()[0].seq == 2
        with store.transaction() as work:
            work.commit(Batch(lines=[line("c")]))
        lost = Held(store, lambda work: work.commit(Batch(lines=[line("lost")])))
        own_postgres.stop("immediate")
        lost.end()
        assert isinstance(lost.error, WorldIsAway)
        for call in (store.head, lambda: store.append([line("d")]).result(), lambda: store.cursors_now([RAW])):
            with pytest.raises(WorldIsAway):
                call()
        own_postgres.start()
        assert store.append([line("d")]).result()[0].seq == 4
        assert [each.body for each in store.lines(0, 9)] == [b"a", b"b", b"c", b"d"]
        assert store.broken_chain() == []
