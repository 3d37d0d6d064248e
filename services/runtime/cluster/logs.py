"""Where the logs of partitions begin and end, asked over a connection of its own.

On the connection that a consumer fetches over, a broker answers in order: the question would wait behind a fetch that
waits for records, a second and a half in Faust.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from models.errors import WorldIsAway
from services.runtime.store.cluster_contract import Partition

PATIENCE_MS = 8_000
NEWS_MS = 30_000
"""How soon it is noticed that a topic has more partitions than before."""


class Logs:
    """Asks the broker about the logs of a namespace's topics; connects when it is first asked."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self._bootstrap, self._prefix = bootstrap, prefix
        self._client: AIOKafkaConsumer | None = None

    async def ends(self, places: Collection[Partition]) -> dict[Partition, int]:
        """The offset behind the last record of each partition.

        Raises:
            WorldIsAway: the broker does not say.
        """
        with broker_errors():
            return self._named(await (await self._connected()).end_offsets(self._tps(places)))

    async def spans(self, places: Collection[Partition]) -> dict[Partition, tuple[int, int]]:
        """The offset of each partition's first record, and that behind its last one.

        Raises:
            WorldIsAway: the broker does not say.
        """
        with broker_errors():
            found = await (await self._connected()).beginning_offsets(self._tps(places))
        ends = await self.ends(places)
        return {place: (first, ends[place]) for place, first in self._named(found).items()}

    def partitions(self, topic: str) -> int:
        """How many partitions a topic has, as far as is known without asking anew; 0: nothing is."""
        known = self._client.partitions_for_topic(self._prefix + topic) if self._client else None
        return len(known or ())

    async def _connected(self) -> AIOKafkaConsumer:
        if self._client is None:
            client = AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap,
                enable_auto_commit=False,
                request_timeout_ms=PATIENCE_MS,
                metadata_max_age_ms=NEWS_MS,
            )
            try:
                await client.start()
            except BaseException:
                await client.stop()
                raise
            self._client = client
        return self._client

    def _tps(self, places: Collection[Partition]) -> list[TopicPartition]:
        return [TopicPartition(self._prefix + topic, number) for topic, number in places]

    def _named(self, found: dict[TopicPartition, int]) -> dict[Partition, int]:
        return {(tp.topic.removeprefix(self._prefix), tp.partition): offset for tp, offset in found.items()}


@contextmanager
def broker_errors() -> Iterator[None]:
    """Raise WorldIsAway for what may go away by itself."""
    try:
        yield
    except (KafkaError, TimeoutError) as error:
        raise WorldIsAway(f"the broker does not answer: {type(error).__name__}.") from error
