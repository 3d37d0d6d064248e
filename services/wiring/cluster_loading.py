"""`load` in a cluster: files onto Kafka, then wait for the workers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from models.time import Instant
from services.returns.maps import ReturnMap
from services.runtime.store.cluster_contract import ClusterStore
from services.settings import Kafka
from services.wiring.awaiting import wait_until_taken
from services.wiring.clock import Clock
from services.wiring.loading import Summary, count_outcomes, marks_between, take_file
from services.wiring.opening import Where
from services.wiring.producing import KafkaJournal, cluster


class ClusterLoad:
    """One load. What became of its lines is told by the store's counters, so that others' lines of the same time count
    along; `parked` is by how many more source patients belong to nobody.
    """

    def __init__(self, store: ClusterStore, journal: KafkaJournal) -> None:
        self._store, self._journal = store, journal
        self._before = store.counts()
        self.marks: dict[str, int] = {}

    def take(
        self, source: Path | BinaryIO, feed: str, received_at: Instant, name: str, maps: Sequence[ReturnMap]
    ) -> Summary:
        """Have all lines of one file on the brokers."""
        return take_file(self._journal, source, feed, received_at, name, maps)

    def process(self, summary: Summary, still: Callable[[], None]) -> None:
        """Wait for the workers, and count. `still` is called when nothing moves."""
        wait_until_taken(self._store, self._journal.sent, self._journal.latest, still=still)
        before, after = self._before, self._store.counts()
        count_outcomes(summary, before, after)
        summary.parked = max(after.get("parked", 0) - before.get("parked", 0), 0)
        self.marks = marks_between(before, after)


@contextmanager
def cluster_load(where: Where, kafka: Kafka, clock: Clock) -> Iterator[ClusterLoad]:
    """Connect for a load.

    Raises:
        WorldIsAway: a broker, a topic or the database is.
    """
    with cluster(where, kafka, clock) as (store, journal):
        yield ClusterLoad(store, journal)
