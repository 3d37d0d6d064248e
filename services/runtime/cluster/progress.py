"""How a worker goes, for its health and its metrics. Written by its threads, read at any time."""

import time
from collections.abc import Collection

import msgspec

from models.measured import Histogram
from models.time import Instant
from services.runtime.store.cluster_contract import Partition

STALLED_S = 60.0
"""A worker that has records to read and took none for so long stands still."""
UNASSIGNED_S = 30.0
"""The group gives a worker its partitions, or tells it that there are none, within this time."""
DIFFICULTY_S = 5.0
"""Retries of a few seconds are what a restart of the database looks like."""


class Pace:
    """How one lane of a worker goes (`services.runtime.cluster.taking.Watch`), or whatever else is tried until it is
    done.

    Args:
        what: names it, for people.
    """

    def __init__(self, progress: "Progress", what: str) -> None:
        self._progress, self.what = progress, what
        self.failure = ""
        """What is tried again at present."""
        self.failing_since: float | None = None

    def took(self, records: int, seconds: float) -> None:
        """A batch is durable."""
        self._progress.took(records, seconds)
        self.goes_on()

    def goes_on(self) -> None:
        """What was tried again is done."""
        self.failure, self.failing_since = "", None

    def tries_again(self, problem: str) -> None:
        """Something could not be written now."""
        self._progress.tries += 1
        self.fails(problem)

    def fails(self, problem: str) -> None:
        """It could not be done now."""
        self.failure, self.failing_since = problem, self.failing_since or time.monotonic()


class Progress(msgspec.Struct):
    """What happened since the start.

    Args:
        records, tries: taken, tried again. batch_micros: how long batches took.
        woken: members derived because their time had come.
        assigned: the partitions read now; None: the group has not said yet.
        behind: records that nobody has taken yet, in all partitions; None: not known yet.
        clear_until: no record is unread that was received before. as_of: the same, by which members are judged; None:
            time waits for a backlog, or for what `waits_for` says.
        still_since: all is read, and time stands still.
        paces: of each lane, and of the looks at the broker.
    """

    records: int = 0
    tries: int = 0
    woken: int = 0
    batch_micros: Histogram = msgspec.field(default_factory=Histogram)
    assigned: tuple[Partition, ...] | None = None
    rebalances: int = 0
    behind: int | None = None
    clear_until: Instant | None = None
    as_of: Instant | None = None
    waits_for: str = ""
    still_since: float | None = None
    paces: list[Pace] = msgspec.field(default_factory=list)
    started: float = msgspec.field(default_factory=time.monotonic)
    moved: float = msgspec.field(default_factory=time.monotonic)

    # -- written ------------------------------------------------------------------------------------------------------

    def lane(self, what: str = "a batch is tried again") -> Pace:
        """One more lane, which tells how it goes."""
        self.paces.append(Pace(self, what))
        return self.paces[-1]

    def took(self, records: int, seconds: float) -> None:
        """A batch of any lane is durable."""
        self.records += records
        self.batch_micros.note(seconds * 1e6)
        self.moved = time.monotonic()

    def given(self, partitions: Collection[Partition]) -> None:
        """The group said what to read."""
        self.assigned, self.rebalances = tuple(sorted(partitions)), self.rebalances + 1
        self.moved = time.monotonic()

    def saw(
        self, ours: int, behind: int, clear_until: Instant | None, as_of: Instant | None, waits_for: str = ""
    ) -> None:
        """The ends of all partitions were looked up; `ours` is what is left in those that we read."""
        self.behind, self.clear_until, self.as_of, self.waits_for = behind, clear_until, as_of, waits_for
        now = time.monotonic()
        if not ours:
            self.moved = now
        is_still = not behind and as_of is None and not waits_for
        self.still_since = (self.still_since or now) if is_still else None

    def saw_nothing(self) -> None:
        """The ends of partitions could not be looked up."""
        self.behind = self.as_of = self.still_since = None

    # -- read ---------------------------------------------------------------------------------------------------------

    def problem(self) -> str:
        """What is wrong; empty when the worker gets on. A process that is merely up is not well."""
        now = time.monotonic()
        for pace in self.paces:
            if pace.failing_since and now - pace.failing_since > DIFFICULTY_S:
                return f"{pace.what}: {pace.failure}"
        if self.assigned is None and now - self.started > UNASSIGNED_S:
            return "the consumer group has given it no partitions"
        if self.assigned and now - self.moved > STALLED_S:
            return f"nothing was taken for {now - self.moved:.0f} s"
        if self.still_since and now - self.still_since > STALLED_S:
            return "all is read, and time stands still: nobody looks after some partition"
        return ""
