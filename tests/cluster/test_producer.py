"""What a delivery promises, on a real broker and on one that misbehaves."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from connectors.kafka.producer import Producer, ToSend
from models.errors import WorldIsAway
from tests.cluster.reading import Found, records
from tests.servers.kafka import Broker, KafkaServer
from tests.servers.mock import ApiKey, Error, MockCluster
from tests.servers.process import PATIENCE_S
from topics.declared import BODY_BYTES_MAX, RAW
from topics.wanted import wanted

HEADERS = [("schema", b"1")]


@pytest.fixture
async def producer(kafka: Broker) -> AsyncIterator[Producer]:
    async with Producer(kafka.bootstrap) as each:
        yield each


@pytest.fixture
def topic(kafka: Broker, namespace: str) -> str:
    (raw,) = (each for each in wanted(namespace, {}, 1) if each.topic is RAW)
    kafka.create_topic(raw.name, 3, raw.standing.settings)
    return raw.name


async def lying(bootstrap: str, topic: str) -> list[Found]:
    return await asyncio.to_thread(records, bootstrap, topic)


async def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends, "it never came to hold"
        await asyncio.sleep(0.05)


async def test_what_was_delivered_stands_on_the_broker_in_order(kafka: Broker, producer: Producer, topic: str) -> None:
    sent = [ToSend(topic, b"P%d" % (number % 7), b"%d" % number, HEADERS) for number in range(300)]
    delivered = await producer.deliver_all(sent, timeout_s=PATIENCE_S)
    assert len(set(delivered)) == 300
    assert producer.held_bytes == 0
    found = await lying(kafka.bootstrap, topic)
    assert len(found) == 300
    assert all(each.headers == dict(HEADERS) for each in found)
    for key in {record.key for record in sent}:
        values = [record.value for record in sent if record.key == key]
        assert [each.value for each in found if each.key == key] == values


async def test_the_longest_body_that_a_listener_takes_goes_there_and_back(
    kafka: Broker, producer: Producer, topic: str
) -> None:
    body = bytes(BODY_BYTES_MAX)
    await producer.deliver(ToSend(topic, b"F1|" + bytes(256), body, [("answer", bytes(4096))]), timeout_s=PATIENCE_S)
    (found,) = await lying(kafka.bootstrap, topic)
    assert found.value == body


async def test_a_record_longer_than_the_topic_takes_is_told_and_the_next_one_goes_through(
    kafka: Broker, producer: Producer, namespace: str
) -> None:
    kafka.create_topic(f"{namespace}.short", 1, {"max.message.bytes": "1000"})
    with pytest.raises(WorldIsAway, match="longer than the topic takes"):
        await producer.deliver(ToSend(f"{namespace}.short", b"k", bytes(5000), []), timeout_s=PATIENCE_S)
    await until(lambda: not producer.failure)
    assert (await producer.deliver(ToSend(f"{namespace}.short", b"k", b"v", []))).offset == 0


async def test_a_missing_topic_is_named_and_nobody_else_suffers(producer: Producer, topic: str, namespace: str) -> None:
    with pytest.raises(WorldIsAway, match=rf"there is no topic {namespace}\.none\.\n.*topics apply"):
        await producer.deliver(ToSend(f"{namespace}.none", b"k", b"v", []), timeout_s=1)
    assert "topic" not in producer.failure
    await producer.deliver(ToSend(topic, b"k", b"v", []))


async def test_an_address_without_a_broker_is_named_because_it_refuses_and_not_because_it_is_silent(
    port_of_nobody: int,
) -> None:
    with pytest.raises(WorldIsAway, match=f"127.0.0.1:{port_of_nobody}: connecting failed"):
        async with Producer(f"127.0.0.1:{port_of_nobody}"):
            pass


async def test_a_broker_that_goes_and_comes_back_loses_nothing_that_was_delivered(own_kafka: KafkaServer) -> None:
    own_kafka.create_topic("lines", 2)
    delivered: list[bytes] = []
    ending = asyncio.Event()

    async def send(producer: Producer, sender: int) -> None:
        number = 0
        while not ending.is_set():
            value = b"%d-%d" % (sender, number)
            try:
                await producer.deliver(ToSend("lines", value, value, []), timeout_s=3)
            except WorldIsAway:
                await asyncio.sleep(0.1)
            else:
                delivered.append(value)
            number += 1

    async with Producer(own_kafka.bootstrap) as producer:
        senders = [asyncio.create_task(send(producer, sender)) for sender in range(10)]
        await until(lambda: len(delivered) > 100)
        await asyncio.to_thread(own_kafka.kill)
        await until(lambda: bool(producer.failure))  # it is told, also where nothing is sent
        await until(lambda: producer.held_bytes == 0)  # and nothing piles up
        with pytest.raises(WorldIsAway, match=own_kafka.bootstrap):
            await producer.deliver(ToSend("lines", b"k", b"v", []))
        await asyncio.to_thread(own_kafka.start)
        await until(lambda: not producer.failure)
        before = len(delivered)
        await until(lambda: len(delivered) > before + 100)
        ending.set()
        await asyncio.gather(*senders)
    found = {each.value for each in await lying(own_kafka.bootstrap, "lines")}
    assert set(delivered) <= found


async def test_a_frozen_broker_holds_nobody_longer_than_agreed(own_kafka: KafkaServer) -> None:
    own_kafka.create_topic("lines", 1)
    async with Producer(own_kafka.bootstrap) as producer:
        await producer.deliver(ToSend("lines", b"k", b"v", []))
        await asyncio.to_thread(own_kafka.freeze)
        patient = asyncio.create_task(producer.deliver(ToSend("lines", b"k", b"v", []), timeout_s=PATIENCE_S))
        with pytest.raises(WorldIsAway):
            await producer.deliver(ToSend("lines", b"k", b"v", []), timeout_s=1)
        assert not patient.done()
        await until(lambda: bool(producer.failure))
        await asyncio.to_thread(own_kafka.thaw)
        await until(lambda: not producer.failure)
        await producer.deliver(ToSend("lines", b"k", b"v", []))
        await asyncio.gather(patient, return_exceptions=True)  # delivered, or given up with others that were held


class Weighing(Producer):
    """Knows how much it ever held."""

    heaviest = 0

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "_held_bytes":
            self.heaviest = max(self.heaviest, self.held_bytes)


async def test_what_waits_for_a_broker_is_bounded() -> None:
    with MockCluster() as cluster:
        cluster.create_topic("lines", 1)
        async with Weighing(cluster.bootstrap, held_bytes_max=10_000) as producer:
            await producer.deliver(ToSend("lines", b"k", b"v", []))
            cluster.slow(1, 200)
            record = ToSend("lines", b"k", bytes(1000), [])
            await asyncio.gather(*(producer.deliver(record, timeout_s=PATIENCE_S) for _ in range(30)))
            assert 8_000 < producer.heaviest <= 10_000
            assert producer.held_bytes == 0


@pytest.mark.parametrize("error", [Error.NOT_LEADER_FOR_PARTITION, Error.REQUEST_TIMED_OUT, Error.NOT_ENOUGH_REPLICAS])
async def test_an_error_that_passes_is_waited_out(error: Error) -> None:
    with MockCluster() as cluster:
        cluster.create_topic("lines", 1)
        async with Producer(cluster.bootstrap) as producer:
            cluster.push_errors(ApiKey.PRODUCE, error, error)
            assert (await producer.deliver(ToSend("lines", b"k", b"v", []), timeout_s=PATIENCE_S)).offset >= 0


async def test_an_error_that_stays_is_told_and_the_producer_begins_anew() -> None:
    with MockCluster() as cluster:
        cluster.create_topic("lines", 1)
        async with Producer(cluster.bootstrap) as producer:
            cluster.push_errors(ApiKey.PRODUCE, Error.OUT_OF_ORDER_SEQUENCE_NUMBER)
            with pytest.raises(WorldIsAway):
                await producer.deliver(ToSend("lines", b"k", b"v", []))
            await until(lambda: not producer.failure)
            await producer.deliver(ToSend("lines", b"k", b"v", []))
