"""What lies on a topic, as another client library reads it."""

from typing import NamedTuple

from confluent_kafka import Consumer, TopicPartition

from tests.servers.process import PATIENCE_S


class Found(NamedTuple):
    """A record."""

    partition: int
    key: bytes
    value: bytes
    headers: dict[str, bytes]


def records(bootstrap: str, topic: str) -> list[Found]:
    """All records of a topic, those of each partition in order."""
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "none", "receive.message.max.bytes": 200_000_000,
         "fetch.max.bytes": 150_000_000}
    )  # fmt: skip
    try:
        partitions = [
            TopicPartition(topic, each, 0) for each in consumer.list_topics(topic, PATIENCE_S).topics[topic].partitions
        ]
        count = sum(consumer.get_watermark_offsets(each, timeout=PATIENCE_S)[1] for each in partitions)
        consumer.assign(partitions)
        found: list[Found] = []
        while len(found) < count:
            heard = consumer.consume(count - len(found), timeout=PATIENCE_S)
            assert heard, f"only {len(found)} of {count} records are there"
            found += [Found(each.partition(), each.key(), each.value(), dict(each.headers() or [])) for each in heard]
        return sorted(found, key=lambda each: each.partition)
    finally:
        consumer.close()
