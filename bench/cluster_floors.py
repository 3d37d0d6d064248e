"""What the worker's parts can do when nothing is done with the records: aiokafka, Faust, PostgreSQL."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import islice

import psycopg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.bare import FACT_BODY, TASK_BODY
from bench.receivers import ROOT
from topics.raw import RawLine, encode

TOGETHER = 106
"""Records in a batch, as the worker's agent gets them from a backlog (domain trial)."""
_BATCH_BYTES = 256 * 1024
_EFFECT_BODY = os.urandom(400)
_PATIENCE_S = 120.0
_TABLES = """
    CREATE TABLE journal (seq bigint PRIMARY KEY, feed text NOT NULL, received_at bigint NOT NULL,
                          sha256 bytea NOT NULL, body bytea NOT NULL);
    CREATE INDEX journal_known ON journal (sha256, received_at);
    CREATE TABLE fact (name text PRIMARY KEY, patient text NOT NULL, body bytea NOT NULL);
    CREATE INDEX fact_patient ON fact (patient);
    CREATE TABLE task (task_id text PRIMARY KEY, member_id text NOT NULL, state text NOT NULL, due_at bigint NOT NULL,
                       body bytea NOT NULL);
    CREATE INDEX task_member ON task (member_id);
    CREATE INDEX task_state ON task (state);
    CREATE TABLE wake (member_id text PRIMARY KEY, wake_at bigint NOT NULL);
    CREATE INDEX wake_at ON wake (wake_at);
    CREATE TABLE outbox (position bigint PRIMARY KEY, subject text NOT NULL, effect bytea NOT NULL);
"""
_LINE = "INSERT INTO journal VALUES (%b, 'bare', %b, %b, %b)"
_FACT = "INSERT INTO fact VALUES (%b, %b, %b)"
_TASK = "INSERT INTO task VALUES (%b, %b, 'open', %b, %b)"
_WAKE = "INSERT INTO wake VALUES (%b, %b) ON CONFLICT (member_id) DO UPDATE SET wake_at = excluded.wake_at"
_EFFECT = "INSERT INTO outbox VALUES (%b, %b, %b)"


def echoed(bootstrap: str, topic: str, lines: Sequence[RawLine]) -> tuple[float, float]:
    """Records a second that aiokafka writes durably, and that it reads again."""
    return asyncio.run(_echoed(bootstrap, topic, lines))


async def _echoed(bootstrap: str, topic: str, lines: Sequence[RawLine]) -> tuple[float, float]:
    told = [encode(line) for line in lines]
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, acks="all", max_batch_size=_BATCH_BYTES
    ) as producer:
        start = time.perf_counter()
        sent = [await producer.send(topic, each.value, each.key, headers=each.headers) for each in told]
        await asyncio.gather(*sent)
        written = len(told) / (time.perf_counter() - start)
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        left, start = len(told), time.perf_counter()
        while left > 0:
            left -= sum(map(len, (await consumer.getmany(timeout_ms=1_000)).values()))
        return written, len(told) / (time.perf_counter() - start)


def idled(bootstrap: str, namespace: str, count: int) -> float:
    """Records a second that a Faust agent takes which does nothing with them."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        command = [sys.executable, "-m", "bench.idling", folder, bootstrap, namespace, str(count)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=_PATIENCE_S, check=True)
    return float(done.stdout.splitlines()[-1])


def inserted(url: str, bodies: Sequence[bytes]) -> float:
    """Records a second: of each a row in journal, facts, tasks, wake-ups and outbox, a transaction for a batch."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(_TABLES)
        rest = iter(list(enumerate(bodies)))
        start = time.perf_counter()
        while batch := list(islice(rest, TOGETHER)):
            with connection.transaction(), connection.pipeline(), connection.cursor() as cursor:
                for statement, rows in _rows(batch).items():
                    cursor.executemany(statement, rows)
        return len(bodies) / (time.perf_counter() - start)


def _rows(batch: Sequence[tuple[int, bytes]]) -> dict[str, list[tuple[object, ...]]]:
    whom = {at: f"member {at * 7919 % 100_003 // 4}" for at, _ in batch}
    return {
        _LINE: [(at, at, os.urandom(32), body) for at, body in batch],
        _FACT: [(f"{at:032x}", who, FACT_BODY) for at, who in whom.items()],
        _TASK: [(f"{at:032x}", who, at, TASK_BODY) for at, who in whom.items()],
        _WAKE: [(who, at) for at, who in whom.items()],
        _EFFECT: [(at, who, _EFFECT_BODY) for at, who in whom.items()],
    }
