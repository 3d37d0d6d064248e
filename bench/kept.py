"""Stores with a plan's roster in them, for figures that begin there."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.world import START, Told, facilities_csv, roster_csv
from services.runtime.pipeline import Pipeline
from services.runtime.store.contract import NewLine, Store
from services.runtime.store.sqlite import SqliteStore
from services.simulation.codes import value_sets_csv
from services.wiring.setup import Setup, read_setup

FEED = "bench"
CODES = Path(__file__).parent / "codes.csv"
"""Value sets that the simulation has no word for: those of electronic measures, by the page's word for them."""


@cache
def setup() -> Setup:
    """The shipped rules, no configuration."""
    return read_setup(None)


@cache
def all_pages() -> Setup:
    """The same with every measure page switched on."""
    with TemporaryDirectory() as place:
        found = read_setup(configured(Path(place)))
    off = [f"{page.measure}: {', '.join(page.missing_sets)}" for page in found.pages if not page.active]
    assert not off, f"bench/codes.csv lacks value sets: {'; '.join(off)}"
    return found


def configured(folder: Path) -> Path:
    """A configuration in a folder, with a code or two of each value set that a page requires: it costs the same to find
    that a code is in a set of two and in one of two thousand.
    """
    (folder / "simulated.csv").write_text(value_sets_csv())
    (folder / "codes.csv").write_text(CODES.read_text())
    file = folder / "warmhandoff.yaml"
    file.write_text(f"value_sets: [{folder}/simulated.csv, {folder}/codes.csv]\n")
    return file


def now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def pipeline_of(store: Store, installation: Setup | None = None) -> Pipeline:
    """The pipeline that `serve` would run."""
    here = installation or setup()
    return Pipeline(store, here.readers, here.reference, now)


@contextmanager
def store_with(folder: Path, numbers: Sequence[int], installation: Setup | None = None) -> Iterator[SqliteStore]:
    """A store that knows the facilities and these members, and nothing else."""
    with reopened(folder) as store:
        know(store, numbers, installation)
        yield store


def know(store: Store, numbers: Sequence[int], installation: Setup | None = None) -> None:
    """Have a new store know the facilities and these members."""
    rosters = [roster_csv(numbers[first : first + 5_000]) for first in range(0, len(numbers), 5_000)]
    tables = [("facilities", facilities_csv()), *(("roster", roster) for roster in rosters)]
    store.append([NewLine("plan", START, kind, body) for kind, body in tables]).result()
    pipeline = pipeline_of(store, installation)
    while pipeline.run(bulk=True, limit=1):
        pass
    pipeline.settle()


def reopened(folder: Path) -> SqliteStore:
    """The store in a folder, to write to."""
    return SqliteStore.open(folder, now=now)


def keep(store: SqliteStore, lines: Sequence[Told], *, live: bool = False) -> None:
    """Put messages into the journal, received when they were told, or now."""
    for start in range(0, len(lines), 500):
        part = [NewLine(FEED, now() if live else line.at, line.kind, line.body) for line in lines[start : start + 500]]
        store.append(part).result()
