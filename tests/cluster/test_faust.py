"""What Faust 0.15.3 does by itself, and why none of it is relied upon (docs/explanation/cluster.md).

These tests hold while Faust has the faults. One that fails says that upstream has changed: see whether a work-around of
ours can go.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Self

import faust
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread as ConsumerThread

from services.runtime.cluster.consuming import Consuming, build_app
from tests.cluster.unreadable import produce_unreadable
from tests.servers.kafka import Broker
from tests.servers.process import PATIENCE_S
from topics.declared import RAW
from topics.topic import MIB

CHANGED = "upstream changed: "
SESSION_S = 8
"""How long the group waits for a process that was killed: no longer than a test cares to, and longer than one whose
machine stands still for a while is silent."""
SHOW_CURSOR = "\x1b[?25h"
"""What Faust says when it has started, in the language of terminals."""


class Topic:
    """A topic with one partition, read by the group of the same name; and what a broker knows of both."""

    def __init__(self, broker: Broker, name: str) -> None:
        self.bootstrap, self.name = broker.bootstrap, name
        broker.create_topic(name)

    def produce(self, *values: str) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap})
        for value in values:
            producer.produce(self.name, value.encode())
        assert producer.flush(PATIENCE_S) == 0

    @contextmanager
    def _consumer(self, group: str) -> Iterator[Consumer]:
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": group})
        try:
            yield consumer
        finally:
            consumer.close()

    def end(self, name: str) -> int:
        """How many records a topic holds."""
        with self._consumer("nobody") as consumer:
            return consumer.get_watermark_offsets(TopicPartition(name, 0), timeout=PATIENCE_S)[1]

    def committed(self, group: str) -> int:
        """Where Kafka would have the group go on; below zero: it does not know."""
        with self._consumer(group) as consumer:
            return consumer.committed([TopicPartition(self.name, 0)], timeout=PATIENCE_S)[0].offset

    def commit(self, group: str, offset: int) -> None:
        with self._consumer(group) as consumer:
            consumer.commit(offsets=[TopicPartition(self.name, 0, offset)], asynchronous=False)

    def members(self, group: str) -> int:
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        return len(admin.describe_consumer_groups([group])[group].result(PATIENCE_S).members)


class Process:
    """A module of this folder as a process; `says` waits for its next lines. The end of the block ends it."""

    def __init__(self, module: str, *words: object) -> None:
        command = [sys.executable, "-m", f"tests.cluster.{module}", *map(str, words)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._lines = Queue[str]()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                self._lines.put(line.rpartition(SHOW_CURSOR)[2].strip())

    def says(self, count: int) -> list[str]:
        return [self._lines.get(timeout=PATIENCE_S) for _ in range(count)]

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        return self._process.wait(PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self.signal(signal.SIGKILL)
            self.ended()


@pytest.fixture
def topic(kafka: Broker, namespace: str) -> Topic:
    return Topic(kafka, namespace)


def until(holds: Callable[[], bool], otherwise: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, otherwise
        time.sleep(0.05)


# What Faust does to those who follow its documentation.


def test_an_agent_that_raises_skips_its_event(topic: Topic, tmp_path: Path) -> None:
    """So a batch that fails ends our process before Faust can acknowledge anything (`ending_for_good`)."""
    topic.produce("0", "1", "2", "3")
    with Process("faust_process", "skips", topic.bootstrap, topic.name, tmp_path) as running:
        assert running.says(4) == ["0", "1", "2", "3"], f"{CHANGED}an event that failed comes again"
        until(lambda: topic.committed(topic.name) == 4, f"{CHANGED}an event that failed is not committed")


def test_two_coroutines_of_an_agent_commit_past_what_is_not_done(topic: Topic, tmp_path: Path) -> None:
    """So each topic has one agent with one coroutine, and the cursor of a partition moves with its batch."""
    topic.produce("0", "1", "2", "3")
    with Process("faust_process", "overtakes", topic.bootstrap, topic.name, tmp_path) as running:
        assert running.says(4) == ["0", "1", "2", "3"]
        until(lambda: topic.committed(topic.name) == 4, f"{CHANGED}nothing is committed past an unfinished event")


@pytest.mark.slow
def test_a_record_that_it_cannot_parse_takes_those_before_it_along(topic: Topic, tmp_path: Path) -> None:
    """They were fetched with it, and nobody gets them, however often it is started. Ours come one by one then."""
    topic.produce("0")
    produce_unreadable(topic.bootstrap, topic.name)
    with Process("faust_process", "counts", topic.bootstrap, topic.name, tmp_path) as running:
        assert running.ended() == 1, f"{CHANGED}another end"
    assert topic.committed(topic.name) < 0, f"{CHANGED}the record before it is taken"


def test_it_bounds_what_waits_by_records_whatever_their_size(tmp_path: Path) -> None:
    """So its queue of a topic is one of ours: 4,096 messages of 4 MB would be 16 GB."""
    usual = faust.App("usual", broker="kafka://127.0.0.1:1", datadir=tmp_path).FlowControlQueue(maxsize=2)
    ours = build_app(Consuming("127.0.0.1:1", "w0", "", True, tmp_path), _never, {RAW.name: _never}).FlowControlQueue()
    for queue in (usual, ours):
        queue.force_put_nowait(SimpleNamespace(message=SimpleNamespace(value=bytes(MIB))))
    assert usual.qsize() == 1, f"{CHANGED}another measure"
    assert ours.qsize() == MIB


@pytest.mark.slow
def test_a_table_counts_twice_what_was_not_committed_before_a_kill(topic: Topic, tmp_path: Path) -> None:
    """Its changelog and the offset of its input are two writes. Ours are one transaction."""
    topic.produce("a", "a", "a")
    counts = "faust_process", "counts", topic.bootstrap, topic.name, tmp_path, 1000, SESSION_S
    with Process(*counts) as running:
        assert running.says(3) == ["a 1", "a 2", "a 3"]
        until(lambda: topic.end(f"{topic.name}-counts-changelog") == 3, "the changelog is written")
        running.signal(signal.SIGKILL)
        running.ended()
    with Process(*counts) as running:
        assert running.says(3) == ["a 4", "a 5", "a 6"], f"{CHANGED}a table survives a kill"


@pytest.mark.slow
def test_a_table_forgets_what_its_changelog_could_not_take(kafka: Broker, topic: Topic, tmp_path: Path) -> None:
    """A write that the broker refuses is noticed by nobody, and its event is committed."""
    kafka.create_topic(f"{topic.name}-counts-changelog", settings={"max.message.bytes": "1000"})
    long = "b" * 3000
    topic.produce(long, long)
    with Process("faust_process", "counts", topic.bootstrap, topic.name, tmp_path) as running:
        assert running.says(2) == ["bbbbb 1", "bbbbb 2"]
        until(lambda: topic.committed(topic.name) == 2, f"{CHANGED}the event of a failed write is not committed")
        running.signal(signal.SIGTERM)
        running.ended()
    topic.produce(long)
    with Process("faust_process", "counts", topic.bootstrap, topic.name, tmp_path) as running:
        assert running.says(1) == ["bbbbb 1"], f"{CHANGED}a table knows what its changelog could not take"


def test_its_web_server_is_open_to_everybody_unless_told_otherwise(tmp_path: Path) -> None:
    usual = faust.App("usual", broker="kafka://127.0.0.1:1", datadir=tmp_path).conf
    assert (usual.web_enabled, usual.web_bind, usual.web_port) == (True, "0.0.0.0", 6066), f"{CHANGED}another door"
    ours = build_app(Consuming("127.0.0.1:1", "w0", "", True, tmp_path), _never, {RAW.name: _never})
    assert not ours.conf.web_enabled


async def test_it_fetches_each_record_that_comes_alone_and_has_no_setting_for_it(tmp_path: Path) -> None:
    """So we tell the consumer before it starts: fetches of single records cost as much as half the work on them."""
    app = build_app(Consuming("127.0.0.1:1", "w0", "", True, tmp_path), _never, {RAW.name: _never})
    assert not any("fetch_wait" in name or "fetch_min" in name for name in dir(app.conf)), f"{CHANGED}settings"
    threads = ConsumerThread(app.consumer, loop=app.loop), app.consumer._thread
    made = [thread._create_worker_consumer(app.transport) for thread in threads]
    usual, ours = ((each._fetch_min_bytes, each._fetch_max_wait_ms) for each in made)
    for thread, consumer in zip(threads, made, strict=True):
        await consumer.stop()
        thread.thread_loop.close()
    assert usual == (1, 1500), f"{CHANGED}other fetches"
    assert ours == (16 * 1024, 20)


async def _never(*_: object) -> dict[tuple[str, int], int]:
    raise AssertionError


# What takes the place of it.


@pytest.mark.slow
def test_reading_starts_at_the_cursor_wherever_kafka_believes_it_was(
    kafka: Broker, namespace: str, tmp_path: Path
) -> None:
    """Rule 1: a database that was restored lies behind the offset that Kafka remembers. And a worker that leaves says
    so, since a static member does not, and others would wait for its session.
    """
    ours, theirs = (Topic(kafka, f"{namespace}{each}.{RAW.name}") for each in ("a", "b"))
    groups = [f"{namespace}{each}.worker" for each in ("a", "b")]
    for each, group in zip((ours, theirs), groups, strict=True):
        each.produce(*map(str, range(10)))
        each.commit(group, 8)
    with (
        Process("reading_process", kafka.bootstrap, f"{namespace}a", tmp_path / "a", 3) as worker,
        Process("reading_process", kafka.bootstrap, f"{namespace}b", tmp_path / "b") as without,
    ):
        assert worker.says(7) == list("3456789")
        assert without.says(2) == list("89")
        until(lambda: ours.committed(groups[0]) == 10, "what Kafka remembers follows")
        for process in (worker, without):
            process.signal(signal.SIGTERM)
        for process in (worker, without):
            process.ended()
    assert (ours.members(groups[0]), theirs.members(groups[1])) == (0, 1)
