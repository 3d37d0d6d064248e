"""What `/metrics` shows. Labels come from closed sets and none names a person; `docs/reference/metrics.md` lists all.

What costs little is read at each scrape; what walks tables is read every `REFRESH_S` seconds, by `refresh`.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Protocol

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric

from connectors.mllp.stats import ListenerStats
from models.errors import WorldIsAway
from models.measure import CounterKey, Sums
from models.measured import Histogram, Measured, times_of
from models.time import Instant
from services.runtime.pipeline import DERIVE_FAILED
from services.runtime.rechecking import Rechecked, rechecked
from services.runtime.store.contract import Reader
from services.runtime.store.sqlite_connecting import FILE_NAME
from services.status.families import Labels, counter, gauge, histogram, joined
from services.status.feeds import Board, FeedHealth
from services.status.ourselves import ours

REFRESH_S = 15.0
POPULATIONS = ("initial_population", "denominator", "exclusion", "exception", "numerator")
JUMP_S = 2.0
"""How far the clock may move against its own ticking between two refreshes before it has jumped."""
_EPOCH_S = 60.0
MICROS = 1e6


class Kept(Reader, Protocol):
    """A store that counts its own transactions."""

    @property
    def commit_micros(self) -> Histogram: ...
    @property
    def lines_together(self) -> Histogram: ...


class Clock(Protocol):
    """The service's clock."""

    def __call__(self) -> Instant: ...
    def wall(self) -> Instant: ...
    def ticks(self) -> float: ...


class Process(msgspec.Struct, frozen=True):
    """What the running service knows beside its store.

    Args:
        folder: of the store's file; None: it is in a database. listeners: (feed, counters) of each.
        answers: microseconds of answers by feed. fields_dropped: by the logs.
        is_embedded: it keeps lines in its store and works them off; in a cluster brokers and workers do.
    """

    folder: Path | None
    listeners: Callable[[], Sequence[tuple[str, ListenerStats]]]
    answers: Mapping[str, Histogram]
    fields_dropped: Callable[[], int]
    is_embedded: bool


class Walked(msgspec.Struct, frozen=True):
    """What the last refresh read."""

    feeds: list[FeedHealth]
    depth: dict[tuple[str, str], int]
    tasks: dict[tuple[str, str], int]
    measured: list[Measured]
    counters: Mapping[CounterKey, Sums]
    rechecked: Rechecked
    members: int


