"""What only the SQLite store promises: its file, its lock, a full disk, its plans, its backups."""

import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from models.errors import WorldIsAway
from models.ledger import Answered
from models.owner import Owner
from models.traffic import BEYOND, SLOT, AnswerCount
from models.view import Effect
from services.runtime.store import migrating, sqlite_queries, statements
from services.runtime.store.contract import (
    Batch,
    MemberRow,
    NewLine,
    NoStore,
    OutboxRow,
    StoreIsBusy,
    StoreIsStrange,
    TaskRow,
)
from services.runtime.store.migrating import known_migrations
from services.runtime.store.migration_files import Migration
from services.runtime.store.sqlite import SqliteStore
from services.runtime.store.sqlite_connecting import FILE_NAME
from services.runtime.store.sqlite_reader import SqliteReader
from services.runtime.store.sqlite_session import row_by_row
from services.runtime.store.stamps import EPOCH, MICROSECOND, instant, micros

T0 = datetime(2025, 3, 6, 19, 30, 0, 123456, tzinfo=UTC)
LINE = NewLine("F1", T0, "hl7v2", b"MSH|1")


def open_store(folder: Path) -> SqliteStore:
    return SqliteStore.open(folder, now=lambda: T0)


def connection_of(store: SqliteStore) -> sqlite3.Connection:
    return store._writer._engine.connection


def change(folder: Path, *changes: str) -> None:
    connection = sqlite3.connect(folder / FILE_NAME)
    with connection:
        for statement in changes:
            connection.execute(statement)
    connection.close()


def big(number: int, size: int = 40_000) -> NewLine:
    return NewLine("F1", T0 + timedelta(seconds=number), "hl7v2", os.urandom(size))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a folder" / "store #1?"


@pytest.fixture
def store(folder: Path) -> Iterator[SqliteStore]:
    with open_store(folder) as opened:
        yield opened


# The file.


def test_a_closed_store_is_one_file_beside_its_locks(folder: Path) -> None:
    open_store(folder).close()
    assert sorted(each.name for each in folder.iterdir()) == [FILE_NAME, "warmhandoff.gate", "warmhandoff.lock"]


def test_the_file_is_ours_durable_and_in_write_ahead_mode(store: SqliteStore, folder: Path) -> None:
    connection = connection_of(store)
    pragmas = ["application_id", "journal_mode", "synchronous"]
    assert [connection.execute(f"PRAGMA {each}").fetchone()[0] for each in pragmas] == [0x5741524D, "wal", 2]
    rows = connection.execute("SELECT number, name, sha256, applied_at FROM migration").fetchall()
    assert rows == [(each.number, each.name, each.sha256, micros(T0)) for each in known_migrations()]
    assert rows[0][:2] == (1, "start")


def test_a_newer_store_is_refused(folder: Path) -> None:
    open_store(folder).close()
    known = len(known_migrations())
    change(folder, f"INSERT INTO migration VALUES ({known + 1}, 'later', x'00', 0), (99, 'much_later', x'00', 0)")
    with pytest.raises(StoreIsStrange, match=rf"newer version, schema 99 > {known}: upgrade warmhandoff"):
        open_store(folder)
    with pytest.raises(StoreIsStrange, match="newer version"):
        SqliteReader.open(folder)


def test_a_store_of_another_history_is_refused(folder: Path) -> None:
    open_store(folder).close()
    change(folder, "UPDATE migration SET sha256 = x'00'")
    with pytest.raises(StoreIsStrange, match=r"migration 1 \(start\) is not the one"):
        open_store(folder)


@pytest.mark.parametrize("statement", ["CREATE TABLE theirs (a)", "PRAGMA application_id = 1"])
def test_a_database_of_somebody_else_is_refused_and_left_alone(folder: Path, statement: str) -> None:
    folder.mkdir(parents=True)
    change(folder, statement)
    before = (folder / FILE_NAME).read_bytes()
    for opening in (open_store, SqliteReader.open):
        with pytest.raises(StoreIsStrange, match="another program"):
            opening(folder)
    assert (folder / FILE_NAME).read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / FILE_NAME).write_bytes(b"MSH|" * 5000)
    for opening in (open_store, SqliteReader.open):
        with pytest.raises(StoreIsStrange, match="not a database"):
            opening(folder)
    assert (folder / FILE_NAME).read_bytes() == b"MSH|" * 5000


