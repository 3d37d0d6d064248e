"""The journal's tables, one a month of receipt, made when the first line of a month comes."""

import threading
from collections.abc import Iterable
from datetime import UTC, datetime

from services.runtime.store.postgres_connecting import Connections, Place
from services.runtime.store.stamps import instant, micros

_LAST = (9999, 12)
"""Of Python's calendar."""


class Months:
    """The months that the journal has a table for. Safe from any thread."""

    def __init__(self, place: Place, connections: Connections) -> None:
        self._place, self._connections = place, connections
        self._known: set[tuple[int, int]] = set()
        self._guard = threading.Lock()

    def ensure(self, stamps: Iterable[int]) -> None:
        """Make the tables for lines of these receipts, where there are none, in transactions of their own.

        Nobody waits for that: a table is made by itself, and then joins the journal beside readers and writers.
        """
        months = {(at.year, at.month) for at in map(instant, stamps)}
        for year, month in sorted(months - self._known):
            self._make(year, month)
            with self._guard:
                self._known.add((year, month))

    def forget(self) -> None:
        """Look again next time: the database may have become an older one."""
        with self._guard:
            self._known.clear()

    def _make(self, year: int, month: int) -> None:
        name = f"journal_{year:04}_{month:02}"
        first = datetime(year, month, 1, tzinfo=UTC)
        end = (
            micros(datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)) if (year, month) < _LAST else "MAXVALUE"
        )
        with self._connections.lend() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (self._place.key("months"),))
            (found,) = connection.execute("SELECT to_regclass(%s)::text", (name,)).fetchone() or (None,)
            if found is None:
                connection.execute(f"CREATE TABLE {name} (LIKE journal INCLUDING ALL)")
                span = f"FROM ({micros(first)}) TO ({end})"
                connection.execute(f"ALTER TABLE journal ATTACH PARTITION {name} FOR VALUES {span}")
