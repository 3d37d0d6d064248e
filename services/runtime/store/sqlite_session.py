"""Statements on an SQLite connection: those for many rows are repeated row by row."""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from functools import cache

from services.runtime.store.session import Row
from services.runtime.store.sqlite_queries import ADD
from services.runtime.store.summing import SumTable

_ONE, _SEVERAL = "IN (VALUES (?))", re.compile(r"IN \(VALUES (\(\?(?:, \?)+\))\)")


@cache
def row_by_row(statement: str) -> str:
    """A statement that looks for all of its rows, as one that looks for a single one: it finds that by the index."""
    return _SEVERAL.sub(r"= \1", statement.replace(_ONE, "= ?"))


class SqliteSession:
    """`services.runtime.store.session.Session` on one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def rows(self, statement: str, *values: object) -> list[Row]:
        return self.connection.execute(statement, values).fetchall()

    def rows_of(self, statement: str, keys: Iterable[Sequence[object]]) -> list[Row]:
        single = row_by_row(statement)
        return [row for key in dict.fromkeys(map(tuple, keys)) for row in self.connection.execute(single, key)]

    rows_seen = rows_of  # looking again costs nothing here

    def write(self, statement: str, *values: object) -> None:
        self.connection.execute(statement, values)

    def write_all(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self.connection.executemany(row_by_row(statement), rows)

    def add(self, table: SumTable, rows: Iterable[Sequence[object]], shard: int) -> None:  # noqa: ARG002 - one writer
        self.connection.executemany(ADD[table.name], table.added_up(rows))