def test_an_empty_file_is_no_store_to_a_reader_and_a_start_to_a_writer(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / FILE_NAME).touch()
    with pytest.raises(NoStore):
        SqliteReader.open(folder)
    open_store(folder).close()
    SqliteReader.open(folder).close()


def test_a_migration_is_applied_whole_or_not_at_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_store(folder).close()
    shipped = known_migrations()
    number = len(shipped) + 1
    wrong = Migration(number, "wrong", "CREATE TABLE half (a);\nCREATE TABLE half (a);\n")
    monkeypatch.setattr(migrating, "known_migrations", lambda: (*shipped, wrong))
    with pytest.raises(AssertionError, match="half"):
        open_store(folder)
    right = Migration(
        number, "right", "-- a comment; with a semicolon\nCREATE TABLE half (a);\nINSERT INTO half VALUES (1);\n"
    )
    monkeypatch.setattr(migrating, "known_migrations", lambda: (*shipped, right))
    with pytest.raises(StoreIsStrange, match=rf"older version, schema {number - 1} < {number}"):
        SqliteReader.open(folder)
    with open_store(folder) as store:
        assert store.head() == 0
        assert connection_of(store).execute("SELECT count(*) FROM migration, half").fetchone() == (number,)


def test_a_store_from_before_feeds_were_counted_knows_their_volumes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "known_migrations", lambda: known_migrations()[:1])
    open_store(folder).close()
    at = micros(T0)
    change(
        folder,
        f"INSERT INTO journal VALUES (1, 'F1', {at}, 'hl7v2', x'01', x'', x'aabb'), "
        f"(2, 'F1', {at + 1}, 'hl7v2', x'02', x'', x'cc'), (3, 'F1', {at}, 'roster', x'03', x'', x'dd'), "
        f"(4, 'F1', {at}, 'hl7v2', x'04', x'', x'ee')",
        "INSERT INTO feed VALUES ('F1', 4, x'')",
        "UPDATE progress SET cursor = 3",
        "INSERT INTO quarantine VALUES (1, 'F1', 2, 1, 'no_msh', '', '', '', 'waiting')",
        "INSERT INTO ack (feed, seq, control_id, received_at, kept_at, code, micros, repeat, answer) "
        f"VALUES ('F1', 1, '', {at}, {at}, 'AA', 900, 0, x''), ('F1', 1, '', {at}, {at}, 'AA', 20000001, 1, x'')",
    )
    monkeypatch.undo()
    with open_store(folder) as store:
        (count,) = store.traffic("F1", T0 - SLOT, T0 + SLOT, SLOT)
        assert (count.messages, count.bytes, count.quarantined, count.last_at) == (2, 3, 1, T0 + MICROSECOND)
        assert store.answers("F1", T0 - SLOT, T0 + SLOT) == [
            AnswerCount("AA", False, 1000, 1), AnswerCount("AA", True, BEYOND, 1),
        ]  # fmt: skip


