"""The embedded store: one SQLite file in a folder, one writing process, any number of readers."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

from models.errors import WorldIsAway
from models.ledger import Answered
from models.time import Instant
from services.runtime.store.appending import hashed, weight_of
from services.runtime.store.contract import Appended, Batch, NewLine
from services.runtime.store.locking import FolderLock, Gate
from services.runtime.store.migrating import migrate
from services.runtime.store.sqlite_appending import append_lines, replace_answer
from services.runtime.store.sqlite_committing import carry_out
from services.runtime.store.sqlite_connecting import (
    FILE_NAME,
    ReadingPool,
    errors_translated,
    open_writing,
    tune_writing,
)
from services.runtime.store.sqlite_reader import SqliteReader
from services.runtime.store.sqlite_writer import SqliteEngine
from services.runtime.store.writer import Writer, Written


class SqliteStore(SqliteReader, Written[sqlite3.Connection]):
    """`services.runtime.store.contract.Store` in one file; close it, or use it in a `with`."""

    def __init__(self, pool: ReadingPool, writer: Writer[sqlite3.Connection], lock: FolderLock | None) -> None:
        super().__init__(pool)
        self._writer = writer
        self.lock = lock

    @classmethod
    def open(cls, folder: Path, *, now: Callable[[], Instant]) -> Self:  # type: ignore[override]  # a writer needs a clock
        """Open the store in a folder for writing, making both where they are missing.

        Args:
            folder: holds `warmhandoff.db` and its lock.
            now: tells when a migration was applied.

        Raises:
            StoreIsBusy: another process writes to it.
            StoreIsStrange: the file is no store of this version; nothing was changed.
            WorldIsAway: the folder cannot be made or written.
        """
        _make(folder)
        lock = FolderLock.take(folder)
        try:
            connection = _connect(folder / FILE_NAME, now)
        except BaseException:
            lock.release()
            raise
        return cls(ReadingPool(folder / FILE_NAME), _writer(connection, folder / FILE_NAME), lock)

    @classmethod
    def join(cls, folder: Path) -> Self:
        """Open the store for a helper of the process that holds its lock: both write, one transaction at a time.

        Raises:
            WorldIsAway: it is no longer there.
        """
        if not (folder / FILE_NAME).exists():
            raise WorldIsAway(f"{folder}: the store was moved or deleted.")
        with errors_translated():
            connection = open_writing(folder / FILE_NAME)
            tune_writing(connection)
        return cls(ReadingPool(folder / FILE_NAME), _writer(connection, folder / FILE_NAME), None)

    def append(
        self, lines: Sequence[NewLine], *, once: bool = False, checkpoint: tuple[bytes, int] | None = None
    ) -> "Future[list[Appended]]":
        work = partial(append_lines, lines=[hashed(line) for line in lines], once=once, checkpoint=checkpoint)
        return self._writer.submit(work, weight_bytes=weight_of(lines), lines=len(lines))

    def answered(self, rows: Sequence[Answered]) -> None:
        self._writer.note(rows)

    def set_answer(self, seq: int, answer: bytes) -> "Future[None]":
        return self._writer.submit(partial(replace_answer, seq=seq, answer=answer), weight_bytes=len(answer))

    def commit(self, batch: Batch) -> None:
        self._writer.submit_alone(partial(carry_out, batch=batch)).result()

    def close(self) -> None:
        super().close()
        self._writer.close()
        if self.lock:
            self.lock.release()


def _writer(connection: sqlite3.Connection, file: Path) -> Writer[sqlite3.Connection]:
    return Writer(SqliteEngine(connection, Gate(file)))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorldIsAway(f"{folder}: no store can be made here: {error.strerror}.") from error


def _connect(file: Path, now: Callable[[], Instant]) -> sqlite3.Connection:
    with errors_translated():
        connection = open_writing(file)
        try:
            migrate(connection, file, now)
            tune_writing(connection)
            _flush_names(file.parent)
        except BaseException:
            connection.close()
            raise
        return connection


def _flush_names(folder: Path) -> None:
    """Make the folder and the names in it durable, since SQLite only answers for the file's content."""
    for each in (folder, folder.absolute().parent):
        with suppress(OSError):  # some file systems know no fsync of a folder, and some parents may not be read
            descriptor = os.open(each, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
