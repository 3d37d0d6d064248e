"""Workers, from Kafka into PostgreSQL, against what Faust and PostgreSQL do bare; one broker and database for all."""

import signal
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from itertools import groupby
from pathlib import Path

import msgspec

from bench import cluster_floors as floors
from bench import cluster_visible, kept
from bench.answering import PATIENCE_S
from bench.cluster_bursts import burst, silence
from bench.cluster_place import PARTITIONS, Glance, cluster_with, live, servers, settled
from bench.cluster_stages import stages
from bench.measuring import Figure, Samples, Size, figure, missing, percentile
from bench.rebuilding import backlog
from bench.receivers import NotHere
from bench.seeing import interleaved
from bench.world import Told, crowd
from tests.cluster.running import Cluster, Working
from tests.servers.kafka import KafkaServer
from tests.servers.postgres import PostgresServer
from topics.declared import RAW, TASKS

_TIMES = 8
"""What does nothing with a line gets each so many times, so that it takes some seconds, too."""
_WHAT = {
    "echo": "aiokafka alone: written, acks=all, and read again",
    "faust": "a Faust agent alone, with our settings, which does nothing",
    "postgres": f"PostgreSQL alone: the rows of an event, {floors.TOGETHER} events a transaction, fsync on",
    "floors": "the last two one after the other, 1/(1/a + 1/b)",
    "embedded": "the same lines through the pipeline on SQLite",
    "one": "one worker, from a backlog",
    "two": "two workers, from a backlog",
}
_AGAINST = {"one": ("floors", "faust", "postgres", "embedded"), "two": ("one", "floors")}


class Plan(msgspec.Struct, frozen=True):
    """Whom each part tells of: nobody twice."""

    rounds: int
    each: int
    seen: int

    @property
    def bursts(self) -> int:
        """One of each kind a round, and before them one that is not noted."""
        return 2 * self.rounds + 1

    def of_burst(self, number: int) -> range:
        """The members of a burst."""
        return range(number * self.each, (number + 1) * self.each)

    @property
    def discharged(self) -> range:
        """Those of whose discharges it is measured how soon they are seen."""
        first = self.bursts * self.each
        return range(first, first + self.seen)

    @property
    def members(self) -> range:
        """Everybody."""
        return range(self.discharged.stop)

    def burst(self, number: int) -> list[Told]:
        """What is told of the members of a burst."""
        return crowd(self.of_burst(number), kept.now() - timedelta(days=14), seed=number)


def run(size: Size, folder: Path) -> Iterator[Figure]:
    plan = Plan(size.of(3, 1), size.of(350, 12), size.of(300, 6))
    try:
        with servers() as (kafka, postgres), tempfile.TemporaryDirectory(dir=folder) as place:
            figures = list(_measured(plan, Path(place), kafka, postgres))
    except NotHere as why:
        figures = [missing(f"cluster.{name}", what, "records/s", str(why)) for name, what in _WHAT.items()]
    yield from figures


def _measured(plan: Plan, folder: Path, kafka: KafkaServer, postgres: PostgresServer) -> Iterator[Figure]:
    told = [plan.burst(number) for number in range(plan.bursts)]
    samples = _floors(plan, folder, told[: plan.rounds], kafka, postgres)
    cluster = cluster_with(folder / "cluster", kafka, postgres, plan.members)
    with Glance(cluster) as glance, cluster.worker("--instance", "first") as first:
        settled(first)
        glance.until_published()
        samples |= _worked(cluster, glance, told, first)
        yield from _rates(samples, len(told[0]))
        settled(first)  # it learns at a heartbeat that the other has gone
        yield from _delays(plan, *cluster_visible.waits(cluster, [line for _, line in interleaved(plan.discharged)]))
        yield from _takeovers(cluster, glance, plan.burst(0), first)
    yield from stages(postgres.create_database("stages"), told[: plan.rounds], range(plan.rounds * plan.each))


