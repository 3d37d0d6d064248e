"""Many lines at once: the pipeline on a backlog, loading a journal file, computing all of it again."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from bench import bare, kept
from bench.measuring import Figure, Size, by_turns, figure, per_second
from bench.world import START, Told, crowd
from connectors.files.exporting import exported
from services.runtime.recount import Recount
from services.runtime.store.sqlite import SqliteStore
from services.wiring.loading import Summary, keep_file, process

PROBE, LARGEST = 60, 2000
"""Members of the trial run, and the most of a full one."""
RUN_SECONDS = 2.0


def run(size: Size, folder: Path) -> Iterator[Figure]:
    members = 15 if size.quick else _members_that_fit(folder)
    lines = crowd(range(members), START, seed=3)
    recent = crowd(range(members), kept.now() - timedelta(days=14), seed=4)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        base = Path(place)
        file = base / "journal.ndjson"
        file.write_bytes(b"".join(exported(0, line.at, kept.FEED, "hl7v2", line.body) for line in lines))
        with kept.store_with(base / "original", range(members)) as store:
            kept.keep(store, lines)
            process(store, kept.pipeline_of(store), Summary())
            variants = {
                "bare": lambda: bare.events(base, [line.body for line in lines]),
                "live": lambda: backlog(base, range(members), recent),
                "load": lambda: _load(base, members, file),
                "rebuild.absorb": lambda: _rebuild(base, store, derived=False),
                "rebuild": lambda: _rebuild(base, store, derived=True),
            }
            samples = by_turns(variants, size.of(3, 1))
    told = f"{len(lines)} lines, {members} members"
    yield figure("live.alone", f"a backlog, batches of 128, no sender ({told})", "lines/s", samples, key="live",
                 against=["bare"])  # fmt: skip
    yield figure("load", f"load a journal file: kept, derived, durable ({told})", "lines/s", samples, against=["bare"])
    yield figure("rebuild.absorb", "rebuild: copy the log and absorb it", "lines/s", samples, against=["live"])
    yield figure("rebuild", "rebuild: absorb, derive every member, compare", "lines/s", samples, against=["live"])


def _members_that_fit(folder: Path) -> int:
    """So many that one run takes some seconds: what a member costs differs between machines, and versions of ours."""
    probe = crowd(range(PROBE), START, seed=5)
    with tempfile.TemporaryDirectory(dir=folder) as place, kept.store_with(Path(place), range(PROBE)) as store:
        kept.keep(store, probe)
        start = time.perf_counter()
        process(store, kept.pipeline_of(store), Summary())
        spent = time.perf_counter() - start
    return min(LARGEST, max(PROBE, int(PROBE * RUN_SECONDS / spent)))


def backlog(base: Path, members: Sequence[int], lines: Sequence[Told]) -> float:
    """Lines a second of a backlog in the journal, in live batches."""
    with (
        tempfile.TemporaryDirectory(dir=base) as place,
        kept.store_with(Path(place), members) as store,
    ):
        kept.keep(store, lines, live=True)
        pipeline = kept.pipeline_of(store)

        def work() -> int:
            while pipeline.run():
                pass
            return len(lines)

        return per_second(work)


def _load(base: Path, members: int, file: Path) -> float:
    with (
        tempfile.TemporaryDirectory(dir=base) as place,
        kept.store_with(Path(place), range(members)) as store,
    ):

        def work() -> int:
            summary = keep_file(store, file, kept.FEED, kept.now())
            process(store, kept.pipeline_of(store), summary)
            return summary.lines

        return per_second(work)


def _rebuild(base: Path, original: SqliteStore, *, derived: bool) -> float:
    with tempfile.TemporaryDirectory(dir=base) as place, SqliteStore.open(Path(place), now=kept.now) as fresh:

        def work() -> int:
            recount = Recount(original, fresh, kept.setup().readers, kept.setup().reference, kept.now)
            if derived:
                assert list(recount.compare()) == []
            return original.head()

        return per_second(work)
