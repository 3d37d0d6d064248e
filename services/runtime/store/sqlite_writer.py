"""The one connection that writes to the SQLite file: its transactions, and folding the log into the file."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from models.errors import WorldIsAway
from models.ledger import Answered
from services.runtime.store.locking import Gate
from services.runtime.store.sqlite_appending import note_answers
from services.runtime.store.sqlite_connecting import FOLD_IN, errors_translated

Work = Callable[[sqlite3.Connection], Any]

_FOLD_ROWS = 20_000
"""Rows written between two foldings of the log: some 40 MB of it. A page that many of them touched is copied once."""


class SqliteEngine:
    """`services.runtime.store.writer.Engine` on one connection, behind the gate that its processes share."""

    def __init__(self, connection: sqlite3.Connection, gate: Gate) -> None:
        self.connection, self._gate = connection, gate
        self._folded_at = connection.total_changes

    def transact(self, works: Sequence[Work]) -> list[Any]:
        """All of it, or none."""
        with self._gate:
            return _transact(self.connection, works)

    def note(self, connection: sqlite3.Connection, rows: Sequence[Answered]) -> None:
        """Write rows of the ACK ledger."""
        note_answers(connection, rows)

    def rest(self) -> None:
        """Fold in the log when it has grown: most of it while others may write; after the rest, it begins anew."""
        if self.connection.total_changes - self._folded_at < _FOLD_ROWS:
            return
        self._folded_at = self.connection.total_changes
        # What cannot be copied now is safe in the log, and folded in another time.
        with suppress(sqlite3.Error, WorldIsAway):
            self.connection.execute(FOLD_IN).fetchone()
            with self._gate:
                self.connection.execute(FOLD_IN).fetchone()

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()
        self._gate.close()


def _transact(connection: sqlite3.Connection, works: Sequence[Work]) -> list[Any]:
    with errors_translated():
        try:
            connection.execute("BEGIN IMMEDIATE")
            results = [work(connection) for work in works]
            connection.execute("COMMIT")
        except BaseException:
            # A full disk may have rolled back already; a roll-back that fails must not hide the cause.
            if connection.in_transaction:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            raise
    return results
