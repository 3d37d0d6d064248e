"""Faust, held to the cursor: where it starts to read, how it hands over batches, how it leaves.

What Faust and aiokafka do by themselves loses or repeats records in some faults; domain notes of the trial name each.
Only `noack_take`, act, then acknowledge is used, no Tables; every position that Kafka remembers is a hint.
"""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import faust
import msgspec
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from models.errors import WorldIsAway
from models.time import YEARS, Instant
from services.runtime.cluster.ending import Ending, OtherTopic, ReadingBroke, SeekTookTooLong
from services.runtime.cluster.logs import Logs, broker_errors
from services.runtime.cluster.records import Record
from services.runtime.cluster.waiting import Waiting
from services.runtime.faults import fault
from services.runtime.store.cluster_contract import Partition
from topics.declared import BULK, RAW

log = logging.getLogger(__name__)
_LIBRARY = logging.getLogger("faust.app")
"""What Faust says through classes of ours; it may quote what it was given."""
for _name in ("faust", "mode", "aiokafka"):
    logging.getLogger(_name).setLevel(logging.WARNING)

BATCHES, WITHIN_S = {RAW.name: 256, BULK.name: 8}, 0.005
"""Records handed over together (messages of a kilobyte; half a megabyte of a table each), and how long the first
of them waits for others that have been read.
"""
FETCH_BYTES, FETCH_S = 16 * 1024, 0.02
"""The broker answers when it has so much, or after so long: else, while records come one by one, each is a fetch of its
own, and those cost as much as half the work on the records.
"""
SESSION_S, HEARTBEAT_S, REQUEST_S = 10.0, 3.0, 30.0
SEEK_S = 0.6 * REQUEST_S
"""A seek that takes the whole of `broker_request_timeout` leaves a worker that reads nothing for ever (trial, §4.1)."""
AGAIN_S = 0.5
ROOM_S = 0.05
"""How soon partitions that waited for room are asked for; Faust takes up to a second."""
BROKEN = 70
_REMEDY = 'How to get past it: docs/how-to/run-a-cluster.md, "A record that nobody can read".'
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_S = datetime(YEARS[-1], 12, 31, tzinfo=UTC).timestamp()

Seek = Callable[[Mapping[Partition, tuple[int, int]]], Awaitable[Mapping[Partition, int]]]
"""(first offset, end) of each assigned partition -> where to read from."""
Take = Callable[[Sequence[Record]], Awaitable[None]]
"""Take a batch; returns when it is durable."""


class Consuming(msgspec.Struct, frozen=True):
    """How a worker reads.

    Args:
        bootstrap: HOST:PORT of brokers, separated by commas. namespace: of the store, whose workers are one group.
        instance: a static name in the group; empty: none.
        leaves: give up the partitions at the end, so that others take over at once; not before a restart.
        folder: where Faust may put its files.
    """

    bootstrap: str
    namespace: str
    instance: str
    leaves: bool
    folder: Path


def build_app(settings: Consuming, seek: Seek, takes: Mapping[str, Take]) -> "WorkerApp":
    """A Faust app with an agent a topic, which hands over batches, read from where `seek` says.

    Args:
        takes: who takes the batches of each topic, by its declared name.
    """
    app = WorkerApp(
        f"{settings.namespace}.worker",
        broker=";".join(f"kafka://{address.strip()}" for address in settings.bootstrap.split(",")),
        store="memory://",
        processing_guarantee="at_least_once",
        datadir=settings.folder,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        stream_wait_empty=False,
        stream_recovery_delay=0,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=settings.instance or None,
        broker_session_timeout=SESSION_S,
        broker_heartbeat_interval=HEARTBEAT_S,
        broker_request_timeout=REQUEST_S,
        broker_max_poll_records=500,
        broker_commit_interval=1,
        agent_supervisor="mode.CrashingSupervisor",
        web_enabled=False,
        autodiscover=False,
    )
    app.seek, app.leaves, app.prefix = seek, settings.leaves, f"{settings.namespace}."
    app.logs = Logs(settings.bootstrap, app.prefix)
    for name, take in takes.items():
        app.add_agent(name, take)
    return app


