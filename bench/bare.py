"""The rows that an event leaves, written bare: what SQLite could do with our settings if our logic cost nothing."""

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from services.runtime.store.sqlite_connecting import open_writing, tune_writing

TOGETHER = 64
FACT_BODY, TASK_BODY = os.urandom(400), os.urandom(300)
"""As large as an encoded statement with its tellers, and an encoded task."""
_TABLES = """
    CREATE TABLE journal (seq INTEGER PRIMARY KEY, feed TEXT NOT NULL, received_at INTEGER NOT NULL,
                          sha256 BLOB NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE UNIQUE INDEX journal_known ON journal (feed, sha256, received_at);
    CREATE TABLE fact (name TEXT PRIMARY KEY, patient TEXT NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE INDEX fact_patient ON fact (patient);
    CREATE TABLE task (task_id TEXT PRIMARY KEY, member_id TEXT NOT NULL, state TEXT NOT NULL,
                       due_at INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
    CREATE INDEX task_member ON task (member_id);
    CREATE INDEX task_state ON task (state);
    CREATE TABLE wake (member_id TEXT PRIMARY KEY, wake_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX wake_at ON wake (wake_at);
"""
_LINE = "INSERT INTO journal VALUES (?, 'bare', ?, ?, ?)"
_FACT = "INSERT INTO fact VALUES (?, ?, ?)"
_TASK = "INSERT INTO task VALUES (?, ?, 'open', ?, ?)"
_WAKE = "INSERT INTO wake VALUES (?, ?) ON CONFLICT (member_id) DO UPDATE SET wake_at = excluded.wake_at"
Rows = Sequence[tuple[str, tuple[object, ...]]]


def lines_alone(folder: Path, bodies: Sequence[bytes], together: int) -> float:
    """Rows a second: a table of bodies and nothing else, so many rows a transaction."""
    table = "CREATE TABLE line (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"
    return _rate(folder, table, [[("INSERT INTO line VALUES (?, ?)", each)] for each in enumerate(bodies)], together)


def events(folder: Path, bodies: Sequence[bytes]) -> float:
    """Events a second: of each a journal row, a fact row, a task row and a wake entry, with the indexes they need."""
    return _rate(folder, _TABLES, [_event(at, body) for at, body in enumerate(bodies)], TOGETHER)


def _event(at: int, body: bytes) -> Rows:
    name, whom = f"{at:032x}", f"member {at * 7919 % 100_003 // 4}"
    line, fact, task = (at, at, os.urandom(32), body), (name, whom, FACT_BODY), (name, whom, at, TASK_BODY)
    return [(_LINE, line), (_FACT, fact), (_TASK, task), (_WAKE, (whom, at))]


def _rate(folder: Path, tables: str, events: Sequence[Rows], together: int) -> float:
    """Write them, and nothing but that is timed."""
    with _connected(folder, tables) as connection:
        start = time.perf_counter()
        for first in range(0, len(events), together):
            connection.execute("BEGIN IMMEDIATE")
            for rows in events[first : first + together]:
                for statement, values in rows:
                    connection.execute(statement, values)
            connection.execute("COMMIT")
        return len(events) / (time.perf_counter() - start)


@contextmanager
def _connected(folder: Path, tables: str) -> Iterator[sqlite3.Connection]:
    file = folder / f"bare-{time.monotonic_ns()}.db"
    connection = open_writing(file)
    try:
        tune_writing(connection)
        connection.executescript(tables)
        yield connection
    finally:
        connection.close()
        for part in folder.glob(f"{file.name}*"):
            part.unlink()
