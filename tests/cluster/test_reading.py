"""What a worker reads that others wrote, or that is long: on a real broker and a real database."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from tests.cluster.feeding import while_it_moves
from tests.cluster.running import Cluster, Working
from tests.cluster.test_worker import AT
from tests.cluster.unreadable import produce_unreadable
from tests.end_to_end.running import adt
from tests.servers.kafka import Broker
from tests.servers.process import PATIENCE_S
from topics.declared import RAW
from topics.raw import RawLine, encode
from topics.topic import MIB

ONE_PARTITION = {"feeds.raw.v1": 1, "feeds.bulk.v1": 1}


def line(number: int, *, report: str = "") -> RawLine:
    """A message of its own, perhaps with a long report."""
    return RawLine("F1", AT + timedelta(seconds=number), "hl7v2", adt("A01", f"n{number}", "M1") + report.encode())


def produce(cluster: Cluster, lines: Sequence[RawLine], compression: str = "none") -> None:
    """Put lines into the first partition, as a program that is not ours may."""
    producer = Producer({"bootstrap.servers": cluster.bootstrap, "compression.type": compression})
    for each in map(encode, lines):
        producer.produce(RAW.name_in(cluster.namespace), each.value, each.key, partition=0, headers=list(each.headers))
    assert producer.flush(PATIENCE_S) == 0


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_a_worker_reads_what_was_written_compressed(codec: str, kafka: Broker, database: str, tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, kafka.bootstrap, database, feeds=ONE_PARTITION)
    produce(cluster, [line(number) for number in range(20)], codec)
    cluster.drain()
    assert len(cluster.lines("export")) == 20


def test_a_record_that_nobody_can_read_is_named_and_can_be_left_out(
    kafka: Broker, database: str, tmp_path: Path
) -> None:
    """The name of its header is no UTF-8. What operators do then: docs/how-to/run-a-cluster.md."""
    cluster = Cluster(tmp_path, kafka.bootstrap, database, feeds=ONE_PARTITION)
    produce(cluster, [line(0), line(1)])
    produce_unreadable(kafka.bootstrap, RAW.name_in(cluster.namespace))
    produce(cluster, [line(3)])
    with cluster.worker() as worker:
        assert worker.ended() == 70
    told = worker.told()
    assert "feeds.raw.v1, partition 0, offset 2: a record that nobody can read: UnicodeDecodeError." in told
    assert "xff" not in told
    assert len(cluster.lines("export")) == 2, "what stands before it is taken"
    with psycopg.connect(database, options=f"-c search_path={cluster.namespace}") as connection:
        moved = "UPDATE partition_cursor SET read_to = 2 WHERE topic = %s AND partition_number = 0 AND read_to = 1"
        assert connection.execute(moved, [RAW.name]).rowcount == 1
    place = TopicPartition(RAW.name_in(cluster.namespace), 0, 3)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})  # held until it has answered
    admin.delete_records([place])[place].result(PATIENCE_S)
    cluster.drain()
    times = [each["received_at"] for each in cluster.lines("export")]
    assert [datetime.fromisoformat(each) for each in times] == [line(number).received_at for number in (0, 1, 3)]


@pytest.mark.long
def test_long_records_that_wait_do_not_fill_the_memory(kafka: Broker, database: str, tmp_path: Path) -> None:
    """600 MB of messages with a report inside wait for a worker: it has a part of them in memory at once."""
    cluster = Cluster(tmp_path, kafka.bootstrap, database)
    report = "OBX|1|ED|PDF||^^^Base64^" + "QUJD" * 1_000_000 + "\r"
    for begin in range(0, 150, 10):
        cluster.produce(*(line(number, report=report) for number in range(begin, begin + 10)))
    with cluster.worker() as worker:
        while_it_moves(lambda: records_of(worker) == 150, lambda: records_of(worker))
        most = memory_bytes(worker.process.pid)
        assert most < 300 * MIB, most


def records_of(worker: Working) -> int:
    """How many a worker has taken."""
    return int(worker.health()[1].get("records", 0))


def memory_bytes(pid: int) -> int:
    """The most memory that a process has had."""
    (most,) = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(most) * 1024
