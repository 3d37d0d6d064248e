"""A cluster as its operators meet it: topics made, workers as processes, the command for all else."""

import asyncio
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from connectors.kafka.producer import Delivered, Producer, ToSend
from connectors.tabular.kinds import is_table
from services.settings import Kafka
from services.wiring import brokering
from services.wiring.opening import Where
from tests.end_to_end.running import PATIENCE_S, House, environment, until
from topics.declared import BULK, RAW, TOPICS
from topics.raw import RawLine, encode

FEEDS = {"feeds.raw.v1": 4, "feeds.bulk.v1": 2}
"""Partitions of the topics that workers read; the others have one each."""


class Cluster(House):
    """A namespace on a broker and a database, and the command that works there.

    Args:
        settings: more lines of the configuration. feeds: partitions of topics that need more than one.
    """

    def __init__(
        self,
        folder: Path,
        bootstrap: str,
        url: str,
        *,
        settings: str = "",
        feeds: Mapping[str, int] = FEEDS,
        **variables: str,
    ) -> None:
        super().__init__(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.bootstrap, self.url, self.variables = bootstrap, url, variables
        counts = {topic.name: 1 for topic in TOPICS} | dict(feeds)
        kafka = Kafka(bootstrap=bootstrap, replication=1, partitions=counts)
        self.config(f"store: {url}\nkafka: {kafka.model_dump_json()}\n{settings}")
        asyncio.run(brokering.apply(kafka, Where(self.store, url)))  # `topics apply`, without the start of a process

    @property
    def namespace(self) -> str:
        return Where(self.store, self.url).namespace

    def worker(self, *words: str, faults: str = "") -> "Working":
        """Start a worker; port 0 lets the system choose where it tells its health."""
        return Working(self, words, faults)

    def asked(self, query: str) -> list[Any]:
        """Rows of the store's own tables."""
        with psycopg.connect(self.url, options=f"-c search_path={self.namespace}") as connection:
            return connection.execute(query).fetchall()

    def produce(self, *lines: RawLine) -> list[Delivered]:
        """Put lines on the topics as listeners and `load` do; where each of them lies."""
        sent = [self.to_send(line) for line in lines]

        async def deliver() -> list[Delivered]:
            async with Producer(self.bootstrap) as producer:
                return await producer.deliver_all(sent, timeout_s=PATIENCE_S)

        return asyncio.run(deliver())

    def to_send(self, line: RawLine) -> ToSend:
        """A line as a record of its topic."""
        return ToSend((BULK if is_table(line.kind) else RAW).name_in(self.namespace), *encode(line))

    def drain(self) -> None:
        """Have one worker do all there is to do."""
        with self.worker("--drain") as worker:
            assert worker.ended() == 0, worker.told()


class Working:
    """A running `worker`. Leaving the block stops it as its supervisor does."""

    def __init__(self, cluster: Cluster, words: tuple[str, ...], faults: str) -> None:
        self.cluster, self.words = cluster, words
        self.log = cluster.folder / f"worker-{time.monotonic_ns()}.log"
        self._log = self.log.open("wb")
        testing = {"WARMHANDOFF_FAULTS": faults, "WARMHANDOFF_TESTING": "1"} if faults else {}
        self.process = subprocess.Popen(
            cluster.command("worker", "--http", "127.0.0.1:0", *words), cwd=cluster.folder,
            env=environment() | cluster.variables | testing, stdout=subprocess.PIPE, stderr=self._log, text=True,
        )  # fmt: skip
        self._port = 0

    def health(self) -> tuple[int, dict[str, Any]]:
        """Its own word; (0, {}) while it does not answer."""
        if not self._port:
            assert self.process.stdout
            self._port = int(self.process.stdout.readline().rpartition(":")[2] or 0)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/healthz", timeout=PATIENCE_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)
        except OSError:
            return 0, {}

    def metrics(self) -> str:
        """What Prometheus reads."""
        self.health()  # which knows the port
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=PATIENCE_S) as answer:
            return str(answer.read().decode())

    def reads(self) -> Self:
        """Wait until the group has given it partitions."""
        until(lambda: bool(self.health()[1].get("partitions")))
        return self

    def told(self) -> str:
        """The end of its log."""
        return self.log.read_text()[-4000:]

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """As a power cut would."""
        self.process.kill()
        self.ended()

    def ended(self, patience_s: float = PATIENCE_S) -> int:
        """Wait for its end; the exit code."""
        code = self.process.wait(timeout=patience_s)
        if self.process.stdout:
            self.process.stdout.close()
        self._log.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGCONT)  # one that a test has frozen
            self.signal(signal.SIGTERM)
            try:
                code = self.ended()
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            assert code == 0 or kind, self.told()
        elif not self._log.closed:
            self.ended()
