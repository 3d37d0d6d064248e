"""How many records a second workers take from a backlog, and how long partitions are silent when one of them goes."""

import asyncio
import re
import signal
import time
from collections.abc import Iterator, Sequence
from itertools import cycle

import msgspec
from aiokafka import AIOKafkaProducer

from bench.cluster_place import PARTITIONS, Glance, live
from bench.world import Told
from tests.cluster.running import Cluster, Working
from topics.declared import RAW
from topics.raw import encode

_SPENT = re.compile(r"^\w*worker_batch_seconds_sum(?:\{\})? (\S+)$", re.MULTILINE)
_EVERY_S = 0.1
"""So often each partition gets a record while a worker goes."""
_AFTER_S = 1.0
"""A partition is read again when a record of so long after the worker's end was taken."""
_PATIENCE_S = 60.0


class Burst(msgspec.Struct, frozen=True):
    """What became of a backlog, once all of it was on the broker.

    Args:
        taken: records a second, until the last was committed. published: until all effects were on the broker, too.
        busy: the share of the first of these times that workers spent in their batches, not waiting for Kafka.
    """

    taken: float
    published: float
    busy: float


def burst(cluster: Cluster, glance: Glance, told: Sequence[Told], *workers: Working) -> Burst:
    """Have running workers take a backlog."""
    before = sum(glance.taken().values())
    cluster.produce(*live(told))
    start, already, spent = time.monotonic(), sum(glance.taken().values()), sum(map(_batch_seconds, workers))
    elapsed = glance.until_taken(before + len(told)) - start
    busy = sum(map(_batch_seconds, workers)) - spent
    in_all = glance.until_published() - start
    count = before + len(told) - already
    return Burst(count / elapsed, count / in_all, busy / elapsed / len(workers))


def _batch_seconds(worker: Working) -> float:
    """How long a worker has spent in batches since its start."""
    found = _SPENT.search(worker.metrics())
    assert found, "a worker tells how long its batches take"
    return float(found[1])


def silence(cluster: Cluster, glance: Glance, told: Sequence[Told], leaver: Working, number: signal.Signals) -> float:
    """The longest that a record waited while a worker went and others took over, in seconds."""
    return asyncio.run(_silence(cluster, glance, cycle(told), leaver, number))


async def _silence(
    cluster: Cluster, glance: Glance, told: Iterator[Told], leaver: Working, number: signal.Signals
) -> float:
    waiting: list[tuple[int, int, float]] = []
    longest, silent = 0.0, set(range(PARTITIONS[RAW.name]))
    async with AIOKafkaProducer(bootstrap_servers=cluster.bootstrap, acks="all") as producer:
        leaver.signal(number)
        begun, ended = time.monotonic(), 0.0
        while silent:
            sent = time.monotonic()
            assert sent - begun < _PATIENCE_S, f"partitions {sorted(silent)} are read by nobody"
            if not ended and leaver.process.poll() is not None:
                ended = sent
            waiting += [(*place, sent) for place in await _probed(cluster, producer, told)]
            await asyncio.sleep(_EVERY_S)
            taken, now = glance.taken(), time.monotonic()
            for partition, offset, sent in waiting:
                if taken.get(partition, 0) > offset:
                    longest = max(longest, now - sent)
                    if ended and sent > ended + _AFTER_S:
                        silent.discard(partition)
            waiting = [each for each in waiting if taken.get(each[0], 0) <= each[1]]
    return longest


async def _probed(cluster: Cluster, producer: AIOKafkaProducer, told: Iterator[Told]) -> list[tuple[int, int]]:
    """Send a record to each partition; where they lie."""
    topic, places = RAW.name_in(cluster.namespace), []
    for number in range(PARTITIONS[RAW.name]):
        (line,) = live([next(told)])
        key, value, headers = encode(line)
        done = await producer.send_and_wait(topic, value, key, partition=number, headers=headers)
        places.append((done.partition, done.offset))
    return places
