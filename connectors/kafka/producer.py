"""Records onto the broker, each known to be durable before anybody says so."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, UnknownTopicOrPartitionError

from connectors.kafka.quiet import throttle_loggers
from connectors.kafka.saying import away, said
from models.errors import WorldIsAway
from topics.declared import TOPICS
from topics.topic import MIB

log = logging.getLogger(__name__)

DELIVERY_S = 8.0
"""How long a delivery may take: less than a sender waits for its answer (R-18), which must not come after that."""
HELD_BYTES_MAX = 64 * MIB
"""So much may wait for the broker; a record that does not fit waits itself, and one alone may be longer."""
_REQUEST_S = 30.0
_START_S = 8.0
_STOP_S = 2.0
LOOK_S = 2.0
"""How late it is noticed, and told by `failure`, that the broker is away or back while nothing is sent."""
_LOOKS = 3
_BATCH_BYTES = 256 * 1024
_OVERHEAD_BYTES = 256
_RECORD_BYTES_MAX = max(topic.record_bytes_max for topic in TOPICS)
_MAKE = "Make the topics with `warmhandoff topics apply`."


class ToSend(NamedTuple):
    """A record for a topic, by its name on the broker; the key decides the partition."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


class Delivered(NamedTuple):
    """Where a record lies. `offset` is below 0 where the broker knew it already and does not say where."""

    partition: int
    offset: int


