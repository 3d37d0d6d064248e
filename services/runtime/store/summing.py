"""Tables of sums, which grow by adding to them: what was counted, by key."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec


class SumTable(msgspec.Struct, frozen=True):
    """A table whose rows are added up by key: `sums` grow by what is added, of `most` the greatest stays."""

    name: str
    keys: tuple[str, ...]
    sums: tuple[str, ...]
    most: tuple[str, ...] = ()

    def adding(self, *first: str) -> str:
        """The statement that adds rows.

        Args:
            first: columns that lead the key in one dialect only (`shard`).
        """
        keys, counted = (*first, *self.keys), (*self.sums, *self.most)
        changes = [f"{each} = {self.name}.{each} + excluded.{each}" for each in self.sums]
        # SQLite's max and PostgreSQL's greatest are not one word.
        changes += [
            f"{one} = CASE WHEN excluded.{one} > {self.name}.{one} THEN excluded.{one} ELSE {self.name}.{one} END"
            for one in self.most
        ]
        return (
            f"INSERT INTO {self.name} ({', '.join((*keys, *counted))}) "  # noqa: S608 - names of our own
            f"VALUES ({', '.join('?' * len((*keys, *counted)))}) "
            f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {', '.join(changes)}"
        )

    def added_up(self, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
        """Rows with each key once, in order of key, so that two writers lock them in one order."""
        width, added = len(self.keys), len(self.keys) + len(self.sums)
        found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for row in rows:
            key, values = tuple(row[:width]), tuple(row[width:])
            if before := found.get(key):
                sums = (a + b for a, b in zip(before, row[width:added], strict=False))
                values = (*sums, *map(max, before[len(self.sums) :], row[added:]))
            found[key] = values
        return [key + found[key] for key in sorted(found)]


LINES = SumTable("counter", ("name",), ("lines",))
TRAFFIC = SumTable(
    "feed_slot",
    ("feed", "slot"),
    ("messages", "bytes", "quarantined", "repeated", "test", "skewed"),
    ("ahead_s", "last_at"),
)
DELAYS = SumTable("feed_delay", ("feed", "slot", "within_s"), ("messages",))
ANSWERS = SumTable("feed_answer", ("feed", "slot", "code", "repeat", "within_micros"), ("answers",))
MEASURED = SumTable("measured", ("name", "feed", "word", "within_micros"), ("total",))
TASKS = SumTable("task_count", ("rule", "state"), ("tasks",))
MEASURES = SumTable(
    "measure_count",
    ("measure", "version", "period", "mcp_id", "ecm_provider_id", "lead_cm_id", "kind", "stratum"),
    ("initial_population", "denominator", "exclusion", "exception", "numerator", "value_micros", "units"),
)
SUM_TABLES = (LINES, TRAFFIC, DELAYS, ANSWERS, MEASURED, TASKS, MEASURES)