def test_a_store_from_before_writing_was_cheap_keeps_what_it_knows(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "known_migrations", lambda: known_migrations()[:2])
    open_store(folder).close()
    at, sha = micros(T0), "ab" * 32
    effect = Effect(
        "e-1", T0, "task_opened", "opened", "M1", "t-2", 1, "r", "open", T0, Owner("A", "P", "L"), None, (sha,)
    )  # fmt: skip
    change(
        folder,
        f"INSERT INTO journal VALUES (1, 'F1', {at}, 'hl7v2', x'{sha256(LINE.body).hexdigest()}', x'', x'4d')",
        "INSERT INTO feed VALUES ('F1', 1, x'')",
        f"INSERT INTO message VALUES ('{sha}', 1, 1, 'C1'), ('cd', 1, 2, 'C2')",
        "INSERT INTO member VALUES ('M1', NULL, NULL, 1), ('M2', NULL, NULL, 1)",
        "INSERT INTO task VALUES ('t-2', 'M1', 'r', 'open', 1, 'A', 'P', 'L', x'01'), "
        "('t-1', 'M1', 'r', 'met', NULL, 'A', 'P', 'L', x'02'), ('t-3', 'M2', 'r', 'open', 2, 'A', 'Q', 'L', x'03')",
        f"INSERT INTO outbox VALUES (1, 'e-1', 't-2', 'M1', CAST('{msgspec.json.encode(effect).decode()}' AS BLOB))",
    )
    monkeypatch.undo()
    with open_store(folder) as store:
        assert store.append([LINE]).result()[0].repeat
        assert [(row.name, row.control_id) for row in store.messages(["cd", sha])] == [(sha, "C1"), ("cd", "C2")]
        assert [row.task_id for row in store.tasks()] == ["t-2", "t-3", "t-1"]
        assert store.tasks(task_id="t-2") == [
            TaskRow("t-2", "M1", "r", "open", EPOCH + MICROSECOND, Owner("A", "P", "L"), b"\x01")
        ]
        assert store.task_counts() == {("r", "open"): 2, ("r", "met"): 1}
        assert store.outbox(0, 9) == store.outbox_of("t-2") == [OutboxRow(1, effect)]
        store.commit(Batch(members=[MemberRow("M1", b"", (), b"", b"", None, None, True)], effects=[effect]))
        assert ([row.task_id for row in store.tasks()], store.outbox_of("t-2")[1].position) == (["t-3"], 2)


def test_a_folder_that_cannot_be_made_is_the_world_s_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorldIsAway, match="no store can be made here"):
        open_store(tmp_path / "file" / "store")


def test_instants_keep_their_microseconds() -> None:
    for at in (T0, datetime(1931, 5, 6, 1, 2, 3, 999999, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)):
        assert instant(micros(at)) == at


# The lock.


def test_the_refusal_names_the_process_that_writes(store: SqliteStore, folder: Path) -> None:
    with pytest.raises(StoreIsBusy, match=f"process {os.getpid()} is writing"):
        open_store(folder)


def test_a_killed_writer_leaves_no_lock_behind(folder: Path) -> None:
    script = (
        "import sys, time, datetime as d; from pathlib import Path; from services.runtime.store.sqlite import *; "
        "SqliteStore.open(Path(sys.argv[1]), now=lambda: d.datetime.now(d.UTC)); "
        "print('open', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"open\n"
        with pytest.raises(StoreIsBusy, match=f"process {process.pid}"):
            open_store(folder)
        with SqliteReader.open(folder) as reader:
            assert reader.head() == 0
        process.kill()
    open_store(folder).close()


# The writer.


def test_a_full_disk_reaches_the_callers_and_passes(store: SqliteStore) -> None:
    connection = connection_of(store)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages + 5}")
    kept = store.append([LINE]).result()
    futures = [store.append([big(n)]) for n in range(20)]
    for future in futures:
        assert isinstance(future.exception(timeout=60), WorldIsAway)
    with pytest.raises(WorldIsAway, match="Free some space"):
        store.commit(Batch(reference={"r": bytes(100_000)}))
    assert (kept[0].seq, store.head(), store.reference("r")) == (1, 1, None)
    ack = Answered("F1", 1, "C", T0, T0, "AA", 5, False, bytes(60_000))
    store.answered([ack])
    time.sleep(0.5)
    assert store.acks([1]) == []
    connection.execute("PRAGMA max_page_count = 1000000")
    assert [store.append([big(n)]).result()[0].seq for n in (1, 2)] == [2, 3]
    assert store.acks([1]) == [ack]
    assert store.broken_chain() == []


