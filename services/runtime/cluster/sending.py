"""Records to Kafka, all of a call or none of them, by the only producer of its name."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Self

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from models.errors import WorldIsAway
from services.runtime.cluster.marks import Mark
from topics.declared import TASKS, TOPICS
from topics.telling import Record
from topics.topic import Topic, partition_of

_REQUEST_S = 10
_RETRY_MS = 25
"""A broker that has not heard yet that a transaction began refuses its first records; it soon has."""
_START_S = 20
_STOP_S = 2
_BATCH_BYTES = 1 << 18
_LARGEST_BYTES = max(topic.record_bytes_max for topic in TOPICS if topic.value)


class Sender:
    """A transactional producer. Whoever opens the next one of the same name takes this one's pen away: what it had not
    committed is undone, and its calls raise `aiokafka.errors.ProducerFenced`.
    """

    def __init__(self, producer: AIOKafkaProducer, bootstrap: str, namespace: str) -> None:
        self._producer, self._bootstrap, self._namespace = producer, bootstrap, namespace
        self._name = f"{namespace}.outbox"
        self._partitions = dict[Topic, int]()
        # The mark is an offset of a consumer group that has no consumer: only such are part of a transaction.
        self._marked = TopicPartition(TASKS.name_in(namespace), 0)

    @classmethod
    @asynccontextmanager
    async def at(cls, bootstrap: str, namespace: str) -> AsyncIterator[Self]:
        """Connect, and shut out the predecessor.

        Raises:
            KafkaError: also by `send`; the sender is then of no more use.
        """
        producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap,
            transactional_id=f"{namespace}.outbox",
            acks="all",
            retry_backoff_ms=_RETRY_MS,
            request_timeout_ms=_REQUEST_S * 1000,
            max_batch_size=_BATCH_BYTES,
            max_request_size=_LARGEST_BYTES,
        )
        try:
            async with asyncio.timeout(_START_S):  # it asks for ever where no broker can coordinate it
                await producer.start()
            yield cls(producer, bootstrap, namespace)
        finally:
            await _stop(producer)

    async def mark(self) -> Mark | None:
        """What the last records were sent with; None: Kafka does not know, or no longer.

        Raises:
            WorldIsAway: it does not say, such as while the offsets are being loaded after a restart.
        """
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=_REQUEST_S * 1000)
        try:
            await admin.start()
            offsets = await admin.list_consumer_group_offsets(self._name, partitions=[self._marked])
        finally:
            await admin.close()
        if self._marked not in offsets:  # so aiokafka tells of an error that is the whole group's
            raise WorldIsAway(f"{self._bootstrap}: the broker does not say how far was published.")
        kept = offsets[self._marked]
        return msgspec.json.decode(kept.metadata, type=Mark) if kept.offset >= 0 else None

    async def send(self, records: Sequence[Record], mark: Mark) -> None:
        """Write records and the mark, in order within each partition; returns when they are committed.

        Whether they are is unknown after any error, and after cancellation.

        Raises:
            WorldIsAway: a topic is missing.
        """
        for topic in {TASKS, *(record.topic for record in records)} - self._partitions.keys():
            self._partitions[topic] = await self._count_partitions(topic)
        await self._producer.begin_transaction()
        history = ("history", str(mark.history).encode())
        deliveries = [await self._write(record, history) for record in records]
        offset = OffsetAndMetadata(mark.published.outbox, msgspec.json.encode(mark).decode())
        marking = self._producer.send_offsets_to_transaction({self._marked: offset}, self._name)
        # A commit says nothing of records that failed: each must be asked.
        await asyncio.gather(marking, *deliveries)
        await self._producer.commit_transaction()

    async def _write(self, record: Record, *headers: tuple[str, bytes]) -> "asyncio.Future[object]":
        delivery: asyncio.Future[object] = await self._producer.send(
            record.topic.name_in(self._namespace),
            record.value,
            record.key,
            partition=partition_of(record.place, self._partitions[record.topic]),
            headers=[*record.headers, *headers],
        )
        return delivery

    async def _count_partitions(self, topic: Topic) -> int:
        name = topic.name_in(self._namespace)
        try:
            return len(await self._producer.partitions_for(name))
        except UnknownTopicOrPartitionError as error:
            remedy = "Make the topics with `warmhandoff topics apply`."
            raise WorldIsAway(f"{self._bootstrap}: there is no topic {name}. {remedy}") from error


async def _stop(producer: AIOKafkaProducer) -> None:
    """Close a producer, soon also while its broker is away.

    `stop` waits until all is delivered, which an idempotent producer tries for ever; cut short, it leaves its task
    running.
    """
    with suppress(TimeoutError, KafkaError):
        await asyncio.wait_for(producer.stop(), _STOP_S)
    await producer.client.close()  # now its requests fail
    task = producer._sender.sender_task  # there is no other way to end it
    if task:
        task.cancel()
        await asyncio.wait({task}, timeout=_STOP_S)
