"""Where the time of a live line goes: processor time by stage, of the pipeline's thread and the store's writer.

Of messages alone, as the shipped pages count them without value sets; and of claims, fills, results and messages with
every measure page on.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench import kept
from bench.courses import course
from bench.measuring import Figure, Samples, Size, figure
from bench.recounting import FACTS
from bench.world import Told, crowd
from services.member import derive, shelf
from services.runtime import pipeline, recall, workset
from services.runtime.store import reading, sqlite, sqlite_writer
from services.wiring.setup import Setup

STAGES: dict[str, list[tuple[Any, str]]] = {
    "read": [(pipeline, "read_lines")],
    "absorb": [(pipeline.Pipeline, "absorbed")],
    "recall": [
        (pipeline, "touched_members"), (pipeline, "circles"), (recall.Circle, "__init__"),
        (recall.Circle, "links"), (recall.Circle, "facts"), (pipeline.Pipeline, "_note_links"),
    ],
    "decode": [(shelf.Shelf, "thaw"), (workset, "thaw_member")],
    "derive": [(pipeline, "derive")],
    "measures": [(derive, "measured"), (derive, "shown")],
    "diff": [(pipeline, "diff"), (pipeline, "remember")],
    "encode": [
        (workset.Workset, "patient_rows"), (workset.Workset, "member_rows"), (pipeline.Pipeline, "task_rows"),
    ],
    "rows": [
        (reading.SqlReader, "patients"), (reading.SqlReader, "members"), (reading.SqlReader, "lines"),
        (reading.SqlReader, "_rows_of"), (reading.SqlReader, "cursor"),
    ],
    "commit": [(sqlite.SqliteStore, "commit")],
    "rest": [(pipeline.Pipeline, "run")],
}  # fmt: skip
WHAT = {
    "read": "read and map the message",
    "absorb": "absorb",
    "recall": "who is touched, links, facts as of now",
    "decode": "bytes to facts and views",
    "derive": "derive: stays, tasks",
    "measures": "derive: measures",
    "diff": "diff, with the counters",
    "encode": "facts, views and tasks to bytes",
    "rows": "SQLite: reading",
    "writer": "SQLite: writing and committing",
    "commit": "handing the batch over",
    "rest": "the rest of the pipeline",
}


class Stopwatch:
    """Time by stage, of the processor or by another clock; what one stage spends inside another counts for that one
    alone.
    """

    def __init__(self, clock: Callable[[], float] = time.thread_time) -> None:
        self._clock = clock
        self.spent: Counter[str] = Counter()
        self._inner: list[float] = []

    def timed(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The same work, watched."""

        def watched(*given: Any, **named: Any) -> Any:
            start = self._clock()
            self._inner.append(0.0)
            try:
                return work(*given, **named)
            finally:
                spent = self._clock() - start
                self.spent[stage] += spent - self._inner.pop()
                if self._inner:
                    self._inner[-1] += spent

        return watched


def run(size: Size, folder: Path) -> Iterator[Figure]:
    members, few, turns = size.of(500, 10), size.of(300, 6), size.of(3, 1)
    told = [crowd(range(members), kept.now() - timedelta(days=14), seed=turn) for turn in range(turns)]
    yield from _stages("stage", "a live line", [_profiled(folder, members, lines, kept.setup()) for lines in told])
    lines = sorted(line for number in range(few) for line in course(number, FACTS, kept.now()))
    spent = [_profiled(folder, few, lines, kept.all_pages()) for _ in range(turns)]
    yield from _stages("measuring", "a live line with every measure page on", spent)


def _stages(name: str, whole: str, spent: Sequence[Counter[str]]) -> Iterator[Figure]:
    samples: Samples = {stage: [each[stage] for each in spent] for stage in WHAT}
    samples["whole"] = [each.total() for each in spent]
    yield figure(f"{name}.whole", f"{whole}, processor time in all", "µs", samples, key="whole")
    for stage, what in WHAT.items():
        yield figure(f"{name}.{stage}", f"of it: {what}", "µs", samples, key=stage, against=["whole"])


def _profiled(folder: Path, members: int, lines: Sequence[Told], installation: Setup) -> Counter[str]:
    """Microseconds a line by stage, of a backlog in live batches."""
    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        kept.store_with(Path(place), range(members), installation) as store,
    ):
        kept.keep(store, lines, live=True)
        work = kept.pipeline_of(store, installation)
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
        for stage, places in STAGES.items():
            for owner, name in places:
                stack.enter_context(replaced(owner, name, here, stage))
        stack.enter_context(replaced(sqlite_writer, "_transact", writer, "writer"))
        yield here, writer


def replaced(owner: Any, name: str, watch: Stopwatch, stage: str) -> Any:
    raw = vars(owner)[name]
    if isinstance(raw, staticmethod):
        return patch.object(owner, name, staticmethod(watch.timed(stage, raw.__func__)))
    return patch.object(owner, name, watch.timed(stage, raw))