def test_calls_that_wait_together_share_a_transaction(store: SqliteStore) -> None:
    begun: list[str] = []
    blocked, go_on = threading.Event(), threading.Event()

    def block(connection: sqlite3.Connection) -> None:
        connection.set_trace_callback(lambda sql: begun.append(sql) if sql.startswith("BEGIN") else None)
        blocked.set()
        go_on.wait()

    first = store._writer.submit_alone(block)
    blocked.wait()
    futures = [store.append([NewLine("F1", T0, "hl7v2", str(n).encode())]) for n in range(64)]
    go_on.set()
    assert [future.result()[0].seq for future in futures] == list(range(1, 65))
    first.result()
    assert len(begun) == 1


def test_appends_and_batches_take_turns(store: SqliteStore) -> None:
    order: list[str] = []
    blocked, go_on = threading.Event(), threading.Event()

    def block(_: sqlite3.Connection) -> None:
        blocked.set()
        go_on.wait()

    store._writer.submit_alone(block)
    blocked.wait()
    heavy = 3_000_000  # so that each short call fills a group
    done = []
    for n in range(3):
        done.append(store._writer.submit_alone(lambda _, n=n: order.append(f"batch {n}")))
        done.append(store._writer.submit(lambda _, n=n: order.append(f"append {n}"), weight_bytes=heavy))
    go_on.set()
    for future in done:
        future.result(timeout=60)
    assert order == ["append 0", "batch 0", "append 1", "batch 1", "append 2", "batch 2"]


