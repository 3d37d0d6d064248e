"""Where the time of a live line goes: processor time by stage, of the pipeline's thread and the store's writer."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench import kept
from bench.measuring import Figure, Samples, Size, figure
from bench.world import crowd
from services.member import shelf
from services.runtime import pipeline, recall, workset
from services.runtime.store import sqlite, sqlite_reader, sqlite_writer

_STAGES: dict[str, list[tuple[Any, str]]] = {
    "read": [(pipeline, "read_lines")],
    "absorb": [(pipeline.Pipeline, "absorbed")],
    "recall": [
        (pipeline, "touched_members"), (pipeline, "circles"), (recall.Circle, "__init__"),
        (recall.Circle, "links"), (recall.Circle, "facts"), (pipeline.Pipeline, "_note_links"),
    ],
    "decode": [(shelf.Shelf, "thaw"), (workset, "thaw_member")],
    "derive": [(pipeline, "derive")],
    "diff": [(pipeline, "diff")],
    "encode": [
        (workset.Workset, "patient_rows"), (workset.Workset, "member_rows"), (pipeline.Pipeline, "task_rows"),
    ],
    "rows": [
        (sqlite_reader.SqliteReader, name) for name in ("patients", "members", "lines", "cursor", "_rows_for_each")
    ],
    "commit": [(sqlite.SqliteStore, "commit")],
    "rest": [(pipeline.Pipeline, "run")],
}  # fmt: skip
_WHAT = {
    "read": "read and map the message",
    "absorb": "absorb",
    "recall": "who is touched, links, facts as of now",
    "decode": "bytes to facts and views",
    "derive": "derive",
    "diff": "diff",
    "encode": "facts, views and tasks to bytes",
    "rows": "SQLite: reading",
    "writer": "SQLite: writing and committing",
    "commit": "handing the batch over",
    "rest": "the rest of the pipeline",
}


class Stopwatch:
    """Processor time by stage; what one stage spends inside another counts for that one alone."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._inner: list[float] = []

    def timed(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, watched."""

        def watched(*given: Any, **named: Any) -> Any:
            start = time.thread_time()
            self._inner.append(0.0)
            try:
                return work(*given, **named)
            finally:
                spent = time.thread_time() - start
                self.spent[stage] += spent - self._inner.pop()
                if self._inner:
                    self._inner[-1] += spent

        return watched


def run(size: Size, folder: Path) -> Iterator[Figure]:
    members, samples = size.of(500, 10), Samples()
    for turn in range(size.of(3, 1)):
        spent = _profiled(folder, members, turn)
        for stage in _WHAT:
            samples.setdefault(stage, []).append(spent[stage])
        samples.setdefault("whole", []).append(spent.total())
    yield figure("stage.whole", "a live line, processor time in all", "µs", samples, key="whole")
    for stage, what in _WHAT.items():
        yield figure(f"stage.{stage}", f"of it: {what}", "µs", samples, key=stage, against=["whole"])


def _profiled(folder: Path, members: int, turn: int) -> Counter[str]:
    """Microseconds a line by stage, of a backlog in live batches: each member has one stay."""
    lines = crowd(range(members), kept.now() - timedelta(days=14), seed=turn)
    with tempfile.TemporaryDirectory(dir=folder) as place, kept.store_with(Path(place), range(members)) as store:
        kept.keep(store, lines, live=True)
        work = kept.pipeline_of(store)
        with _watched() as (here, writer):
            while work.run():
                pass
        spent = here.spent + writer.spent
    return Counter({stage: seconds / len(lines) * 1e6 for stage, seconds in spent.items()})


@contextmanager
def _watched() -> Iterator[tuple[Stopwatch, Stopwatch]]:
    # Two: the store's writer is a thread of its own.
    here, writer = Stopwatch(), Stopwatch()
    with ExitStack() as stack:
        for stage, places in _STAGES.items():
            for owner, name in places:
                stack.enter_context(_replaced(owner, name, here, stage))
        stack.enter_context(_replaced(sqlite_writer, "_transact", writer, "writer"))
        yield here, writer


def _replaced(owner: Any, name: str, watch: Stopwatch, stage: str) -> Any:
    raw = vars(owner)[name]
    if isinstance(raw, staticmethod):
        return patch.object(owner, name, staticmethod(watch.timed(stage, raw.__func__)))
    return patch.object(owner, name, watch.timed(stage, raw))
