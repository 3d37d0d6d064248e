"""A real Apache Kafka: one broker that is its own controller (KRaft), on a free port of 127.0.0.1."""

import re
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka.admin import AdminClient, NewTopic

from tests.servers.process import PATIENCE_S, CannotBeHad, Server, free_port, run, wait_until

JARS = Path(sys.prefix, "kafka")
"""Where `.ci/set-up-servers` puts what tests/servers/pom.xml names."""
JAVA = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.showDateTime=true"]
"""A small heap, and no effort spent on code that runs for minutes: the broker shares the machine with the tests."""
CLUSTER_ID = "d2FybWhhbmRvZmYtdGVzdA"
MESSAGE_LIMIT = 20 * 1024 * 1024

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "message.max.bytes": str(MESSAGE_LIMIT),
    "replica.fetch.max.bytes": str(MESSAGE_LIMIT),
    # One broker: what it keeps for itself has one copy, and few partitions to load again after a restart.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    # Tests wait for nothing that production would wait for.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # Stories are dated years back, and retention goes by the date of a record.
    "log.retention.ms": "-1",
    "log.cleaner.dedupe.buffer.size": "4194304",
    # A broker that was killed is let in again when the session of its last life has run out.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "num.network.threads": "2",
    "num.io.threads": "2",
}


class Broker:
    """A Kafka somewhere, by its address."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap

    def create_topic(self, name: str, partitions: int = 1, settings: Mapping[str, str] | None = None) -> None:
        """Create a topic with one replica; it can be used when this returns."""
        topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=dict(settings or {}))
        admin = self._admin()  # held until it has answered: without it the request is given up
        admin.create_topics([topic], operation_timeout=PATIENCE_S)[name].result(PATIENCE_S)
        # The controller has answered; the broker hears of it a moment later.
        wait_until(lambda: self._leads(admin, name) == partitions, f"nobody can use the topic {name}")

    def delete_topic(self, name: str) -> None:
        admin = self._admin()
        admin.delete_topics([name], operation_timeout=PATIENCE_S)[name].result(PATIENCE_S)

    @staticmethod
    def _leads(admin: AdminClient, name: str) -> int:
        """How many partitions of a topic the broker knows to be led."""
        found = admin.list_topics(name, timeout=PATIENCE_S).topics[name].partitions.values()
        return sum(each.leader >= 0 for each in found)

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 2})


class KafkaServer(Server, Broker):
    """A broker of one's own, to be stopped, killed and frozen."""

    def __init__(self, *, watch: int | None = None, settings: Mapping[str, str] | None = None) -> None:
        """
        Args:
            watch: the process at whose end the broker ends too (default: this one).
            settings: broker properties besides, or instead of, SETTINGS.

        Raises:
            CannotBeHad: there is no Java, or no Kafka.
        """
        java = _java()
        Server.__init__(self, watch=watch)
        Broker.__init__(self, f"127.0.0.1:{self.port}")
        self._java = [java, *JAVA, "-cp", f"{JARS}/*"]
        self._settings = {**SETTINGS, **self._addresses(), **(settings or {})}

    def make(self) -> None:
        self._properties.write_text("".join(f"{key}={value}\n" for key, value in self._settings.items()))
        tool = ["kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER_ID, "-c", str(self._properties)]
        run([*self._java, *tool])

    def command(self) -> list[str]:
        return [*self._java, "kafka.Kafka", str(self._properties)]

    def answers(self) -> bool:
        """Whether it answers an ApiVersions request (key 18, version 0). It listens earlier, but does not answer."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(struct.pack(">ihhih", 10, 18, 0, 1, -1))
                return len(connection.recv(4)) == 4
        except OSError:
            return False

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _addresses(self) -> dict[str, str]:
        controller = f"127.0.0.1:{free_port()}"
        return {
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.quorum.bootstrap.servers": controller,
            "log.dirs": str(self.folder / "data"),
        }


def _java() -> str:
    """A Java that Kafka 4 runs on."""
    how = "Run `sh .ci/set-up-servers`, or name a broker in KAFKA_BOOTSTRAP."
    if not any(JARS.glob("kafka_*.jar")):
        raise CannotBeHad(f"no Apache Kafka in {JARS.name}/ of the virtual environment. {how}")
    java = shutil.which("java")
    if java is None:
        raise CannotBeHad(f"no java in PATH. {how}")
    told = subprocess.run([java, "-version"], check=False, capture_output=True, text=True).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < 17:
        raise CannotBeHad(f"Kafka needs Java 17 or newer; `java -version` says: {told.splitlines()[0:1]}. {how}")
    return java
