"""Connections to the one SQLite file: how they are set up, shared by reading threads, and what their errors mean."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import WorldIsAway
from services.runtime.store.contract import StoreIsStrange

FILE_NAME = "warmhandoff.db"
_BUSY_SECONDS = 5.0
# STRICT tables came with 3.37.
_SQLITE_MIN = (3, 37)
# The writer folds the log in when it has grown, beside its transactions. Only a log of 128 MB is folded in by a COMMIT,
# which then has senders waiting; a burst's log is cut to 64 MB.
_WRITER_PRAGMAS = """
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 32000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -32000;
    PRAGMA temp_store = MEMORY;
"""
FOLD_IN = "PRAGMA wal_checkpoint(PASSIVE)"
"""As far as nobody reads what is older; nobody waits for it."""
_READER_PRAGMAS = "PRAGMA cache_size = -8000; PRAGMA temp_store = MEMORY;"
_HINTS = {
    sqlite3.SQLITE_FULL: "Free some space on its disk.",
    sqlite3.SQLITE_BUSY: "Another program holds its file: close it.",
    sqlite3.SQLITE_READONLY: "Its file or folder must be writable.",
    sqlite3.SQLITE_CANTOPEN: "Its folder must be there, and writable for SQLite's own -wal and -shm files.",
}


def open_writing(file: Path) -> sqlite3.Connection:
    """Connect to a file for writing, creating it; nothing is changed before `tune_writing`."""
    if sqlite3.sqlite_version_info < _SQLITE_MIN:
        raise WorldIsAway(f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or newer is needed.")
    return sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)


def tune_writing(connection: sqlite3.Connection) -> None:
    """Turn on the write-ahead log and full durability."""
    connection.executescript(_WRITER_PRAGMAS)


def open_reading(file: Path) -> sqlite3.Connection:
    """Connect to a file that is there, to read only."""
    uri = f"{file.absolute().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.executescript(_READER_PRAGMAS)
    return connection


def translated(error: sqlite3.Error) -> Exception:
    """Say what an SQLite error means to a caller: wait, look at the file, or our own broken promise."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte names the kind
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreIsStrange(f"the store's file is damaged or no database ({error}). Restore a backup.")
    if isinstance(error, sqlite3.IntegrityError) or code == sqlite3.SQLITE_ERROR:
        return AssertionError(f"a promise to the store was broken: {error}")
    if isinstance(error, sqlite3.OperationalError):
        return WorldIsAway(f"the store cannot be used now: {error}. {_HINTS.get(code, 'Look at its disk.')}")
    return error


@contextmanager
def errors_translated() -> Iterator[None]:
    """Raise what `translated` makes of an SQLite error."""
    try:
        yield
    except sqlite3.Error as error:
        meaning = translated(error)
        if meaning is error:
            raise
        raise meaning from error


class ReadingPool:
    """Reading connections, each used by one call at a time; a few idle ones are kept for the next calls."""

    _IDLE_MAX = 8

    def __init__(self, file: Path) -> None:
        self._file = file
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._guard = threading.Lock()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one committed state throughout the block."""
        with errors_translated():
            connection = self._take()
            try:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
            self._put_back(connection)

    def close(self) -> None:
        """Close the idle connections; those in use close when their call ends."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> sqlite3.Connection:
        with self._guard:
            if self._closed:
                raise WorldIsAway("the store is closed.")
            if self._idle:
                return self._idle.pop()
        return open_reading(self._file)

    def _put_back(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            if not self._closed and len(self._idle) < self._IDLE_MAX:
                self._idle.append(connection)
                return
        connection.close()
