"""`load` in a cluster: files onto Kafka, then wait for the workers."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from connectors.files.contract import Sheaf, TakenLine
from connectors.tabular.records import header_end, line_ends, line_of
from models.time import Instant
from services.intake.reading import LineReader
from services.runtime.store.cluster_contract import ClusterStore
from services.runtime.store.contract import JournalLine
from services.settings import Kafka
from services.status.marking import SHOWN, marked_rows
from services.wiring.awaiting import wait_until_taken
from services.wiring.clock import Clock
from services.wiring.loading import Journal, Summary, count_outcomes, take_file
from services.wiring.opening import Where
from services.wiring.producing import KafkaJournal, cluster
from services.wiring.setup import Setup

Found = Mapping[str, Sequence[str]]
"""By mark (`unknown_word:risk_tier`) where each row stands in its file; empty for those that nobody is shown."""


class ReadingJournal:
    """A journal that reads what is new of one file as well: workers find marks too, later, and do not know the file.

    `found` is what was marked so far.
    """

    def __init__(self, journal: Journal, readers: Mapping[str, LineReader]) -> None:
        self._journal, self._readers = journal, readers
        self.numbered, self.checkpoint = journal.numbered, journal.checkpoint
        self._lines_before: int | None = 0
        self.found: dict[str, list[str]] = defaultdict(list)

    def keep(self, sheaf: Sheaf) -> tuple[int, int]:
        """Keep a sheaf."""
        if sheaf.known:
            self._lines_before = None  # an earlier run kept what stands before
        new, repeated = self._journal.keep(sheaf)
        for ordinal, line in enumerate(sheaf.lines, sheaf.upto - len(sheaf.lines) + 1):
            if new:
                self._look_at(ordinal, line)
            if line.part and self._lines_before is not None:
                self._lines_before += line_ends(line.body) - line_ends(line.body[: header_end(line.body)])
        return new, repeated

    def _look_at(self, ordinal: int, line: TakenLine) -> None:
        numbered = JournalLine(ordinal, line.feed, line.received_at, line.kind, line.body, b"", b"")
        for mark, rows in marked_rows([numbered], self._readers).items():
            for _, row in rows:
                places = self.found[mark]
                places.append(self._place(ordinal, line, row) if len(places) < SHOWN else "")

    def _place(self, ordinal: int, line: TakenLine, row: int) -> str:
        if line.part and self._lines_before is not None:
            return f"line {self._lines_before + line_of(line.body, row)}"
        return f"row {row} of {'part' if line.part else 'line'} {ordinal}"


class ClusterLoad:
    """One load. What became of its lines is told by the store's counters, so that others' lines of the same time count
    along; `parked` is by how many more source patients belong to nobody.
    """

    def __init__(self, store: ClusterStore, journal: KafkaJournal) -> None:
        self._store, self._journal = store, journal
        self._before = store.counts()

    def take(
        self, source: Path | BinaryIO, feed: str, received_at: Instant, name: str, setup: Setup
    ) -> tuple[Summary, Found]:
        """Have all lines of one file on the brokers; also what is marked in those that are new."""
        journal = ReadingJournal(self._journal, setup.readers)
        return take_file(journal, source, feed, received_at, name, setup.maps), journal.found

    def process(self, summary: Summary, still: Callable[[], None]) -> None:
        """Wait for the workers, and count. `still` is called when nothing moves."""
        wait_until_taken(self._store, self._journal.sent, self._journal.latest, still=still)
        before, after = self._before, self._store.counts()
        count_outcomes(summary, before, after)
        summary.parked = max(after.get("parked", 0) - before.get("parked", 0), 0)


@contextmanager
def cluster_load(where: Where, kafka: Kafka, clock: Clock) -> Iterator[ClusterLoad]:
    """Connect for a load.

    Raises:
        WorldIsAway: a broker, a topic or the database is.
    """
    with cluster(where, kafka, clock) as (store, journal):
        yield ClusterLoad(store, journal)