def test_notes_stay_bounded_while_the_disk_is_away(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.store.writer._NOTES_MAX", 10)
    blocked, go_on = threading.Event(), threading.Event()
    store._writer.submit_alone(lambda _: (blocked.set(), go_on.wait()))
    blocked.wait()
    for n in range(100):
        store.answered([Answered("F1", 1, f"C{n}", T0, T0, "AA", n, False, b"")])
    go_on.set()
    store.close()
    with open_store_of(store) as again:
        assert sorted(again.ack_times()) == list(range(90, 100))


def open_store_of(store: SqliteStore) -> SqliteStore:
    return open_store(store._pool._file.parent)


def test_reading_leaves_no_connection_open(store: SqliteStore) -> None:
    threads = [threading.Thread(target=store.head) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store._pool._idle) <= 8
    with SqliteReader.open(store._pool._file.parent) as reader:
        reader.head()
    with pytest.raises(WorldIsAway, match="closed"):
        reader.head()


def test_the_log_is_folded_in_when_it_has_grown(
    store: SqliteStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.store.sqlite_writer._FOLD_ROWS", 50)
    file = folder / FILE_NAME
    for number in range(60):
        store.append([big(number)]).result()
    store.append([LINE]).result()  # its turn comes after the folding
    assert file.stat().st_size > 50 * 40_000
    (_, pages, _) = connection_of(store).execute("PRAGMA wal_checkpoint").fetchone()
    assert pages < 300, "the log began anew"


def test_a_reader_of_an_old_state_stops_no_writing(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.store.sqlite_writer._FOLD_ROWS", 5)
    store.append([LINE]).result()
    with store._pool.snapshot() as old:
        assert old.execute(sqlite_queries.HEAD).fetchone() == (1,)
        for number in range(50):
            store.append([big(number, 5000)]).result()
        assert old.execute(sqlite_queries.HEAD).fetchone() == (1,)
    assert (store.head(), store.broken_chain()) == (51, [])


# Plans.

# They walk a table in its order as far as a LIMIT says, or print it whole, or count.
SCANS = {
    "ALL_TASKS",
    "ALL_QUARANTINED",
    "FEED_ENDS",
    "COUNTERS",
    "WAKE_ALL",
    "SIZES members",
    "SIZES patients",
    "SIZES parked",
    "TASK_COUNTS",
    "TELLINGS",
    "MEASURED",
    "MEASURE_COUNTS",
}
FRAGMENTS = {"TASK", "TASK_ORDER"}
# They sort the few rows that they find.
SORTS = ("ALL_TASKS", "ANSWERS", "TASKS_BY", "OUTBOX_OF", "SUBJECTS", "TRAFFIC")


def named_queries() -> dict[str, str]:
    named = {}
    for name, value in (vars(statements) | vars(sqlite_queries)).items():
        if not name.isupper() or name.startswith("_") or name in FRAGMENTS:
            continue
        if isinstance(value, str):
            named[name] = value
        elif isinstance(value, dict):
            named |= {f"{name} {key}": query for key, query in value.items()}
    return named


@pytest.mark.parametrize("name", named_queries())
def test_each_query_has_an_index(store: SqliteStore, name: str) -> None:
    query = row_by_row(named_queries()[name])
    words = dict.fromkeys(["states", "rule", "mcp", "provider", "task_id"], "[]")
    values = words if ":states" in query else (None,) * (len(set(re.findall(r"\?\d", query))) or query.count("?"))
    steps = [row[3] for row in connection_of(store).execute(f"EXPLAIN QUERY PLAN {query}", values)]
    small = ("json_each", "CONSTANT", "SCAN run")
    scans = [step for step in steps if step.startswith("SCAN") and not any(word in step for word in small)]
    assert bool(scans) == (name in SCANS), steps
    if "substr" in query:
        assert re.search(r"_(named|known) \(<expr>=\? AND <expr>[=>]", " ".join(steps)), "the letters are not looked up"
    if "ORDER BY" in query and not name.startswith(SORTS):
        assert not [step for step in steps if "TEMP B-TREE" in step]


# Backups.


def test_a_backup_made_while_writing_is_one_moment_and_restores(store: SqliteStore, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            store.append([big(number, 5000)]).result()
            row = TaskRow(f"t{number}", "M1", "r", "open", T0, Owner(), b"")
            member = MemberRow("M1", str(number).encode(), (), b"", b"", T0, None, True)
            store.commit(Batch(cursor=number, members=[member], tasks=[row], counts={"new": 1}))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        while not store.cursor():
            time.sleep(0.01)
        copies = [tmp_path / f"copy {n}" for n in range(3)]
        for copy in copies:
            store.backup(str(copy))
    finally:
        stop.set()
        thread.join()
    assert sorted(tmp_path.glob("copy*")) == copies
    for copy in copies:
        restored = tmp_path / f"restored {copy.name}"
        restored.mkdir()
        copy.rename(restored / FILE_NAME)
        with open_store(restored) as again:
            cursor = again.cursor()
            assert cursor > 0
            assert again.head() in (cursor, cursor + 1)
            assert again.counts()["new"] == cursor
            assert again.members(["M1"])["M1"].facts == str(cursor).encode()
            assert again.tasks()[0].task_id == f"t{cursor}"
            assert again.broken_chain() == []
            assert again.append([LINE]).result()[0].seq == again.head()


def test_another_process_may_make_the_backup(store: SqliteStore, folder: Path, tmp_path: Path) -> None:
    store.append([LINE]).result()
    with SqliteReader.open(folder) as reader:
        reader.backup(str(tmp_path / "copy.db"))
        with pytest.raises(FileExistsError):
            reader.backup(str(tmp_path / "copy.db"))
    assert [each.name for each in tmp_path.glob("copy*")] == ["copy.db"]


def test_a_backup_that_fails_leaves_nothing(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("services.runtime.store.sqlite_backup._flush", no_space)
    with pytest.raises(WorldIsAway, match="No space left"):
        store.backup(str(tmp_path / "copy.db"))
    assert list(tmp_path.glob("copy*")) == []
    assert store.head() == 0


def test_a_store_that_is_moved_away_takes_nothing_until_it_is_back(folder: Path) -> None:
    away = folder.with_name("elsewhere")
    with open_store(folder) as store:
        folder.rename(away)
        with pytest.raises(WorldIsAway, match="moved or replaced"):
            store.append([LINE]).result()
        with pytest.raises(WorldIsAway, match="moved or deleted"):
            SqliteStore.join(folder)
        assert not folder.exists(), "a helper makes no store of its own"
        away.rename(folder)
        store.append([LINE]).result()
        assert store.head() == 1
