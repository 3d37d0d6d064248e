"""The reading half of the SQLite store: any thread, any process, beside a writer."""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import msgspec

from models.ledger import Answered
from services.runtime.store import sqlite_queries as queries
from services.runtime.store import statements
from services.runtime.store.contract import NoStore, TaskRow
from services.runtime.store.migrating import require_present_schema
from services.runtime.store.reading import SqlReader, ack_of, task_of
from services.runtime.store.session import Session
from services.runtime.store.sqlite_backup import back_up
from services.runtime.store.sqlite_connecting import FILE_NAME, ReadingPool, errors_translated
from services.runtime.store.sqlite_session import SqliteSession


class SqliteReader(SqlReader):
    """A store to read only: `services.runtime.store.contract.Reader` over the file in a folder.

    It writes nothing of its own; SQLite may leave its empty `-wal` and `-shm` files beside the store's.
    """

    HEAD, CURSOR, MESSAGES, OUTBOX_OF = queries.HEAD, queries.CURSOR, queries.MESSAGES, queries.OUTBOX_OF

    def __init__(self, pool: "ReadingPool | _Still") -> None:
        self._pool = pool

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Read the store in a folder.

        Raises:
            NoStore: nothing was ever put into it.
            StoreIsStrange: the file is no store of this version.
        """
        file = folder / FILE_NAME
        if not file.exists():
            raise NoStore(f"{folder}: no store here yet. Load something first: `warmhandoff load PATH`.")
        reader = cls(ReadingPool(file))
        try:
            with reader._pool.snapshot() as connection:
                require_present_schema(connection, file)
        except BaseException:
            reader.close()
            raise
        return reader

    def close(self) -> None:
        self._pool.close()

    def read_until(self) -> None:
        """No worker shares a store that is a file."""

    def tasks(
        self, *, states: Collection[str] = (), rule: str = "", provider: str = "", mcp: str = "", task_id: str = ""
    ) -> list[TaskRow]:
        given = {"task_id": task_id, "provider": provider, "states": states, "rule": rule, "mcp": mcp}
        query = next((query for name, query in queries.TASKS_BY.items() if given[name]), statements.ALL_TASKS)
        filters = {**given, "states": msgspec.json.encode(sorted(states)).decode()}
        with self._pool.snapshot() as connection:
            return [task_of(row) for row in connection.execute(query, filters)]

    def acks(self, seqs: Collection[int]) -> list[Answered]:
        return [ack_of(row) for row in sorted(self._rows_of(queries.ACKS, [(seq,) for seq in seqs]))]

    def subjects(self, prefix: str, limit: int) -> list[str]:
        return [row[0] for row in self._rows(queries.SUBJECTS, prefix, limit)]

    @contextmanager
    def still(self) -> Iterator["SqliteReader"]:
        with self._pool.snapshot() as connection:
            yield SqliteReader(_Still(connection))

    def backup(self, path: str) -> None:
        with self._pool.snapshot() as connection:
            back_up(connection, Path(path))

    @contextmanager
    def _snapshot(self) -> Iterator[Session]:
        with self._pool.snapshot() as connection:
            yield SqliteSession(connection)


class _Still:
    """One connection inside its transaction, in the place of a pool."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        with errors_translated():
            yield self._connection

    def close(self) -> None:
        """Whoever opened it closes it."""
