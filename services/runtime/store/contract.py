"""What a store promises: the journal, the state derived from it, and the outbox, in one transaction each.

SQLite implements it in `sqlite.py`, PostgreSQL in `postgres.py`. One contract suite (`tests/contracts/test_store.py`)
runs on both. What several workers need of a store besides is in `cluster_contract.py`. Blobs are opaque here: the
pipeline encodes and decodes them.
"""

import sys
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

import msgspec

from models.errors import WorldIsAway
from models.ledger import Answered
from models.measure import Contribution, CounterKey, Sums
from models.measured import Measured
from models.owner import Owner
from models.time import Instant
from models.traffic import AnswerCount, FeedCount, Telling
from models.view import Effect


class StoreIsBusy(WorldIsAway):
    """Another process writes to this store. One writer at a time; reading commands work beside it."""


class StoreIsStrange(WorldIsAway):
    """The file is no store of ours, or of a newer version of the program; nothing was changed."""


class NoStore(StoreIsStrange):
    """There is no store in the folder yet: nothing was ever loaded or received into it."""


class NewLine(msgspec.Struct, frozen=True):
    """A line to be kept: where it came from, when it was received, what kind it is, its bytes.

    `answer` is the acknowledgement that will be sent once it is durable, None where nobody waits for one.
    """

    feed: str
    received_at: Instant
    kind: str
    body: bytes
    answer: bytes | None = None


class Appended(msgspec.Struct, frozen=True):
    """What became of a `NewLine`. `repeat` says the journal had it already; `answer` is then the stored one."""

    seq: int
    repeat: bool
    answer: bytes | None


class JournalLine(msgspec.Struct, frozen=True):
    """A line of the journal. `seq` is dense from 1; `sha256` of the body; `chain` links the feed's lines."""

    seq: int
    feed: str
    received_at: Instant
    kind: str
    body: bytes
    sha256: bytes
    chain: bytes


class PatientRow(msgspec.Struct, frozen=True):
    """A source patient's facts. `identifiers` are all (kind, value) pairs ever told of it (read back sorted: the store
    keeps a set that only grows); `neighbours` the source patients it was ever merged, linked or moved with; `members`
    those whom its facts belong to now (empty: parked); `reviews` why a person must look at it (`merge_conflict`, ...).
    """

    key: str
    facts: bytes
    identifiers: tuple[tuple[str, str], ...] = ()
    neighbours: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    reviews: tuple[str, ...] = ()


class MemberRow(msgspec.Struct, frozen=True):
    """A member's own facts, and the record last derived. `wake_at` None: nothing changes by time alone; the epoch:
    derive again now. `on_roster` says that a roster row named the member. `history_from`: before it the changes of its
    contributions say nothing certain; None: they do from the first message on.
    """

    member_id: str
    facts: bytes
    identifiers: tuple[tuple[str, str], ...]
    view: bytes
    revisions: bytes
    derived_at: Instant | None
    wake_at: Instant | None
    on_roster: bool
    history_from: Instant | None = None


class TaskRow(msgspec.Struct, frozen=True):
    """A task as the work list selects it; `body` is the encoded `models.view.Task`."""

    task_id: str
    member_id: str
    rule: str
    state: str
    due_at: Instant | None
    owner: Owner
    body: bytes


class MessageRow(msgspec.Struct, frozen=True):
    """Where a message lies: its name (hex SHA-256), its line, and its place in a batch (from 1)."""

    name: str
    seq: int
    ordinal: int
    control_id: str


class QuarantineRow(msgspec.Struct, frozen=True):
    """What could not be read, and what would fix it; never a person's values. `id` is dense from 1 (`q-<id>`)."""

    id: int
    feed: str
    seq: int
    ordinal: int
    reason: str
    where: str
    shape: str
    fix: str
    status: str = "waiting"


class CountChange(msgspec.Struct, frozen=True):
    """A contribution of a member (or of another subject) as it was until an instant, and from then on; None: none.
    `number` is given by the store.
    """

    at: Instant
    member_id: str
    before: Contribution | None
    after: Contribution | None
    number: int = 0


LONGEST_DOUBT = timedelta(days=56)
"""A longer doubt is said by `MemberRow.history_from`."""


class Doubt(msgspec.Struct, frozen=True):
    """A span [since, until), at most `LONGEST_DOUBT` long, of which a member's changes do not say what was counted:
    something was received, or a wake-up was due, before the member was derived again.
    """

    member_id: str
    since: Instant
    until: Instant


class OutboxRow(msgspec.Struct, frozen=True):
    """An effect at its dense position."""

    position: int
    effect: Effect


