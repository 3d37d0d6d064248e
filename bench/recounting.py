"""Many facts at once with every measure page on: loading them, computing all again, writing nothing but the rows."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import bare, kept
from bench.courses import course
from bench.measuring import Figure, Samples, Size, by_turns, figure, per_second
from bench.world import Told
from connectors.files.exporting import exported
from services.runtime.recount import Recount
from services.runtime.store.sqlite import SqliteStore
from services.wiring.loading import Summary, keep_file, process

FACTS = 12
"""Facts of a member: in a plan, most of a year of most people."""
WHOLE = 100_000
"""Members of the plan whose recount is told, by what a member costs here."""


def run(size: Size, folder: Path) -> Iterator[Figure]:
    members = size.of(300, 6)
    lines = sorted(line for number in range(members) for line in course(number, FACTS, kept.now()))
    with tempfile.TemporaryDirectory(dir=folder) as place:
        base = Path(place)
        file = base / "journal.ndjson"
        file.write_bytes(b"".join(exported(0, line.at, kept.FEED, line.kind, line.body) for line in lines))
        with kept.store_with(base / "original", range(members), kept.all_pages()) as store:
            kept.keep(store, lines)
            process(store, kept.pipeline_of(store, kept.all_pages()), Summary())
            variants = {
                "bare": lambda: bare.events(base, [line.body for line in lines]),
                "load": lambda: _loaded(base, members, file),
                "live": lambda: _live(base, members, lines),
                "recount": lambda: _recounted(base, store, members),
            }
            samples = by_turns(variants, size.of(3, 1))
    samples["whole"] = [WHOLE / rate / 60 for rate in samples["recount"]]
    yield from _figures(samples, f"{len(lines)} lines of {members} members, every measure page on")


def _figures(samples: Samples, told: str) -> Iterator[Figure]:
    mixed = f"claims, fills, care events, results, stays ({told})"
    yield figure("counted.load", f"load a journal file of {mixed}", "lines/s", samples, key="load", against=["bare"])
    what = "the same as a backlog, batches of 128, no sender"
    yield figure("counted.live", what, "lines/s", samples, key="live", against=["bare"])
    yield figure("counted.bare", "the same rows written bare", "lines/s", samples, key="bare")
    what = f"recount: absorb the log, derive everybody, compare views and counters ({told})"
    yield figure("recount", what, "members/s", samples)
    yield figure("recount.whole", f"of a plan of {WHOLE:,}, by that rate", "minutes", samples, key="whole")


def _loaded(base: Path, members: int, file: Path) -> float:
    with (
        tempfile.TemporaryDirectory(dir=base) as place,
        kept.store_with(Path(place), range(members), kept.all_pages()) as store,
    ):

        def work() -> int:
            summary = keep_file(store, file, kept.FEED, kept.now())
            process(store, kept.pipeline_of(store, kept.all_pages()), summary)
            return summary.lines

        return per_second(work)


def _live(base: Path, members: int, lines: list[Told]) -> float:
    with (
        tempfile.TemporaryDirectory(dir=base) as place,
        kept.store_with(Path(place), range(members), kept.all_pages()) as store,
    ):
        kept.keep(store, lines, live=True)
        pipeline = kept.pipeline_of(store, kept.all_pages())

        def work() -> int:
            while pipeline.run():
                pass
            return len(lines)

        return per_second(work)


def _recounted(base: Path, original: SqliteStore, members: int) -> float:
    with tempfile.TemporaryDirectory(dir=base) as place, SqliteStore.open(Path(place), now=kept.now) as fresh:
        installed = kept.all_pages()

        def work() -> int:
            recount = Recount(original, fresh, installed.readers, installed.reference, kept.now)
            assert list(recount.compare()) == []
            return members

        return per_second(work)
