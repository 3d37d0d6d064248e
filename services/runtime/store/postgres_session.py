"""Statements on a PostgreSQL connection: those for many rows take whole columns, in one call."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any

import psycopg

from services.runtime.store.postgres_queries import ADD
from services.runtime.store.postgres_text import Blobs, Numbers, Texts
from services.runtime.store.session import Row
from services.runtime.store.statements import MEMBER_IDENTIFIERS, PATIENT_IDENTIFIERS
from services.runtime.store.summing import SUM_TABLES, SumTable

_ROWS_MAX = 2_000
"""Rows in one call: more are several calls, so that a file of a million rows is not one value in memory."""

BLOBS = {"answer", "body", "chain", "change", "effect", "facts", "revisions", "sha256", "view"}
NUMBERS = {
    "at", "block", "clear_until", "derived_at", "due_at", "first_at", "hash", "history_from", "id", "kept_at", "level",
    "line_received_at", "micros", "on_roster", "ordinal", "ordinals", "partition_number", "position", "read_to",
    "received_at", "repeat", "seq", "shard", "slot", "wake_at", "within_micros", "within_s",
} | {column for table in SUM_TABLES for column in (*table.sums, *table.most)}  # fmt: skip
"""Columns by their names, which mean one thing in every table; all others are texts."""

_ONLY_ADDED = (PATIENT_IDENTIFIERS, MEMBER_IDENTIFIERS)

_INSERT = re.compile(r"(?P<head>INSERT INTO \w+\s*\((?P<columns>[^)]*)\)\s*)VALUES \(\?(?:, \?)*\)")
_AMONG_ONE = re.compile(r"(?P<head>(?P<columns>[\w.]+) )IN \(VALUES \(\?\)\)")
_AMONG = re.compile(r"(?P<head>\((?P<columns>[\w., ]+)\)\s+IN )\(VALUES \(\?(?:, \?)*\)\)")
_FROM = re.compile(r"(?P<head>FROM )\(VALUES \(\?(?:, \?)*\)\)(?P<tail>\s+AS \w+ \((?P<columns>[^)]*)\))")


@cache
def ours(statement: str) -> str:
    """A statement with PostgreSQL's placeholders."""
    return statement.replace("%", "%%").replace("?", "%s")


@cache
def for_columns(statement: str) -> tuple[str, tuple[type[list[Any]], ...]] | None:
    """A statement for many rows as one that takes their columns, and what each column is; None for any other."""
    for pattern, form in (
        (_INSERT, "{head}SELECT * FROM unnest({arrays})"),
        (_AMONG_ONE, "{head}= ANY ({arrays})"),
        (_AMONG, "{head}(SELECT * FROM unnest({arrays}))"),
        (_FROM, "{head}unnest({arrays}){tail}"),
    ):
        if match := pattern.search(statement):
            kinds = tuple(_kind(each) for each in match["columns"].split(","))
            parts = {"tail": "", **match.groupdict(), "arrays": ", ".join("?" * len(kinds))}
            new = form.format(**parts)
            return ours(statement[: match.start()] + new + statement[match.end() :]), kinds
    return None


class PostgresSession:
    """`services.runtime.store.session.Session` on one connection.

    Statements follow each other one by one, never in libpq's pipeline (`executemany` uses it too): between its
    statements, and after psycopg has left it, the server's `idle_in_transaction_session_timeout` does not run, so a
    process frozen there would hold its locks for good.
    """

    def __init__(self, connection: psycopg.Connection) -> None:
        self.connection = connection
        self._seen: dict[str, dict[object, list[Row]]] = {statement: {} for statement in _ONLY_ADDED}

    def rows(self, statement: str, *values: object) -> list[Row]:
        return self.connection.execute(ours(statement), values, binary=True).fetchall()

    def rows_of(self, statement: str, keys: Iterable[Sequence[object]]) -> list[Row]:
        asked = dict.fromkeys(map(tuple, keys))
        rows = [row for each in self._calls(statement, asked) for row in each.fetchall()]
        if (seen := self._seen.get(statement)) is not None:
            seen.update((key, []) for key, *_ in asked)
            for row in rows:
                seen[row[0]].append(row)
        return rows

    def rows_seen(self, statement: str, keys: Iterable[Sequence[object]]) -> list[Row]:
        seen, asked = self._seen[statement], [key for key, *_ in keys]
        self.rows_of(statement, [(key,) for key in asked if key not in seen])
        return [row for key in asked for row in seen[key]]

    def write(self, statement: str, *values: object) -> None:
        self.connection.execute(ours(statement), values)

    def write_all(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        if for_columns(statement):
            for _ in self._calls(statement, rows):
                pass
        else:
            for row in rows:
                self.write(statement, *row)

    def add(self, table: SumTable, rows: Iterable[Sequence[object]], shard: int) -> None:
        self.write_all(ADD[table.name], [(shard, *row) for row in table.added_up(rows)])

    def _calls(self, statement: str, rows: Iterable[Sequence[object]]) -> Iterator[psycopg.Cursor[Row]]:
        many = for_columns(statement)
        assert many, "not a statement for many rows"
        query, kinds = many
        rest = iter(rows)
        while chunk := list(islice(rest, _ROWS_MAX)):
            columns = [kind(values) for kind, values in zip(kinds, zip(*chunk, strict=True), strict=True)]
            yield self.connection.execute(query, columns, binary=True)


def _kind(column: str) -> type[list[Any]]:
    name = column.strip().rpartition(".")[2]
    return Blobs if name in BLOBS else Numbers if name in NUMBERS else Texts
