"""How soon a task is out in a cluster: from the receipt of a discharge until its effect is committed, and published."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec
import psycopg
from aiokafka import AIOKafkaConsumer

from bench.answering import PATIENCE_S
from bench.cluster_place import live
from bench.world import Told
from connectors.kafka.producer import Producer
from models.view import Effect
from tests.cluster.running import Cluster
from topics.declared import TASKS
from topics.records import EffectRecord

PER_SECOND = 200
_LOOK_S, _REST_S = 0.004, 0.1
_NEW = "SELECT position, effect FROM outbox WHERE position > %s ORDER BY position"

_EFFECT, _RECORD = msgspec.json.Decoder(Effect), msgspec.json.Decoder(EffectRecord)

Seen = dict[str, float]
"""When each message was first named by an effect."""


def waits(cluster: Cluster, told: Sequence[Told]) -> tuple[list[float], list[float]]:
    """Milliseconds from the receipt of each discharge until its effect is committed, and until it is read from
    `members.tasks.v1`; the one or the other lacks those that do not come.
    """
    sent, committed, published = asyncio.run(_watched(cluster, told))
    discharges = [sha256(line.body).hexdigest() for line in told if b"|ADT^A03^" in line.body]
    both = [
        [(seen[name] - sent[name]) * 1000 for name in discharges if name in seen] for seen in (committed, published)
    ]
    return both[0], both[1]


async def _watched(cluster: Cluster, told: Sequence[Told]) -> tuple[Mapping[str, float], Seen, Seen]:
    wanted = {sha256(line.body).hexdigest() for line in told if b"|ADT^A03^" in line.body}
    committed, published = Seen(), Seen()
    options, topic = f"-c search_path={cluster.namespace}", TASKS.name_in(cluster.namespace)
    async with (
        await psycopg.AsyncConnection.connect(cluster.url, options=options, autocommit=True) as connection,
        AIOKafkaConsumer(
            topic, bootstrap_servers=cluster.bootstrap, auto_offset_reset="latest", isolation_level="read_committed"
        ) as consumer,
        Producer(cluster.bootstrap) as producer,
    ):
        await consumer.seek_to_end()
        watching = [
            asyncio.create_task(_committed(connection, committed)),
            asyncio.create_task(_published(consumer, published)),
        ]
        sent = await _sent(cluster, producer, told)
        # What was sent is nearly all seen; the rest comes, or is told of as lost.
        for _ in range(int(PATIENCE_S / _REST_S)):
            if wanted <= committed.keys() & published.keys():
                break
            await asyncio.sleep(_REST_S)
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
    return sent, committed, published


async def _sent(cluster: Cluster, producer: Producer, told: Sequence[Told]) -> Seen:
    """Send at a steady rate, whatever the answers do."""
    sent, deliveries, start = Seen(), [], time.monotonic()
    for count, each in enumerate(told):
        await asyncio.sleep(max(0.0, start + count / PER_SECOND - time.monotonic()))
        (line,) = live([each])
        sent[sha256(line.body).hexdigest()] = time.monotonic()
        deliveries.append(asyncio.create_task(producer.deliver(cluster.to_send(line))))
    await asyncio.gather(*deliveries)
    return sent


async def _committed(connection: psycopg.AsyncConnection, seen: Seen) -> None:
    (after,) = await (await connection.execute("SELECT coalesce(max(position), 0) FROM outbox")).fetchone() or (0,)
    while True:
        rows = await (await connection.execute(_NEW, (after,))).fetchall()
        now = time.monotonic()
        for position, effect in rows:
            after = position
            _note(_EFFECT.decode(effect), now, seen)
        await asyncio.sleep(_LOOK_S)


async def _published(consumer: AIOKafkaConsumer, seen: Seen) -> None:
    async for record in consumer:
        _note(_RECORD.decode(record.value), time.monotonic(), seen)


def _note(effect: Effect | EffectRecord, now: float, seen: Seen) -> None:
    if effect.effect != "contribution_changed":
        for name in effect.because:
            seen.setdefault(name, now)