class Batch(msgspec.Struct):
    """Everything that commits together. Empty fields change nothing.

    `cursor` is the journal seq processed up to (None: leave it). `tasks` replaces all task rows of each member in
    `members`; one that moves needs both members here. `messages`: a place holds the one that was read there last.
    `quarantined` ids are given by the store (the `id` in the row is ignored); a second row for one (seq, ordinal) is
    ignored. `settled`: (id, new status). `effects` get the next positions; that no id comes twice with other content is
    the caller's promise, too dear to look up for each. `wake` sets `wake_at` of members to the epoch, creating nothing,
    after `members` are written; `wake_all` does so for every member. `reference` are named blobs (`facilities`,
    `digest`, ...). `counts` are added to the store's counters of lines by outcome; the names of the sizes in
    `Reader.counts` are taken. `traffic` is added to what was counted of its feed and span, each
    span within one slot; with `traffic_anew` all that was counted is forgotten first. `tellings` replaces all of each
    member it names. `measured` is added to its sums. `counters` are added to the counters of measures, and those at
    zero removed; `changes` and `doubts` are kept.

    In the cluster only: `lines` are appended by this batch; in its `messages` and `quarantined` a `seq` of -(i + 1)
    means `lines[i]`, and without a `cursor` the cursor moves to the new head. `shard` says which rows of the counters
    are added to, so that workers do not wait for each other; a store with one writer has no shards.
    """

    cursor: int | None = None
    patients: list[PatientRow] = []
    members: list[MemberRow] = []
    tasks: list[TaskRow] = []
    messages: list[MessageRow] = []
    quarantined: list[QuarantineRow] = []
    settled: list[tuple[int, str]] = []
    effects: list[Effect] = []
    wake: set[str] = set()
    wake_all: bool = False
    reference: dict[str, bytes] = {}
    counts: dict[str, int] = {}
    traffic: list[FeedCount] = []
    traffic_anew: bool = False
    tellings: dict[str, list[Telling]] = {}
    measured: list[Measured] = []
    counters: dict[CounterKey, Sums] = {}
    changes: list[CountChange] = []
    doubts: list[Doubt] = []
    lines: list[NewLine] = []
    shard: int = 0


class Rows(Protocol):
    """What is known of source patients and members, and nothing of how it came: all that linking and deriving ask."""

    def patients(self, keys: Collection[str]) -> dict[str, PatientRow]:
        """Rows of those that exist."""

    def patient_keys(self, after: str, limit: int) -> list[str]:
        """Keys in order, for walking all source patients."""

    def patients_with(self, identifiers: Collection[tuple[str, str]]) -> set[str]:
        """Keys of all source patients that ever told any of these identifiers."""

    def members(self, ids: Collection[str]) -> dict[str, MemberRow]:
        """Rows of those that exist."""

    def member_ids(self, after: str, limit: int) -> list[str]:
        """Ids in order, for walking all members."""

    def members_with(self, identifiers: Collection[tuple[str, str]]) -> set[str]:
        """Members of whom a roster row ever said any of these identifiers."""

    def reference(self, name: str) -> bytes | None:
        """A named blob."""


