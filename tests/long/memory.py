"""Resident memory over a long bulk load: 300,000 lines about 65,000 members; then deriving them; then live lines.

What grows with the number of members told of in one load is the count of who was told of (some 100 bytes a source
patient); a leak of a line's own size would be ten times what is allowed.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import msgspec

from bench import kept
from bench.world import START, crowd, roster_csv
from services.runtime.pipeline import Pipeline
from services.runtime.store.contract import NewLine
from services.runtime.store.sqlite import SqliteStore
from tests.long.asked import Asked, hold, listed
from tests.long.watching import MIB, Sample, endless_caches, growth, held

LINES = 300_000
ALLOWED_BYTES = 150.0
"""A line, or a member derived, in the second half: kept in a load's count of who was told of, and no more."""
ALLOWED_MIB = 400
_BLOCK = 500
_ENDLESS = 2_000


class Course(msgspec.Struct):
    """Samples of one phase, and what was found at its end."""

    phase: str
    samples: list[Sample]

    def __str__(self) -> str:
        """The figures."""
        done = self.samples[-1].work
        return f"{self.phase}: {done:.0f}, {self.slope:+.0f} bytes each once warm, at most {self.most} MiB"

    @property
    def slope(self) -> float:
        """Over the second half: what is remembered of members seen lately is complete by then."""
        return growth(self.samples[len(self.samples) // 2 :])

    @property
    def most(self) -> int:
        return max(sample.resident_bytes for sample in self.samples) // MIB

    @property
    def is_flat(self) -> bool:
        return self.slope <= ALLOWED_BYTES and self.most <= ALLOWED_MIB


def run(asked: Asked, folder: Path) -> Iterator[str]:
    """Load in a process of its own, and judge each phase."""
    if not Path("/proc/self/statm").exists():
        yield "left out: this system has no /proc to look at memory with"
        return
    with ProcessPoolExecutor(1, get_context("spawn")) as worker:
        courses, endless = worker.submit(loaded, asked, folder).result()
    hold(not endless, f"caches without a bound: {listed(endless)}")
    for course in courses:
        yield str(course)
    grown = [str(course) for course in courses if not course.is_flat]
    hold(asked.brief or not grown, f"resident memory is not flat: {listed(grown)}")


def loaded(asked: Asked, folder: Path) -> tuple[list[Course], list[str]]:
    """Load everything, sampling this process."""
    with SqliteStore.open(folder / "store", now=kept.now) as store:
        pipeline = kept.pipeline_of(store)
        courses = [
            Course("lines absorbed in bulk", list(_in_bulk(asked, store, pipeline))),
            Course("members derived", list(_derived(pipeline))),
            Course("lines live", list(_live(asked, store, pipeline))),
        ]
    return courses, endless_caches(_ENDLESS)


def _in_bulk(asked: Asked, store: SqliteStore, pipeline: Pipeline) -> Iterator[Sample]:
    done, first, total = 0, 0, asked.of(LINES, 6_000)
    while done < total:
        members = range(first, first + _BLOCK)
        lines = [NewLine("plan", START, "roster", roster_csv(members))]
        lines += [NewLine("long", x.at, "hl7v2", x.body) for x in crowd(members, START, seed=asked.seed + first)]
        store.append(lines).result()
        while pipeline.run(bulk=True, limit=1_000):
            pass
        done, first = done + len(lines), first + _BLOCK
        yield held(os.getpid(), done)


def _derived(pipeline: Pipeline) -> Iterator[Sample]:
    done = 0
    while woken := pipeline.wake():
        done += woken
        yield held(os.getpid(), done)


def _live(asked: Asked, store: SqliteStore, pipeline: Pipeline) -> Iterator[Sample]:
    done, first, total = 0, 0, asked.of(60_000, 3_000)
    while done < total:
        told = crowd(range(first, first + _BLOCK), START + timedelta(days=30), seed=asked.seed + first + 1)
        store.append([NewLine("long", kept.now(), "hl7v2", x.body) for x in told]).result()
        while pipeline.run() or pipeline.wake():
            pass
        done, first = done + len(told), first + _BLOCK
        yield held(os.getpid(), done)
