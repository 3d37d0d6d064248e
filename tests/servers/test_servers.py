"""The servers of the tests hold what they promise, and are gone when the tests are."""

import asyncio
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.servers.fixtures import absent
from tests.servers.kafka import MESSAGE_LIMIT, Broker, KafkaServer
from tests.servers.postgres import PostgresServer
from tests.servers.process import PATIENCE_S, PORTS, CannotBeHad, Server, ServerFailed, free_port, is_alive, wait_until
from tests.servers.shared import Run

ROOT = Path(__file__).parents[2]


async def keep(bootstrap: str, topic: str, *values: bytes) -> None:
    """Produce as the listener does: idempotent, and answered by every replica."""
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_request_size=MESSAGE_LIMIT
    ) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def kept(bootstrap: str, topic: str, number: int) -> list[bytes]:
    """The first records of a topic of one partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, max_partition_fetch_bytes=MESSAGE_LIMIT)
    async with consumer:
        consumer.assign([TopicPartition(topic, 0)])
        await consumer.seek_to_beginning()
        return [(await asyncio.wait_for(consumer.getone(), PATIENCE_S)).value for _ in range(number)]


async def test_a_record_goes_round_and_a_roster_of_fifteen_megabytes_too(kafka: Broker, namespace: str) -> None:
    values = [b"MSH|^~\\&|", os.urandom(15_000_000), b""]
    kafka.create_topic(f"{namespace}.feeds", settings={"cleanup.policy": "delete"})
    await keep(kafka.bootstrap, f"{namespace}.feeds", *values)
    assert await kept(kafka.bootstrap, f"{namespace}.feeds", 3) == values
    kafka.delete_topic(f"{namespace}.feeds")


@pytest.mark.slow
async def test_a_broker_keeps_its_port_and_its_records_when_it_is_stopped_killed_and_frozen(
    own_kafka: KafkaServer,
) -> None:
    own_kafka.create_topic("feeds")
    await keep(own_kafka.bootstrap, "feeds", b"before the stop")
    await asyncio.to_thread(own_kafka.restart)
    await keep(own_kafka.bootstrap, "feeds", b"before the kill")
    await asyncio.to_thread(own_kafka.kill)
    assert not own_kafka.answers()
    await asyncio.to_thread(own_kafka.start)
    await keep(own_kafka.bootstrap, "feeds", b"before the frost")
    own_kafka.freeze()
    assert not own_kafka.answers()
    own_kafka.thaw()
    assert await kept(own_kafka.bootstrap, "feeds", 3) == [b"before the stop", b"before the kill", b"before the frost"]


def test_a_database_keeps_what_was_committed_when_it_is_stopped_killed_and_frozen(own_postgres: PostgresServer) -> None:
    url = own_postgres.create_database("kept")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE told (word text)")
    for end in (own_postgres.stop, lambda: own_postgres.stop("immediate"), own_postgres.kill):
        with psycopg.connect(url) as connection:
            connection.execute("INSERT INTO told VALUES ('kept')")
        end()
        assert not own_postgres.answers()
        own_postgres.start()
    with psycopg.connect(url) as connection:
        own_postgres.freeze()
        own_postgres.thaw()
        assert connection.execute("SELECT count(*), current_setting('fsync') FROM told").fetchone() == (3, "on")
    own_postgres.drop_database("kept")


def test_each_test_has_a_database_of_its_own_and_is_no_superuser_there(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE public.told (word text)")
        row = connection.execute(
            "SELECT (SELECT usesuper FROM pg_user WHERE usename = current_user), count(*) FROM pg_tables"
            " WHERE schemaname = 'public'"
        ).fetchone()
    if "DATABASE_URL" not in os.environ:
        assert row == (False, 1)


class Listener(Server):
    """The smallest server there is."""

    program = "import socket, time; it = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"

    def make(self) -> None:
        pass

    def command(self) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", self.program.format(port=self.port)]

    def answers(self) -> bool:
        return f":{self.port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text()  # 0A: listening


class Broken(Listener):
    program = "raise SystemExit('no disk, port {port}')"


def test_workers_that_ask_at_once_get_one_server_which_ends_with_the_run() -> None:
    run = Run.begin()
    made: list[Server] = []

    def make(watch: int) -> Server:
        made.append(Listener(watch=watch))
        return made[-1]

    with ThreadPoolExecutor(4) as workers:
        asked = [workers.submit(run.server, "listener", make, lambda it: str(it.port)) for _ in range(4)]
    assert {each.result() for each in asked} == {str(made[0].port)}
    assert len(made) == 1
    run.end()
    wait_until_gone(made[0].pid, made[0].folder)
    assert not Path(run.folder).exists()


def test_a_server_that_does_not_start_says_why_to_everybody_who_asks() -> None:
    run = Run.begin()
    for _ in range(2):
        with pytest.raises(CannotBeHad, match="ended while it started:\nno disk"):
            run.server("broken", lambda watch: Broken(watch=watch), lambda server: str(server.port))
    run.end()
    with pytest.raises(ServerFailed, match="no disk"), Broken():
        pass


@pytest.mark.parametrize("victim", ["who wanted it", "its guard"])
def test_a_server_does_not_outlive_a_killed_test_run(victim: str) -> None:
    script = (
        "import time; from tests.servers.test_servers import Listener; it = Listener(); it.start();"
        "print(it.pid, it.guard, it.folder, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT) as tests:
        assert tests.stdout
        server, guard, folder = tests.stdout.readline().split()
        if victim == "its guard":
            os.kill(int(guard), signal.SIGKILL)
            wait_until_gone(int(server))
        tests.kill()
    wait_until_gone(int(server))
    if victim == "who wanted it":
        wait_until_gone(int(server), Path(folder))
    else:
        (Path(folder) / "log").unlink()
        Path(folder).rmdir()


def test_a_frozen_server_ends_too() -> None:
    with Listener() as server:
        server.freeze()
    wait_until_gone(server.pid, server.folder)


def test_a_killed_server_finds_its_port_free_again() -> None:
    last_but_given_out = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert PORTS[-1] < last_but_given_out


def test_a_port_that_was_given_out_is_not_given_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = free_port()
    offered = iter([ours, ours, ours + 1, *PORTS])
    monkeypatch.setattr("tests.servers.process.random.choice", lambda _: next(offered))
    assert free_port() != ours


def test_a_test_whose_server_cannot_be_had_is_skipped_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no java"):
        absent("no java")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no java"):
        absent("no java")


def wait_until_gone(process: int, folder: Path | None = None) -> None:
    wait_until(
        lambda: not is_alive(process) and not (folder is not None and folder.exists()), "it outlived who wanted it"
    )