class ending_for_good:  # noqa: N801  # reads as a statement
    """Ends the process where something failed: an agent that raises goes on with the next batch.

    `os._exit` leaves no moment in which Faust could acknowledge what was not taken.
    """

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None or isinstance(error, asyncio.CancelledError):
            return
        if isinstance(error, Ending):
            log.critical("the worker ends", extra={"problem": str(error), "code": error.code})
        else:
            log.critical("the worker ends: a batch failed", exc_info=error, extra={"code": BROKEN})
        logging.shutdown()
        os._exit(error.code if isinstance(error, Ending) else BROKEN)


class WorkerApp(faust.App):
    """An app whose consumer starts where it is told."""

    logger = _LIBRARY
    seek: Seek
    leaves: bool
    prefix: str
    """What names of topics begin with on the broker."""
    logs: Logs

    def __init__(self, *args: Any, **options: Any) -> None:
        self._waiting: list[Waiting] = []
        super().__init__(*args, **options)

    def add_agent(self, name: str, take: Take) -> None:
        """Hand over batches of a topic; they are acknowledged when they were taken."""
        batch = BATCHES[name]
        topic = self.topic(
            self.prefix + name,
            key_type=bytes,
            value_type=bytes,
            key_serializer="raw",
            value_serializer="raw",
        )

        async def agent(stream: Any) -> None:
            async for events in stream.noack_take(batch, within=WITHIN_S):
                with stream.channel.queue.taking():
                    with ending_for_good():
                        await take([self.record(event.message) for event in events])
                        fault("before_ack")
                    for event in events:
                        await stream.ack(event)
                    del event, events  # they would stay in memory until the next ones have come

        self.agent(topic, name=name)(agent)

    def place(self, tp: TP) -> Partition:
        """A partition by its topic's declared name."""
        return tp.topic.removeprefix(self.prefix), tp.partition

    def record(self, message: Any) -> Record:
        """A message of Faust's as a record."""
        headers = tuple((name, value or b"") for name, value in message.headers or ())
        topic, at = message.topic.removeprefix(self.prefix), _instant(message.timestamp)
        return Record(topic, message.partition, message.offset, at, message.key, message.value, headers)

    def FlowControlQueue(self, maxsize: int | None = None, *, clear_on_resume: bool = False) -> Waiting:  # noqa: N802, ARG002
        """The queue of a topic, by Faust's own name; `maxsize` is in records, and the queue has its own in bytes."""
        self._waiting.append(Waiting(flow_control=self.flow_control, clear_on_resume=clear_on_resume))
        return self._waiting[-1]

    @property
    def has_untaken(self) -> bool:
        """Whether anything that was handed over is not taken yet."""
        return any(each.qsize() for each in self._waiting)

    def _new_transport(self) -> Any:
        return _Transport(self.conf.broker_consumer, self)

    def _crash(self, reason: BaseException) -> None:
        """Called when anything of Faust's has failed; it would end the process with 1, and say nothing that we log."""
        with ending_for_good():
            if not self.should_stop:
                raise ReadingBroke(self._broken(type(reason).__name__))
        super()._crash(reason)

    def _broken(self, what: str) -> str:
        consumer = self.consumer
        assert isinstance(consumer, _Consumer)
        places = [(*self.place(tp), offset) for tp, offset in consumer.unreadable()]
        if not places:
            return f"reading from Kafka broke: {what}. Start the worker again."
        said = "; ".join(f"{topic}, partition {number}, offset {offset}" for topic, number, offset in places)
        return f"{said}: a record that nobody can read: {what}.\n  {_REMEDY}"


