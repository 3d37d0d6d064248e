"""A cluster to which a whole story is told while something fails, and which must know it all in the end."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from connectors.kafka.producer import Delivered, Producer, ToSend
from services.runtime.recount import Recount
from services.runtime.store.cluster_contract import Partition
from services.runtime.store.contract import NoStore, Reader, walk_lines
from services.runtime.store.postgres_reader import PostgresReader
from services.runtime.store.sqlite import SqliteStore
from services.wiring.clock import Clock
from services.wiring.setup import Setup
from tests.cluster import hastened
from tests.cluster.agreeing import effects_agree, shown
from tests.cluster.exchange import Oracle, named
from tests.cluster.feeding import Feeding, Watch, while_it_moves
from tests.cluster.running import FEEDS, Cluster, Working
from tests.end_to_end.running import until
from tests.servers.consuming import Subscriber, folded
from tests.servers.process import PATIENCE_S
from topics.declared import RAW, TASKS
from topics.raw import RawLine
from topics.undecoded import KIND

SESSION_S = 3.0
"""Instead of ten seconds, where nothing else is asked for."""
MANY = 1_000_000
"""More than there are in any story."""


class Faulted(Cluster):
    """A cluster that something will happen to.

    Args:
        session_s, seek_s: how long a worker may be silent, and may look for its place. No `session_s`: both as in
            production.
    """

    def __init__(
        self, folder: Path, bootstrap: str, url: str, *, session_s: float | None = SESSION_S, seek_s: float = 18.0
    ) -> None:
        self._program = hastened.command(session_s, seek_s) if session_s else []
        super().__init__(folder, bootstrap, url)

    def command(self, *words: str | Path) -> list[str]:
        plain = super().command(*words)
        return [*self._program, *plain[1:]] if self._program else plain

    @contextmanager
    def fed(self, lines: Sequence[RawLine], per_second: float) -> Iterator[tuple[Feeding, Watch]]:
        """Lines are sent within the block, and all of them are durable at its end."""
        with Feeding(self, lines, per_second) as feeding, Watch(feeding, self) as watch:
            yield feeding, watch
            feeding.finish()

    def garbled(self) -> Delivered:
        """Put a record there that is no line of ours; where it lies."""
        record = ToSend(RAW.name_in(self.namespace), b"key", b"no line", [("schema", b"1")])

        async def deliver() -> Delivered:
            async with Producer(self.bootstrap) as producer:
                return await producer.deliver(record)

        return asyncio.run(deliver())

    def ends(self) -> dict[Partition, int]:
        """The offset behind the last record of each partition that workers read."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "ends"})
        try:
            places = [(topic, number) for topic, count in FEEDS.items() for number in range(count)]
            logs = [TopicPartition(f"{self.namespace}.{topic}", number) for topic, number in places]
            found: list[tuple[int, int]] = []

            def look() -> bool:
                with suppress(KafkaException):  # a broker that has just been started knows less than it will
                    found[:] = [consumer.get_watermark_offsets(log, timeout=10) for log in logs]
                return bool(found)

            until(look)
            return {place: end for place, (_, end) in zip(places, found, strict=True)}
        finally:
            consumer.close()

    def settles(self) -> None:
        """Wait until its workers have nothing left to take or to wake."""
        until(self._is_there)
        ends = {place: end - 1 for place, end in self.ends().items() if end}
        with PostgresReader.open(self.url, self.namespace) as reader:
            while_it_moves(
                lambda: self.cursors() == ends and not reader.due(datetime.now(UTC), 1),
                lambda: (self.cursors(), reader.due(datetime.now(UTC), MANY)),
            )

    def knows(self, oracle: Oracle, *, undecoded: int = 0) -> None:
        """Wait until all is done, then hold what is stored and what was published to the oracle.

        Args:
            undecoded: how many records were no lines, besides the story.
        """
        self.settles()
        with PostgresReader.open(self.url, self.namespace) as reader:
            assert shown(reader, oracle.setup, oracle.story.instants) == oracle.shown, "members differ"
            kept = list(walk_lines(reader))
            assert reader.head() == reader.cursor() == len(kept) == oracle.head + undecoded
            found = {named(line.feed, line.kind, line.body) for line in kept if line.kind != KIND}
            assert found == oracle.story.named, "the journal holds other lines than were sent"
            self._agrees_with_itself(reader, oracle.setup)
            self._published(reader)

    def _agrees_with_itself(self, reader: Reader, setup: Setup) -> None:
        """The outbox folds to the tasks, and everything computed anew gives the same."""
        effects_agree(reader, setup)
        with (
            TemporaryDirectory(dir=self.folder) as folder,
            SqliteStore.open(Path(folder, "recount"), now=Clock()) as fresh,
        ):
            assert list(Recount(reader, fresh, setup.readers, setup.reference, Clock()).compare()) == []
        assert reader.broken_chain() == []

    def _published(self, reader: Reader) -> None:
        """Who heard everything on `members.tasks.v1` knows the same, each id once by content."""
        said = [row.effect for row in reader.outbox(0, MANY) if row.effect.effect != "contribution_changed"]
        ids = {effect.id for effect in said}
        with Subscriber(self.bootstrap, self.namespace, TASKS) as subscriber:
            heard = subscriber.listen(lambda some: ids <= {each.value["id"] for each in some if each.value})
        newest = {effect.subject: (effect.revision, effect.id) for effect in said}
        assert {key: (told["revision"], told["id"]) for key, told in folded(heard).items()} == newest

    def _is_there(self) -> bool:
        """Whether a worker has made the store."""
        try:
            PostgresReader.open(self.url, self.namespace).close()
        except NoStore:
            return False
        return True

    def is_deserted(self) -> bool:
        """Whether the group of its workers has no members, as far as the broker knows."""
        group = f"{self.namespace}.worker"
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        return not admin.describe_consumer_groups([group])[group].result(PATIENCE_S).members

    def cursors(self) -> dict[Partition, int]:
        """The offset taken last of each partition that any was taken of."""
        rows = self.asked("SELECT topic, partition_number, read_to FROM partition_cursor WHERE read_to IS NOT NULL")
        return {(topic, number): at for topic, number, at in rows}


def shared(one: Working, other: Working) -> None:
    """Wait until each has partitions, and together they have all."""

    def are() -> bool:
        shares = [set(worker.health()[1].get("partitions", ())) for worker in (one, other)]
        return all(shares) and not shares[0] & shares[1] and len(shares[0] | shares[1]) == sum(FEEDS.values())

    until(are)