def _floors(
    plan: Plan, folder: Path, told: Sequence[Sequence[Told]], kafka: KafkaServer, postgres: PostgresServer
) -> Samples:
    samples: Samples = {name: [] for name in ("echo", "faust", "postgres", "floors", "embedded")}
    for number, lines in enumerate(told):
        name, many = f"bare{number}", live(lines) * _TIMES
        kafka.create_topic(RAW.name_in(name), PARTITIONS[RAW.name])
        written, read = floors.echoed(kafka.bootstrap, RAW.name_in(name), many)
        faust = floors.idled(kafka.bootstrap, name, len(many))
        postgres_alone = floors.inserted(postgres.create_database(name), [line.body for line in many])
        samples["echo"].append(1 / (1 / written + 1 / read))
        samples["faust"].append(faust)
        samples["postgres"].append(postgres_alone)
        samples["floors"].append(1 / (1 / faust + 1 / postgres_alone))
        samples["embedded"].append(backlog(folder, plan.of_burst(number), lines))
    return samples


def _worked(cluster: Cluster, glance: Glance, told: Sequence[Sequence[Told]], first: Working) -> Samples:
    """Bursts by one worker and by two, in turns: 1, 2, 2, 1, 1, 2."""
    samples: Samples = {f"{name}{part}": [] for name in _AGAINST for part in ("", ".published", ".busy")}
    rest = iter(told)
    burst(cluster, glance, next(rest), first)  # not noted: it loads modules and prepares statements
    turns = [name for number in range(len(told) // 2) for name in ("one", "two")[:: -1 if number % 2 else 1]]
    for name, group in groupby(turns):
        with ExitStack() as more:
            workers = [first, *([more.enter_context(cluster.worker("--instance", "second"))] if name == "two" else [])]
            settled(*workers)
            for _ in group:
                found = burst(cluster, glance, next(rest), *workers)
                samples[name].append(found.taken)
                samples[f"{name}.published"].append(found.published)
                samples[f"{name}.busy"].append(found.busy)
    return samples


def _rates(samples: Samples, count: int) -> Iterator[Figure]:
    for name, what in _WHAT.items():
        told = f"{what} ({count:,} records)" if name in _AGAINST else what
        against = _AGAINST.get(name, ())
        yield figure(f"cluster.{name}", told, "records/s", samples, key=name, against=against)
    for name in _AGAINST:
        yield figure(f"cluster.{name}.published", f"{_WHAT[name]}, until all effects are published", "records/s",
                     samples, key=f"{name}.published")  # fmt: skip
        yield figure(f"cluster.{name}.busy", f"{_WHAT[name]}: in batches, not waiting for Kafka", "of the time",
                     samples, key=f"{name}.busy")  # fmt: skip


def _delays(plan: Plan, committed: Sequence[float], published: Sequence[float]) -> Iterator[Figure]:
    for name, words, waits in (
        ("visible", "task committed", committed),
        ("told", f"task read from {TASKS.name}", published),
    ):
        what = f"discharge received → {words}, one worker, at {cluster_visible.PER_SECOND}/s, {len(waits)} discharges"
        what += f" ({plan.seen - len(waits)} not within {PATIENCE_S:.0f} s)" if plan.seen > len(waits) else ""
        # The span beside a percentile: of the middle half, and from the 90th to the worst.
        quarter, half, three_quarters = (percentile(waits, share) for share in (0.25, 0.5, 0.75))
        yield Figure(f"cluster.{name}.p50", f"{what}, p50", "ms", half, quarter, three_quarters, len(waits))
        nearly_all, most = percentile(waits, 0.99), percentile(waits, 0.9)
        yield Figure(f"cluster.{name}.p99", f"{what}, p99", "ms", nearly_all, most, max(waits), len(waits))


def _takeovers(cluster: Cluster, glance: Glance, told: Sequence[Told], first: Working) -> Iterator[Figure]:
    for name, number, what in (
        ("ended", signal.SIGTERM, "one of two workers ends (SIGTERM)"),
        ("killed", signal.SIGKILL, "one of two workers is killed, for good"),
    ):
        with cluster.worker("--instance", "second") as second:
            settled(first, second)
            longest = silence(cluster, glance, told, second, number)
        yield Figure(f"cluster.{name}", f"{what}: the longest that a record waits", "s", longest, longest, longest, 1)
