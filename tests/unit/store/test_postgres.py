"""What only the PostgreSQL store promises: its schema, its texts, its plans, who writes, a database that is away."""

import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import psycopg
import pytest

from models.errors import WorldIsAway
from models.ledger import Answered
from models.owner import Owner
from services.runtime.store import postgres_migrating, postgres_queries, statements
from services.runtime.store.contract import (
    Batch,
    MemberRow,
    NewLine,
    NoStore,
    PatientRow,
    StoreIsBusy,
    StoreIsStrange,
    TaskRow,
)
from services.runtime.store.migration_files import Migration
from services.runtime.store.postgres import PostgresStore
from services.runtime.store.postgres_connecting import Use
from services.runtime.store.postgres_reader import PostgresReader
from services.runtime.store.postgres_session import BLOBS, NUMBERS, for_columns, ours
from services.runtime.store.postgres_text import Blobs, Numbers, Texts, escaped, plain
from services.runtime.store.stamps import micros

T0 = datetime(2025, 3, 6, 19, 30, 0, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
LINE = NewLine("F1", T0, "hl7v2", b"MSH|1")
SHA = sha256(LINE.body).digest()


def joined(url: str, namespace: str) -> PostgresStore:
    return PostgresStore.join(url, namespace, now=lambda: T0)


@pytest.fixture
def store(database_of_module: str, namespace: str) -> Iterator[PostgresStore]:
    with joined(database_of_module, namespace) as opened:
        yield opened


def change(store: PostgresStore, *changes: str) -> None:
    with psycopg.connect(store.place.url, options=f"-c search_path={store.place.namespace}") as connection:
        for statement in changes:
            connection.execute(statement)


def found(store: PostgresStore, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(store.place.url, options=f"-c search_path={store.place.namespace}") as connection:
        return connection.execute(query).fetchall()


# The schema.


def test_each_migration_is_recorded_with_what_it_was(store: PostgresStore) -> None:
    rows = found(store, "SELECT number, name, sha256, applied_at FROM migration")
    known = postgres_migrating.known_migrations()
    assert rows == [(each.number, each.name, each.sha256, micros(T0)) for each in known]


def test_a_newer_store_and_one_of_another_history_are_refused(store: PostgresStore) -> None:
    url, namespace = store.place.url, store.place.namespace
    change(store, "INSERT INTO migration VALUES (99, 'later', '', 0)")
    for opening in (joined, PostgresReader.open):
        with pytest.raises(StoreIsStrange, match="newer version, schema 99 > 1: upgrade"):
            opening(url, namespace)
    change(store, "DELETE FROM migration WHERE number = 99", "UPDATE migration SET sha256 = ''")
    with pytest.raises(StoreIsStrange, match=r"migration 1 \(start\) is not the one"):
        joined(url, namespace)


def test_a_schema_of_somebody_else_is_refused_and_left_alone(database_of_module: str, namespace: str) -> None:
    with psycopg.connect(database_of_module, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {namespace}")
        with pytest.raises(NoStore, match="Load something"):
            PostgresReader.open(database_of_module, namespace)
        connection.execute(f"CREATE TABLE {namespace}.theirs (a int)")
        for opening in (joined, PostgresReader.open):
            with pytest.raises(StoreIsStrange, match="another program"):
                opening(database_of_module, namespace)
        query = "SELECT count(*) FROM pg_class WHERE relnamespace = %s::regnamespace"
        assert connection.execute(query, (namespace,)).fetchone() == (1,)


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = postgres_migrating.known_migrations()
    wrong = Migration(2, "wrong", "CREATE TABLE half (a int);\nCREATE TABLE half (a int);\n")
    monkeypatch.setattr(postgres_migrating, "known_migrations", lambda: (*shipped, wrong))
    with pytest.raises(WorldIsAway, match="half"):
        joined(store.place.url, store.place.namespace)
    with pytest.raises(StoreIsStrange, match="older version, schema 1 < 2"):
        PostgresReader.open(store.place.url, store.place.namespace)
    right = Migration(2, "right", "CREATE TABLE half (a int);\nINSERT INTO half VALUES (1);\n")
    monkeypatch.setattr(postgres_migrating, "known_migrations", lambda: (*shipped, right))
    joined(store.place.url, store.place.namespace).close()
    assert found(store, "SELECT number, a FROM migration, half ORDER BY 1") == [(1, 1), (2, 1)]


def test_many_processes_may_make_the_same_store_at_once(database_of_module: str, namespace: str) -> None:
    stores: list[PostgresStore] = []
    threads = [threading.Thread(target=lambda: stores.append(joined(database_of_module, namespace))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.head() for each in stores] == [0] * 6
    for each in stores:
        each.close()


def test_every_column_is_of_the_kind_that_its_name_says(store: PostgresStore) -> None:
    query = """
        SELECT DISTINCT column_name, data_type, collation_name FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name NOT IN ('migration', 'published', 'tail', 'worker')
            AND is_identity = 'NO'
    """
    for name, kind, collation in found(store, query):
        wanted = "bytea" if name in BLOBS else "bigint" if name in NUMBERS else "text"
        assert kind == wanted, name
        assert collation == ("C" if kind == "text" else None), f"{name} would not sort by code point"


# Who writes.


def test_one_writer_and_several_keep_each_other_out(database_of_module: str, namespace: str) -> None:
    with PostgresStore.open(database_of_module, namespace, now=lambda: T0):
        with pytest.raises(StoreIsBusy, match="drop folder"):
            joined(database_of_module, namespace)
        with PostgresReader.open(database_of_module, namespace) as reader:
            assert reader.head() == 0
    both = joined(database_of_module, namespace), joined(database_of_module, namespace)
    with pytest.raises(StoreIsBusy, match="another process"):
        PostgresStore.open(database_of_module, namespace, now=lambda: T0)
    for each in both:
        each.close()
    PostgresStore.open(database_of_module, namespace, now=lambda: T0).close()


def test_several_writers_share_dense_numbers_and_know_each_other_s_lines(store: PostgresStore) -> None:
    def append(writer: PostgresStore, feed: str) -> None:
        for number in range(30):
            writer.append([NewLine(feed, T0, "hl7v2", f"{number}".encode()), LINE]).result()

    with joined(store.place.url, store.place.namespace) as other:
        threads = [
            threading.Thread(target=append, args=(each, f"F{n % 2}")) for n, each in enumerate([store, other] * 2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = store.lines(0, 1000)
    assert [each.seq for each in lines] == list(range(1, len(lines) + 1))
    assert len(lines) == len({(each.feed, each.body) for each in lines}) == 61
    assert store.broken_chain() == []


# Texts.


@pytest.mark.parametrize("text", ["", "a\0b", "\0", "\1", "\1\1", "\1\2\0", "é\0\U0010ffff", "''\\"])
def test_a_text_comes_back_as_it_was(store: PostgresStore, text: str) -> None:
    assert plain(escaped(text)) == text
    row = PatientRow(f"F|{text}", b"", (("cin", text),), (text,), (), (text,))
    store.commit(Batch(patients=[row]))
    assert store.patients([row.key]) == {row.key: row}
    assert store.patients_with([("cin", text)]) == {row.key}


def test_ids_are_ordered_by_code_point_as_in_python(store: PostgresStore) -> None:
    names = ["", "\0", "\0a", "\1", "\2", "A", "Z", "a", "a\0", "a\1", "aa", "á", "z", "ﬀ", "\uffff", "\U00010000"]
    ids = [f"M{each}" for each in names]
    rows = [MemberRow(each, b"", (), b"", b"", None, T0, False) for each in reversed(ids)]
    store.commit(Batch(members=rows))
    assert store.member_ids("", 99) == store.due(T0, 99) == sorted(ids)
    tasks = [TaskRow(f"t{each}", "M", "r", "open", None, Owner(), b"") for each in names]
    store.commit(Batch(members=[rows[-1]], tasks=tasks))
    assert [row.task_id for row in store.tasks()] == sorted(row.task_id for row in tasks)


def test_a_database_that_cannot_hold_every_text_is_refused(
    store: PostgresStore, namespace: str, postgres: object
) -> None:
    name = f"latin_{namespace}"
    with psycopg.connect(store.place.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(StoreIsStrange, match="UTF8"):
            joined(re.sub(r"/\w+$", f"/{name}", store.place.url), namespace)
    finally:
        with psycopg.connect(store.place.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name}")


# The journal's months.


def months(store: PostgresStore) -> list[str]:
    query = """
        SELECT relid::regclass::text FROM pg_partition_tree('journal') WHERE isleaf AND level = 1 ORDER BY 1
    """
    return [str(name) for (name,) in found(store, query)]


def test_a_month_gets_its_table_when_its_first_line_comes(store: PostgresStore) -> None:
    ends = [
        datetime(1931, 5, 6, tzinfo=UTC),
        datetime(2025, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2025, 2, 1, tzinfo=UTC),
        datetime(2025, 12, 31, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ]
    store.append([NewLine("F1", at, "hl7v2", b"") for at in ends]).result()
    assert [each.received_at for each in store.lines(0, 9)] == ends
    assert months(store) == [
        "journal_1931_05", "journal_2025_01", "journal_2025_02", "journal_2025_12", "journal_9999_12",
    ]  # fmt: skip


def test_two_writers_may_make_a_month_at_once(store: PostgresStore) -> None:
    others = [joined(store.place.url, store.place.namespace) for _ in range(4)]
    gate = threading.Barrier(len(others))

    def append(other: PostgresStore, number: int) -> None:
        gate.wait()
        for month in range(1, 7):
            at = datetime(2025, month, 1, tzinfo=UTC)
            with other.transaction() as work:
                work.commit(Batch(lines=[NewLine(f"F{number}", at, "hl7v2", b"x")]))

    threads = [threading.Thread(target=append, args=(each, number)) for number, each in enumerate(others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for each in others:
        each.close()
    assert (store.head(), len(months(store)), store.broken_chain()) == (24, 6, [])


def test_a_month_that_a_restored_database_lacks_is_made_again(store: PostgresStore) -> None:
    store.append([LINE]).result()
    change(
        store, "DELETE FROM journal", "DROP TABLE journal_2025_03", "DELETE FROM feed", "UPDATE tail SET journal = 0"
    )
    with pytest.raises(WorldIsAway, match="try again"):
        store.append([LINE]).result()
    assert store.append([LINE]).result()[0].seq == 1


# Sums lie in shards.


def test_sums_of_several_shards_are_read_as_one(store: PostgresStore) -> None:
    for shard, number in ((1, 5), (2, -2), (1, -3)):
        store.commit(Batch(counts={"new": number}, shard=shard))
    assert found(store, "SELECT shard, lines FROM counter ORDER BY 1") == [(1, 2), (2, -2)]
    assert store.counts()["new"] == 0


# The ACK ledger of a listener that does not know the line's number.


def answer(code: str = "AA", **changes: bool) -> Answered:
    return Answered(
        "F1", 0, "C1", T0, T0 + timedelta(milliseconds=1), code, 900, answer=b"MSA", **{"repeat": False, **changes}
    )


def test_answers_noted_before_and_after_the_line_are_told_with_it(store: PostgresStore) -> None:
    store.note_answered([(SHA, T0, answer())])
    wait_for_acks(store, 1)
    assert store.acks([1]) == []
    with store.transaction() as work:
        work.commit(Batch(lines=[LINE]))
    store.note_answered([(SHA, T0, answer(repeat=True)), (SHA, T0 + DAY, answer("AE"))])
    wait_for_acks(store, 3)
    assert [(each.seq, each.code, each.repeat) for each in store.acks([1, 2])] == [(1, "AA", False), (1, "AA", True)]
    store.answered([Answered("F1", 1, "C2", T0, T0, "AR", 5, False, b"")])
    wait_for_acks(store, 4)
    assert [each.code for each in store.acks([1])] == ["AA", "AA", "AR"]


def wait_for_acks(store: PostgresStore, number: int) -> None:
    end = time.monotonic() + 60
    while found(store, "SELECT count(*) FROM ack") != [(number,)]:
        assert time.monotonic() < end, "never written"
        time.sleep(0.02)


def test_what_was_answered_is_known_from_the_ledger_and_from_the_journal(store: PostgresStore) -> None:
    asked = [("F1", SHA, T0 + 7 * DAY), ("F1", SHA, T0 + 7 * DAY + timedelta(microseconds=1)), ("F2", SHA, T0)]
    assert store.answers_of(asked) == [None, None, None]
    store.note_answered([(SHA, T0, answer()), (SHA, T0, answer("AE", repeat=True))])
    wait_for_acks(store, 2)
    assert store.answers_of(asked) == [(T0, b"MSA"), None, None]
    with store.transaction() as work:
        work.commit(
            Batch(lines=[NewLine("F1", T0, "hl7v2", LINE.body, b"stored"), NewLine("F2", T0, "hl7v2", LINE.body)])
        )
    assert store.answers_of(asked) == [(T0, b"stored"), None, (T0, None)]
    assert store.answers_of([]) == []


# Plans.

# They walk a table in its order as far as a LIMIT says, or print it whole, or count. (A query for all tasks is such.)
SCANS = {
    "ALL_TASKS", "ALL_QUARANTINED", "FEED_ENDS", "COUNTERS", "WAKE_ALL", "TASK_COUNTS", "MEASURED", "MEASURE_COUNTS",
    "FORGET_TRAFFIC slots", "FORGET_TRAFFIC delays", "SIZES members", "SIZES patients", "SIZES parked", "ACK_TIMES",
    "NEXT_WAKE", "READ_UNTIL",
}  # fmt: skip


def named_statements() -> dict[str, str]:
    named = {}
    for name, value in (vars(statements) | vars(postgres_queries)).items():
        if not name.isupper() or name.startswith(("_", "KEEP", "NEW", "ADD", "RAISE")) or name in FRAGMENTS:
            continue
        pairs = {name: value} if isinstance(value, str) else {f"{name} {key}": each for key, each in value.items()}
        named |= {
            key: f"{statements.TASK} WHERE {each}" if "TASKS_WHERE" in key else each for key, each in pairs.items()
        }
    return named


FRAGMENTS = {"TASK", "TASK_ORDER", "SUM_TABLES", "NOW", "EXPORT"}


@pytest.fixture(scope="module")
def planner(database_of_module: str) -> Iterator[psycopg.Connection]:
    """A connection of a worker, to a store with a line."""
    with joined(database_of_module, "plans") as store:
        store.append([LINE]).result()
        with store.place.connect(Use.WORK) as connection:
            yield connection


@pytest.mark.parametrize("name", named_statements())
def test_each_statement_has_an_index(planner: psycopg.Connection, name: str) -> None:
    statement = named_statements()[name]
    query, kinds = for_columns(statement) or (ours(statement), ())
    numbers = iter(range(1, 20))
    query = re.sub("%s", lambda _: f"${next(numbers)}", query)
    words = {Texts: "text[]", Numbers: "bigint[]", Blobs: "bytea[]"}
    types = f"({', '.join(words[kind] for kind in kinds)})" if kinds else ""
    planner.execute(f"PREPARE asked {types} AS {query}", prepare=False)
    values = ", ".join(["NULL"] * (next(numbers) - 1))
    explain = f"EXPLAIN EXECUTE asked {f'({values})' if values else ''}"
    plan = "\n".join(row[0] for row in planner.execute(explain, prepare=False))
    planner.execute("DEALLOCATE asked", prepare=False)
    assert ("Index Cond" in plan and "Seq Scan" not in plan) == (name not in SCANS), plan


def test_columns_are_sent_as_they_are() -> None:
    assert for_columns("INSERT INTO t (seq, body) VALUES (?, ?) ON CONFLICT DO NOTHING")[0] == (  # type: ignore[index]
        "INSERT INTO t (seq, body) SELECT * FROM unnest(%s, %s) ON CONFLICT DO NOTHING"
    )
    assert for_columns("SELECT a FROM t WHERE key IN (VALUES (?))") == (
        "SELECT a FROM t WHERE key = ANY (%s)",
        (Texts,),
    )
    query, kinds = for_columns("DELETE FROM t WHERE (seq, kind) IN (VALUES (?, ?))")  # type: ignore[misc]
    assert (query, kinds) == ("DELETE FROM t WHERE (seq, kind) IN (SELECT * FROM unnest(%s, %s))", (Numbers, Texts))
    assert for_columns("UPDATE t SET a = ? WHERE b = ?") is None
