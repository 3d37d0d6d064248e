"""Stores with a plan's roster in them, for figures that begin there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from bench.world import START, Told, facilities_csv, roster_csv
from services.runtime.pipeline import Pipeline
from services.runtime.store.contract import NewLine
from services.runtime.store.sqlite import SqliteStore
from services.wiring.setup import Setup, read_setup

FEED = "bench"


@cache
def setup() -> Setup:
    """The shipped rules, no configuration."""
    return read_setup(None)


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def pipeline_of(store: SqliteStore) -> Pipeline:
    """The pipeline that `serve` would run."""
    return Pipeline(store, setup().readers, setup().reference, now)


@contextmanager
def store_with(folder: Path, numbers: Sequence[int]) -> Iterator[SqliteStore]:
    """A store that knows the facilities and these members, and nothing else."""
    with reopened(folder) as store:
        rosters = [roster_csv(numbers[first : first + 5_000]) for first in range(0, len(numbers), 5_000)]
        tables = [("facilities", facilities_csv()), *(("roster", roster) for roster in rosters)]
        store.append([NewLine("plan", START, kind, body) for kind, body in tables]).result()
        pipeline = pipeline_of(store)
        while pipeline.run(bulk=True, limit=1):
            pass
        pipeline.settle()
        yield store


def reopened(folder: Path) -> SqliteStore:
    """The store in a folder, to write to."""
    return SqliteStore.open(folder, now=now)


def keep(store: SqliteStore, lines: Sequence[Told], *, live: bool = False) -> None:
    """Put messages into the journal, received when they were told, or now."""
    for start in range(0, len(lines), 500):
        part = [NewLine(FEED, now() if live else line.at, "hl7v2", line.body) for line in lines[start : start + 500]]
        store.append(part).result()
