"""What statements are run on: a connection inside its transaction, the same to the caller in both dialects.

Statements are written with `?`. One that takes many rows has them as `VALUES (?, ?)`, or looks for all of them as
`word IN (VALUES (?))` or `(one, other) IN (VALUES (?, ?))`: SQLite repeats it row by row, PostgreSQL gets all rows in
one call.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from services.runtime.store.summing import SumTable

Row = tuple[Any, ...]


class Session(Protocol):
    """A connection inside its transaction."""

    def rows(self, statement: str, *values: object) -> list[Row]:
        """What a statement finds."""

    def rows_of(self, statement: str, keys: Iterable[Sequence[object]]) -> list[Row]:
        """What a statement with `IN (VALUES ...)` finds for all of the keys, each of them once."""

    def rows_seen(self, statement: str, keys: Iterable[Sequence[object]]) -> list[Row]:
        """The same, but what the transaction has found already is not looked up again: for rows that are only added."""

    def write(self, statement: str, *values: object) -> None:
        """Carry out a statement."""

    def write_all(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Carry out a statement for each row. Two rows of an upsert may not have the same key."""

    def add(self, table: SumTable, rows: Iterable[Sequence[object]], shard: int) -> None:
        """Add rows to sums; rows with the same key are added up."""
