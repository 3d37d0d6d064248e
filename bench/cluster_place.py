"""A broker, a database and workers over a plan, for the figures of the cluster; all of it ends with the block."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

import psycopg

from bench import kept
from bench.receivers import NotHere
from bench.world import Told
from services.runtime.store.postgres import PostgresStore
from tests.cluster.running import Cluster, Working
from tests.end_to_end.running import until
from tests.servers.kafka import KafkaServer
from tests.servers.postgres import PostgresServer
from tests.servers.process import CannotBeHad, ServerFailed
from topics.declared import BULK, RAW
from topics.raw import RawLine

PARTITIONS = {RAW.name: 8, BULK.name: 2}
_PATIENCE_S = 120.0
_ANSWER = b"MSH|^~\\&|||||||ACK|1|P|2.5.1\rMSA|AA|1\r"


@contextmanager
def servers() -> Iterator[tuple[KafkaServer, PostgresServer]]:
    """One broker and one database with fsync, on this machine's own cores.

    Raises:
        NotHere: this machine lacks one of them.
    """
    with ExitStack() as stack:
        try:
            started = stack.enter_context(KafkaServer()), stack.enter_context(PostgresServer())
        except (CannotBeHad, ServerFailed) as error:
            raise NotHere(str(error).splitlines()[0]) from None
        yield started


def live(told: Sequence[Told]) -> list[RawLine]:
    """Messages as a listener hands them on, received now."""
    return [RawLine(kept.FEED, kept.now(), line.kind, line.body, is_live=True, answer=_ANSWER) for line in told]


def cluster_with(folder: Path, kafka: KafkaServer, postgres: PostgresServer, members: Sequence[int]) -> Cluster:
    """A cluster whose store knows the facilities and these members, each derived."""
    cluster = Cluster(folder, kafka.bootstrap, postgres.create_database(folder.name), feeds=PARTITIONS)
    with PostgresStore.open(cluster.url, cluster.namespace, now=kept.now) as store:
        kept.know(store, members)
    return cluster


def settled(*workers: Working) -> None:
    """Wait until all partitions are read, by all of these workers."""

    def shares() -> list[int]:
        return [len(worker.health()[1].get("partitions", ())) for worker in workers]

    until(lambda: all(shares()) and sum(shares()) == sum(PARTITIONS.values()))


class Glance:
    """A look at how far a cluster's workers have come, on one connection."""

    def __init__(self, cluster: Cluster) -> None:
        options = f"-c search_path={cluster.namespace}"
        self._connection = psycopg.connect(cluster.url, options=options, autocommit=True)

    def taken(self) -> dict[int, int]:
        """The offset behind the last record taken, by partition of the live topic."""
        query = "SELECT partition_number, read_to + 1 FROM partition_cursor WHERE topic = %s AND read_to IS NOT NULL"
        return dict(self._connection.execute(query, (RAW.name,)).fetchall())

    def published(self) -> bool:
        """Whether all effects are on the broker."""
        query = "SELECT outbox <= coalesce((SELECT position FROM published WHERE stream = 'outbox'), 0) FROM tail"
        return bool(self._connection.execute(query).fetchall()[0][0])

    def until_taken(self, count: int) -> float:
        """Wait until so many records of the live topic were taken; when that was."""
        end = time.monotonic() + _PATIENCE_S
        while sum(self.taken().values()) < count:
            assert time.monotonic() < end, f"of {count} records {sum(self.taken().values())} were taken"
            time.sleep(0.01)
        return time.monotonic()

    def until_published(self) -> float:
        """Wait until all effects are on the broker; when that was."""
        end = time.monotonic() + _PATIENCE_S
        while not self.published():
            assert time.monotonic() < end, "effects are not published"
            time.sleep(0.01)
        return time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()