class Reader(Rows, Protocol):
    """The reading half: safe from any thread and beside a writer; each call sees one committed state."""

    def cursor(self) -> int:
        """The seq of the last journal line whose batch was committed; 0 at first."""

    def head(self) -> int:
        """The seq of the newest journal line; 0 when there is none."""

    def read_until(self) -> Instant | None:
        """Where lines come by topics: nothing that was received earlier is unread there, the epoch while that is not
        known. None: no worker ever read a topic into this store.
        """

    def lines(self, after: int, limit: int) -> list[JournalLine]:
        """Journal lines with seq > after, in order."""

    def line(self, seq: int) -> JournalLine | None:
        """One line."""

    def broken_chain(self) -> list[tuple[str, int]]:
        """(feed, first seq) of every feed whose hash chain does not hold."""

    def parked(self, after: str, limit: int) -> list[PatientRow]:
        """Source patients that belong to nobody, in key order."""

    def to_review(self, after: str, limit: int) -> list[PatientRow]:
        """Source patients with reviews, in key order."""

    def due(self, at: Instant, limit: int) -> list[str]:
        """Members with `wake_at` <= at, earliest first, then by id."""

    def next_wake(self) -> Instant | None:
        """The earliest `wake_at`."""

    def tasks(
        self, *, states: Collection[str] = (), rule: str = "", provider: str = "", mcp: str = "", task_id: str = ""
    ) -> list[TaskRow]:
        """Task rows that fit all the filters given, by due time (none last), then id."""

    def messages(self, names: Collection[str]) -> list[MessageRow]:
        """Every place where messages with these names lie, in (seq, ordinal) order."""

    def acks(self, seqs: Collection[int]) -> list[Answered]:
        """What was answered to these lines, in order of answering."""

    def ack_times(self) -> list[int]:
        """Microseconds of the last 10,000 first answers (not repeats)."""

    def quarantine(self, *, status: str = "", number: int | None = None) -> list[QuarantineRow]:
        """Quarantine rows by id."""

    def outbox(self, after: int, limit: int) -> list[OutboxRow]:
        """Effects with position > after, in order."""

    def outbox_of(self, subject: str) -> list[OutboxRow]:
        """All effects about one subject."""

    def subjects(self, prefix: str, limit: int) -> list[str]:
        """Subjects that begin so, in order."""

    def counts(self) -> dict[str, int]:
        """Counters of lines by outcome, and the sizes `members`, `patients`, `parked`, `waiting` (quarantine)."""

    def feeds(self) -> list[str]:
        """Names of the feeds that ever sent a message, in order."""

    def traffic(self, feed: str, start: Instant, end: Instant, span: timedelta) -> list[FeedCount]:
        """What a feed sent in slots that begin in [start, end), summed by spans since 1970 UTC, in order; only spans
        with messages. `span` is a whole number of slots.
        """

    def last_heard(self, feed: str, at: Instant) -> Instant | None:
        """The newest receipt of a feed by an instant; before now, of the last slot that was over by then."""

    def answers(self, feed: str, start: Instant, end: Instant) -> list[AnswerCount]:
        """What was answered to messages received in slots that begin in [start, end)."""

    def tellings(self, since: Instant, until: Instant) -> list[list[Telling]]:
        """Each stay first told of since an instant, and told of by two feeds or more until another: the tellings until
        then, in order of time.
        """

    def quarantine_depth(self) -> dict[tuple[str, str], int]:
        """How many messages wait in quarantine, by (feed, reason)."""

    def patients_of(self, feed: str) -> tuple[int, int]:
        """How many source patients a feed told of, and how many of them belong to nobody."""

    def measured(self) -> list[Measured]:
        """Sums of what was measured."""

    def task_counts(self) -> dict[tuple[str, str], int]:
        """How many tasks there are, by (rule, state)."""

    def measure_counts(self) -> dict[CounterKey, Sums]:
        """All counters of measures; none is zero."""

    def measure_changes(self, after: Instant, number: int, limit: int) -> list[CountChange]:
        """What changed in contributions behind (after, number), in that order."""

    def in_doubt(self, at: Instant) -> set[str]:
        """Members of whom the changes do not say what was counted at an instant: their wake-up was overdue, it was
        before `history_from`, or in one of their doubts. It may name more.
        """

    def still(self) -> AbstractContextManager["Reader"]:
        """A reader whose calls all see the same committed state."""

    def checkpoint(self, sha256: bytes) -> int:
        """How many ordinals of the file with this hash are in the journal already; 0 for an unknown file."""

    def backup(self, path: str) -> None:
        """Write a consistent, checked copy to a new file, also while a service writes.

        Raises:
            FileExistsError: the file is there already; it was left alone.
        """

    def close(self) -> None:
        """Let go of the store."""


class Store(Reader, Protocol):
    """One store, one writing process. All writes are durable (on disk) when the call returns or its future resolves."""

    def append(
        self, lines: Sequence[NewLine], *, once: bool = False, checkpoint: tuple[bytes, int] | None = None
    ) -> "Future[list[Appended]]":
        """Keep lines; concurrent calls share one fsync (group commit). All of a call commit together or not at all.

        A line is a repeat when (feed, kind, SHA-256, received_at) stands already. With `once` (live feeds, R-22.1,
        R-23) it is also a repeat when the same feed kept the same bytes within 7 days before `received_at`; a repeat
        within one call counts too. `checkpoint` is (file SHA-256, ordinals now in), written in the same transaction.
        """

    def answered(self, rows: Sequence[Answered]) -> None:
        """Write ACK-ledger rows soon, and count them; never waits, loses at most the last moments in a crash."""

    def set_answer(self, seq: int, answer: bytes) -> "Future[None]":
        """Replace the stored answer of a line (the answer was decided after the commit)."""

    def commit(self, batch: Batch) -> None:
        """Carry out a batch in one transaction; returns when it is durable."""

    def close(self) -> None:
        """Finish what was accepted, release the lock."""


def walk_lines(reader: Reader, *, after: int = 0, chunk: int = 500) -> Iterator[JournalLine]:
    """All journal lines after a seq, in order, a chunk at a time."""
    while lines := reader.lines(after, chunk):
        yield from lines
        after = lines[-1].seq


def walk_patients(reader: Rows, *, chunk: int = 500) -> Iterator[PatientRow]:
    """All source patients, in order of key."""
    after = ""
    while keys := reader.patient_keys(after, chunk):
        rows = reader.patients(keys)
        yield from (rows[key] for key in keys)
        after = keys[-1]


def walk_members(reader: Rows, *, chunk: int = 500) -> Iterator[str]:
    """All member ids, in order."""
    after = ""
    while ids := reader.member_ids(after, chunk):
        yield from ids
        after = ids[-1]


def walk_changes(reader: Reader, after: Instant, *, chunk: int = 5_000) -> Iterator[CountChange]:
    """All changes of contributions behind an instant, in order of time."""
    number = sys.maxsize
    while changes := reader.measure_changes(after, number, chunk):
        yield from changes
        after, number = changes[-1].at, changes[-1].number
