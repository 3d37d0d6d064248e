"""What a producer sees of a cluster that fails on demand."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from tests.servers.mock import ApiKey, Error, MockCluster
from tests.servers.process import PATIENCE_S

SOON = 1.0
"""Seconds that a producer waits for an answer which never comes; one that will come is waited for much longer."""


@pytest.fixture
def cluster() -> Iterator[MockCluster]:
    with MockCluster() as cluster:
        cluster.create_topic("feeds")
        yield cluster


def producer_of(cluster: MockCluster, patience: float, **options: bool) -> AIOKafkaProducer:
    return AIOKafkaProducer(
        bootstrap_servers=cluster.bootstrap, acks="all", request_timeout_ms=int(patience * 1000), **options
    )


@pytest.fixture
async def producer(cluster: MockCluster) -> AsyncIterator[AIOKafkaProducer]:
    """A producer as the listener's."""
    async with producer_of(cluster, PATIENCE_S, enable_idempotence=True) as producer:
        yield producer


async def test_a_produce_that_fails_twice_is_tried_again_and_kept_once(
    cluster: MockCluster, producer: AIOKafkaProducer
) -> None:
    cluster.push_errors(ApiKey.PRODUCE, Error.NOT_LEADER_FOR_PARTITION, Error.CONNECTION_LOST)
    offsets = [(await producer.send_and_wait("feeds", b"MSH")).offset for _ in range(2)]
    assert offsets == [0, 1]


async def test_a_produce_that_is_refused_for_good_raises_at_once(
    cluster: MockCluster, producer: AIOKafkaProducer
) -> None:
    cluster.push_errors(ApiKey.PRODUCE, Error.NONE, Error.TOPIC_AUTHORIZATION_FAILED)
    await producer.send_and_wait("feeds", b"let through")
    with pytest.raises(TopicAuthorizationFailedError):
        await producer.send_and_wait("feeds", b"refused")


async def test_a_slow_broker_answers_late(cluster: MockCluster, producer: AIOKafkaProducer) -> None:
    cluster.slow(1, 300)
    began = time.monotonic()
    await producer.send_and_wait("feeds", b"MSH")
    assert time.monotonic() - began > 0.25
    cluster.slow(1, 0)


async def test_an_idempotent_producer_waits_for_a_broker_that_is_down_however_long(cluster: MockCluster) -> None:
    """aiokafka lets no record of an idempotent producer expire: whoever answers a sender bounds the wait himself."""
    async with producer_of(cluster, SOON, enable_idempotence=True) as producer:
        await producer.send_and_wait("feeds", b"before")
        cluster.down(1)
        delivery = await producer.send("feeds", b"meanwhile")
        await asyncio.wait([delivery], timeout=2 * SOON)
        assert not delivery.done()
        cluster.up(1)
        assert (await asyncio.wait_for(delivery, PATIENCE_S)).offset >= 1


async def test_a_plain_producer_gives_up_on_a_broker_that_is_down(cluster: MockCluster) -> None:
    async with producer_of(cluster, SOON) as producer:
        cluster.down(1)
        with pytest.raises(KafkaError):
            await asyncio.wait_for(producer.send_and_wait("feeds", b"meanwhile"), PATIENCE_S)
        cluster.up(1)


async def test_a_partition_that_moves_to_another_broker_is_found_there() -> None:
    with MockCluster(brokers=3) as cluster:
        cluster.create_topic("feeds")
        async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, acks="all") as producer:
            for leader in (1, 2, 3):
                cluster.lead("feeds", 0, leader)
                await asyncio.wait_for(producer.send_and_wait("feeds", b"MSH"), PATIENCE_S)