class Metrics:
    """Collects at each scrape. `refresh` and `scraped` may run in different threads."""

    def __init__(self, store: Kept, board: Board, process: Process, clock: Clock, feeds: Iterable[str]) -> None:
        self._store, self._board, self._process, self._clock = store, board, process, clock
        self._feed, self._reason, self._rule = Labels([*feeds]), Labels(), Labels()
        self._measure = Labels()
        self._walked = Walked([], {}, {}, [], {}, Rechecked(), 0)
        self._offset = clock.wall().timestamp() - clock.ticks()
        self._jumps = 0
        self._build = (version("warmhandoff"), _environment())
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def refresh(self) -> None:
        """Walk the tables. Takes as long as the store is large: not for the event loop."""
        offset = self._clock.wall().timestamp() - self._clock.ticks()
        self._jumps += abs(offset - self._offset) > JUMP_S
        self._offset = offset
        store = self._store
        self._walked = Walked(
            self._board.feeds(self._clock(), is_now=True),
            store.quarantine_depth(),
            store.task_counts(),
            store.measured(),
            store.measure_counts(),
            rechecked(store),
            store.counts()["members"],
        )

    def scraped(self) -> bytes:
        """The text that Prometheus reads."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """All families, as `prometheus_client` asks for them."""
        yield from self._listeners()
        yield from self._feeds()
        yield from self._waiting()
        yield from self._pipeline()
        yield from self._measures()
        if self._process.is_embedded:
            yield from self._embedded()
        yield from self._machine()

    def _listeners(self) -> Iterator[Metric]:
        listeners = [(self._feed(feed), stats) for feed, stats in self._process.listeners()]
        frames = joined(((feed, word), n) for feed, stats in listeners for word, n in _frames(stats))
        answers = joined(((feed, code), n) for feed, stats in listeners for code, n in stats.answers.items())
        yield counter("mllp_frames", "Blocks received, by what became of them.", ("feed", "result"), frames)
        yield counter(
            "mllp_noise_bytes", "Bytes outside of blocks.", ("feed",), {(f,): s.noise_bytes for f, s in listeners}
        )
        yield gauge(
            "mllp_connections", "Open connections.", ("feed",), {(f,): s.open_connections for f, s in listeners}
        )
        oldest = {(feed,): stats.oldest_block_s or 0.0 for feed, stats in listeners}
        yield gauge("mllp_oldest_partial_seconds", "Age of the oldest unfinished block.", ("feed",), oldest)
        yield counter("acks", "Answers given, by MSA-1.", ("feed", "code"), answers)
        times = {(self._feed(feed),): each for feed, each in list(self._process.answers.items())}
        yield histogram("ack_seconds", "From a message's last byte to its answer.", ("feed",), times, MICROS)
        wire = joined(((feed, "wire"), stats.repeats) for feed, stats in listeners)
        content = joined(
            ((self._feed(row.feed), row.word), row.total) for row in self._walked.measured if row.name == "duplicates"
        )
        yield counter("duplicates", "Messages sent or said again.", ("feed", "level"), wire | content)

    def _feeds(self) -> Iterator[Metric]:
        feeds = [(self._feed(health.feed), health) for health in self._walked.feeds]
        seen = {(f,): h.seen.last_at.timestamp() for f, h in feeds if h.seen.last_at}
        missing = {(f,): h.expected_since for f, h in feeds if h.expected_since is not None}
        states = {(f, s): float(h.state == s) for f, h in feeds for s in ("silent", "flooding", "slow", "quiet", "ok")}
        yield gauge("feed_state", "1 for the state that the feed is in.", ("feed", "state"), states)
        yield gauge(
            "feed_silent",
            "1 while the feed is silent.",
            ("feed",),
            {(f,): float(h.state == "silent") for f, h in feeds},
        )
        yield gauge("feed_last_message_timestamp_seconds", "Receipt of the newest message.", ("feed",), seen)
        yield gauge("feed_expected_missing", "Messages expected since the newest one.", ("feed",), missing)
        skew = {(f,): float(h.last_hour.ahead_s) for f, h in feeds}
        yield gauge("feed_clock_skew_seconds", "How far MSH-7 was ahead of us in the last hour.", ("feed",), skew)
        parked = joined(((f,), h.patients[1]) for f, h in feeds)
        yield gauge("unmatched_records", "Source patients that belong to nobody.", ("feed",), parked)
        depth = joined(
            ((self._feed(feed), self._reason(reason)), n) for (feed, reason), n in self._walked.depth.items() if feed
        )
        yield gauge("quarantine_records", "Messages that wait in quarantine.", ("feed", "reason"), depth)

    def _waiting(self) -> Iterator[Metric]:
        """What is asked of the store at each scrape; while it is away, that it is."""
        now, told = self._clock(), None
        with suppress(WorldIsAway):
            told = ours(self._store, now), self._store.next_wake()
        yield gauge("store_reachable", "1 while the store answers.", (), {(): float(told is not None)})
        us, wake = told or ({}, None)
        waiting, oldest = us.get("lines_waiting"), us.get("oldest_waiting_s")
        if waiting is not None:
            yield gauge("pipeline_lag_records", "Lines that wait to be processed.", (), {(): waiting})
        yield gauge("pipeline_lag_seconds", _LAG, (), {(): float("inf") if oldest is None else oldest})
        if told:
            # A member at the epoch was marked to be derived again: no timer is late for them.
            late = max((now - wake).total_seconds(), 0) if wake and wake.timestamp() > _EPOCH_S else 0.0
            yield gauge("timer_lateness_seconds", "How long the earliest due member has been due.", (), {(): late})

    def _pipeline(self) -> Iterator[Metric]:
        walked = self._walked
        events = joined(
            ((self._feed(row.feed), row.word), row.total) for row in walked.measured if row.name == "events"
        )
        yield counter("events", "Messages and rows, by what was made of them.", ("feed", "kind"), events)
        poison = sum(n for (_, reason), n in walked.depth.items() if reason == DERIVE_FAILED)
        yield gauge("poison_members", "Members whose facts break our rules.", (), {(): poison})
        tasks = joined(((self._rule(rule), state), n) for (rule, state), n in walked.tasks.items())
        yield gauge("tasks", "Tasks, by rule and state.", ("rule", "state"), tasks)
        derive, receipt = times_of(walked.measured, "derive"), times_of(walked.measured, "receipt_to_task")
        yield histogram("derive_seconds", "Deriving members who share evidence.", (), {(): derive}, MICROS)
        yield histogram(
            "receipt_to_task_seconds",
            "From the receipt of a message to its effect on a task.",
            (),
            {(): receipt},
            MICROS,
        )

    def _measures(self) -> Iterator[Metric]:
        walked, now = self._walked, self._clock()
        years = (str(now.year), str(now.year - 1))
        counted = joined(
            ((self._measure(key.measure), key.period, population), getattr(sums, population))
            for key, sums in walked.counters.items()
            if key.kind == "" and key.period in years
            for population in POPULATIONS
        )
        labels = ("measure", "period", "population")
        yield gauge("measure_count", "What measures count, this year and the last.", labels, counted)

    def _embedded(self) -> Iterator[Metric]:
        """What is done in one process only: keeping lines in the store, and deriving members again to compare."""
        walked, found = self._walked, self._walked.rechecked
        results = {("same",): found.same, ("different",): found.different}
        share = min(found.lately(self._clock()) / walked.members, 1.0) if walked.members else 0.0
        last = {(): found.different_at.timestamp()} if found.different_at else {}
        yield counter("rechecked_members", "Members derived again and compared.", ("result",), results)
        yield gauge("rechecked_share", "Share of the members compared in the last 24 hours.", (), {(): share})
        yield gauge("rechecked_last_difference_timestamp_seconds", "When one last differed.", (), last)
        commits, together = self._store.commit_micros, self._store.lines_together
        yield histogram("journal_commit_seconds", "Transactions that kept lines.", (), {(): commits}, MICROS)
        yield histogram("journal_batch_records", "Lines kept by one of them.", (), {(): together}, 1)

    def _machine(self) -> Iterator[Metric]:
        if folder := self._process.folder:
            log = folder / f"{FILE_NAME}-wal"
            yield gauge("store_free_bytes", "Free space on the store's disk.", (), {(): shutil.disk_usage(folder).free})
            yield gauge(
                "store_wal_bytes", "Size of the write-ahead log.", (), {(): log.stat().st_size if log.exists() else 0}
            )
        yield counter("clock_jumps", "Times that the machine's clock was set.", (), {(): self._jumps})
        yield counter(
            "log_fields_dropped", "Fields that are not on the logs' list.", (), {(): self._process.fields_dropped()}
        )
        yield gauge("build_info", "Always 1.", ("version", "lock"), {self._build: 1})


_LAG = "No line has waited to be processed for longer."


def _frames(stats: ListenerStats) -> Iterator[tuple[str, int]]:
    yield "kept", stats.messages - stats.repeats - stats.no_msh
    yield "repeat", stats.repeats
    yield "no_msh", stats.no_msh
    yield "oversize", stats.oversize
    yield "unfinished", stats.unfinished_blocks


def _environment() -> str:
    """What is installed beside us, in twelve letters: two services with the same ones run the same code."""
    names = sorted(f"{each.metadata['Name']}=={each.version}" for each in distributions())
    return sha256("\n".join(names).encode()).hexdigest()[:12]