class Producer:
    """One idempotent producer with `acks=all`; `async with` connects it.

    After a failure it begins anew with another producer underneath, and gives up what the old one still held: nobody
    was told that it is durable. What was given up may stand on the broker all the same; whoever sends it again does no
    harm, since readers know a line by its content.

    `failure` says why nothing can be delivered now; it is empty while all is well.
    """

    def __init__(self, bootstrap: str, *, held_bytes_max: int = HELD_BYTES_MAX) -> None:
        self._bootstrap, self._held_bytes_max = bootstrap, held_bytes_max
        self._producer: AIOKafkaProducer | None = None
        self._sent: set[asyncio.Future[Any]] = set()
        self._held_bytes = 0
        self._has_room, self._is_lost = asyncio.Event(), asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self.failure = ""

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            WorldIsAway: no broker answers.
        """
        throttle_loggers()
        self._producer = await self._started()
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        if self._producer:
            await self._give_up(self._producer)

    @property
    def held_bytes(self) -> int:
        """How much waits for the broker."""
        return self._held_bytes

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has.

        Raises:
            WorldIsAway: there is none, or no broker answers.
        """
        try:
            async with asyncio.timeout(DELIVERY_S):
                return len(await self._open().partitions_for(topic))
        except (KafkaError, TimeoutError) as error:
            raise self._missing(topic) if self._is_missing(topic) else self._away(error) from None

    async def deliver(self, record: ToSend, *, timeout_s: float = DELIVERY_S) -> Delivered:
        """Write one record; return once it is durable on every in-sync replica.

        Raises:
            WorldIsAway: that is not known. It may be written or not.
        """
        (delivered,) = await self.deliver_all([record], timeout_s=timeout_s)
        return delivered

    async def deliver_all(self, records: Sequence[ToSend], *, timeout_s: float = DELIVERY_S) -> list[Delivered]:
        """Write records, in order within each partition; return once all of them are durable.

        Raises:
            WorldIsAway: that is not known of all of them.
        """
        producer = self._open()
        try:
            async with asyncio.timeout(timeout_s):
                sent = [await self._send(producer, record) for record in records]
                # Each is awaited for itself: `flush` would hide errors.
                written = [await asyncio.shield(each) for each in sent]
        except TimeoutError as error:
            # What is held may still be delivered, which does no harm. `_watch` finds out whether the broker is away.
            missing = next((record.topic for record in records if self._is_missing(record.topic)), None)
            raise self._missing(missing) if missing else self._away(error) from None
        except KafkaError as error:
            if self._producer is not producer:
                raise WorldIsAway(self.failure or str(self._away(error))) from None
            await self._lost(producer, error)  # the numbers by which the broker knows repeats have a gap now
            raise self._away(error) from None
        return [Delivered(each.partition, each.offset) for each in written]

    async def _send(self, producer: AIOKafkaProducer, record: ToSend) -> "asyncio.Future[Any]":
        size = len(record.key) + len(record.value) + sum(len(value) for _, value in record.headers) + _OVERHEAD_BYTES
        while self._held_bytes and self._held_bytes + size > self._held_bytes_max:
            self._has_room.clear()
            await self._has_room.wait()
        self._held_bytes += size
        try:
            sent: asyncio.Future[Any] = await producer.send(
                record.topic, record.value, record.key, headers=record.headers
            )
        except BaseException:
            self._let_go(size)
            raise

        def done(future: "asyncio.Future[Any]") -> None:
            self._let_go(size)
            self._sent.discard(future)
            if not future.cancelled():
                future.exception()  # looked at, also where nobody waits any more

        self._sent.add(sent)
        sent.add_done_callback(done)
        return sent

    def _let_go(self, size: int) -> None:
        self._held_bytes -= size
        self._has_room.set()

    def _open(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise WorldIsAway(self.failure)
        return self._producer

    async def _watch(self) -> None:
        """Look after the broker until cancelled: notice that it is away, and begin anew when it is back."""
        unanswered = 0
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._is_lost.wait(), LOOK_S)
            self._is_lost.clear()
            producer = self._producer  # a delivery that fails meanwhile gives it up
            if producer is None:
                unanswered = 0
                await self._begin_anew()
            elif await _answers(producer):
                unanswered, self.failure = 0, ""
            else:
                unanswered += 1
                self.failure = str(self._away(TimeoutError()))
                # A broker that is soon back gets what is held: nobody need send it again.
                if unanswered == _LOOKS:
                    await self._lost(producer, TimeoutError())

    async def _begin_anew(self) -> None:
        try:
            self._producer, self.failure = await self._started(), ""
        except WorldIsAway as error:
            self.failure = str(error)
        else:
            log.info("the broker is back", extra={"host": self._bootstrap})

    async def _started(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            enable_idempotence=True,
            acks="all",
            request_timeout_ms=round(_REQUEST_S * 1000),
            max_batch_size=_BATCH_BYTES,
            max_request_size=_RECORD_BYTES_MAX,
        )
        try:
            async with asyncio.timeout(_START_S):  # it asks for ever where no broker gives it a number
                await producer.start()
        except (KafkaError, TimeoutError) as error:
            await _end(producer)
            raise self._away(error) from None
        except BaseException:
            await _end(producer)
            raise
        return producer

    async def _lost(self, producer: AIOKafkaProducer, error: BaseException) -> None:
        """Give up a producer that failed, and all it holds."""
        if self._producer is not producer:
            return  # another delivery was here before
        self.failure = str(self._away(error))
        log.error("the broker is away, trying again", extra={"problem": self.failure})
        self._is_lost.set()
        await self._give_up(producer)

    async def _give_up(self, producer: AIOKafkaProducer) -> None:
        self._producer = None
        for each in list(self._sent):
            if not each.done():
                each.set_exception(KafkaError("given up"))
        await _end(producer)

    def _is_missing(self, topic: str) -> bool:
        """Whether a broker that answers knows no such topic."""
        return self._producer is not None and self._producer.client.cluster.partitions_for_topic(topic) is None

    def _missing(self, topic: str) -> WorldIsAway:
        return away(self._bootstrap, f"there is no topic {topic}", _MAKE)

    def _away(self, error: BaseException) -> WorldIsAway:
        if isinstance(error, MessageSizeTooLargeError):
            what, remedy = "a record is longer than the topic takes", "`warmhandoff topics check` shows its settings."
            return away(self._bootstrap, what, remedy)
        if isinstance(error, UnknownTopicOrPartitionError):
            return away(self._bootstrap, "a topic is missing", _MAKE)
        return away(self._bootstrap, said(error))


async def _answers(producer: AIOKafkaProducer) -> bool:
    try:
        async with asyncio.timeout(LOOK_S):
            return bool(await producer.client.force_metadata_update())
    except TimeoutError:
        return False


async def _end(producer: AIOKafkaProducer) -> None:
    """Close a producer, soon also while its broker is away.

    aiokafka's own `stop` waits for what it holds, which an idempotent producer tries to deliver for ever.
    """
    await producer.client.close()  # requests under way fail, and their tasks end
    # There is no public way to let go of what it holds.
    if task := producer._sender.sender_task:
        for _ in range(2):  # a first time it still waits for its tasks
            task.cancel()
            await asyncio.wait({task}, timeout=_STOP_S / 2)
    producer._closed = True  # nothing is left of it that `stop` would close