class _Consumer(driver.Consumer):
    """Starts at the cursor, not at the offset that Kafka remembers (design §9, rule 1)."""

    logger = _LIBRARY

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._seeking = asyncio.Lock()

    def _new_consumer_thread(self) -> driver.AIOKafkaConsumerThread:
        return _ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def unreadable(self) -> list[tuple[TP, int]]:
        """Where records stand that could not be parsed, or the first of a batch that could not be unpacked."""
        thread = self._thread
        assert isinstance(thread, _ConsumerThread)
        return thread.unreadable()

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's
        # Those that wait for room may have it again long before the others bring anything.
        timeout = ROOM_S if self._buffered_partitions else timeout
        try:
            return await super()._getmany(active_partitions, timeout)
        except Exception as error:
            # Records that stand before one that nobody can read were fetched with it, and are lost with it here.
            if not self.unreadable() or await self._reads_singly():
                raise
            log.warning("a record cannot be read, those before it are taken", extra={"problem": type(error).__name__})
            await self.perform_seek()
            return {}

    async def _reads_singly(self) -> bool:
        """Have records come one by one from now on; if they do already, wait a while until what has come is taken."""
        thread, app = self._thread, self.app
        assert isinstance(thread, _ConsumerThread)
        assert isinstance(app, WorkerApp)
        if not thread.reads_singly():
            return False
        until = time.monotonic() + REQUEST_S
        while app.has_untaken and not self.should_stop and time.monotonic() < until:
            await self.sleep(AGAIN_S)
        return True

    async def perform_seek(self) -> None:
        # The recovery after a rebalance and a fetch that comes back meanwhile both call it, at once. Either may be the
        # later one; a seek to the cursor can only repeat records, so each is done.
        with ending_for_good():
            async with self._seeking:
                try:
                    await asyncio.wait_for(self._seek_patiently(), SEEK_S)
                except TimeoutError:
                    raise SeekTookTooLong(f"no partition could be read within {SEEK_S:.0f} s.") from None

    async def _seek_patiently(self) -> None:
        while True:
            try:
                await self._seek_to_cursors()
            except Ending:
                raise
            except WorldIsAway as away:
                log.warning("where to read from is not known, trying again", extra={"problem": str(away)})
                await asyncio.sleep(AGAIN_S)
            else:
                return

    async def _seek_to_cursors(self) -> None:
        app, assigned = self.app, self.assignment()
        assert isinstance(app, WorkerApp)
        places = [app.place(tp) for tp in assigned]
        try:
            found = await app.seek(await app.logs.spans(places) if places else {})
        except OtherTopic:
            # Between the two looks somebody who read before us may have taken what had just come.
            found = await app.seek(await app.logs.spans(places))
        start = {tp: found[app.place(tp)] for tp in assigned}
        with broker_errors():
            await self.seek_wait(start)  # on the consumer's thread, and done when this returns
        for tp, offset in start.items():
            self._believe(tp, offset)

    def _believe(self, tp: TP, offset: int) -> None:
        """Have Faust's own maps follow; else acknowledgements below Kafka's committed offset would be ignored."""
        self._read_offset[tp] = self._committed_offset[tp] = offset or None
        self._acked[tp].clear()
        self._acked_index[tp].clear()
        self._gap[tp].clear()


class _ConsumerThread(driver.AIOKafkaConsumerThread):
    """Fetches in handfuls, and tells the group that it leaves: a static member never does by itself, and others would
    wait for its session.
    """

    logger = _LIBRARY

    def _create_worker_consumer(self, transport: driver.Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust has no settings for these (it says 1 byte and 1.5 s); the consumer reads them when it starts.
        consumer._fetch_min_bytes, consumer._fetch_max_wait_ms = FETCH_BYTES, int(FETCH_S * 1000)
        return consumer

    def reads_singly(self) -> bool:
        """Have records come one by one from now on; whether they do already."""
        consumer = self._ensure_consumer()
        was, consumer._max_poll_records = consumer._max_poll_records, 1
        return bool(was == 1)

    def unreadable(self) -> list[tuple[TP, int]]:
        # What was fetched of a partition is parsed as it is read, by a generator; an error has ended it where it was.
        fetcher = self._consumer and self._consumer._fetcher
        fetched = list(fetcher._records.items()) if fetcher else ()
        parsed = [(tp, each._partition_records) for tp, each in fetched if hasattr(each, "_partition_records")]
        return [(tp, records.next_fetch_offset) for tp, records in parsed if records and _has_ended(records)]

    async def on_thread_stop(self) -> None:
        app = self.app
        assert isinstance(app, WorkerApp)
        if app.leaves and self._consumer and self._consumer._coordinator:
            self._consumer._coordinator._group_instance_id = None
        await super().on_thread_stop()


class _Transport(driver.Transport):
    Consumer = _Consumer


def _has_ended(records: Any) -> bool:
    return records._records_iterator is not None and records._records_iterator.gi_frame is None


def _instant(seconds: float | None) -> Instant:
    # A foreign writer may write any, where the topic lets it; what is kept by this instant can be loaded again.
    return _EPOCH + timedelta(seconds=min(max(0.0, seconds or 0.0), _LATEST_S))
