"""A record that nobody can read: the name of its header is no UTF-8, which Kafka forbids and no broker looks at."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.producer import message_accumulator
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy


class NoText(str):
    """A text that no UTF-8 stands for."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return b"\xff\xfe"


def produce_unreadable(bootstrap: str, topic: str) -> None:
    """Put one into the first partition."""

    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
            batch = producer.create_batch()
            batch.append(key=None, value=b"", timestamp=None, headers=[(NoText(), b"")])
            batch.close()
            await (await producer.send_batch(batch, topic, partition=0))

    with pytest.MonkeyPatch.context() as patch:  # the builder that is compiled asks for a real text
        patch.setattr(message_accumulator, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)
        asyncio.run(send())
