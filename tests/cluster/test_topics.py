"""`topics apply` and `topics check` on a real broker."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli.main import complete
from services.runtime.store.cluster_contract import Cursor
from services.runtime.store.postgres import PostgresStore
from services.wiring.clock import Clock
from services.wiring.opening import Where
from tests.end_to_end.running import House, roster
from tests.servers.kafka import Broker
from topics.declared import RAW, TOPICS

Warmhandoff = Callable[..., Result]
FEW = {topic.name: 1 for topic in TOPICS}


@pytest.fixture
def page(tmp_path: Path) -> Callable[..., Path]:
    """Writes a configuration for a broker."""

    def write(
        bootstrap: str,
        *,
        replication: int = 1,
        raw: int = 2,
        quarantine: int = 1,
        url: str = "postgresql://127.0.0.1:1/none",
    ) -> Path:
        file = tmp_path / "warmhandoff.yaml"
        counts = FEW | {"feeds.raw.v1": raw, "intake.quarantine.v1": quarantine}
        partitions = ", ".join(f"{name}: {count}" for name, count in counts.items())
        kafka = f"bootstrap: {bootstrap}, replication: {replication}, partitions: {{{partitions}}}"
        file.write_text(f"store: {url}\nkafka: {{{kafka}}}\n")
        return file

    return write


@pytest.fixture
def run(tmp_path: Path, namespace: str) -> Warmhandoff:
    def warmhandoff(config: Path, *words: str) -> Result:
        return CliRunner().invoke(complete(), ["--store", namespace, "--config", str(config), *words])

    return warmhandoff


def test_topics_are_made_once_and_then_stand_as_declared(
    kafka: Broker, page: Callable[..., Path], run: Warmhandoff
) -> None:
    config = page(kafka.bootstrap)
    missing = run(config, "topics", "check", "--json")
    assert missing.exit_code == 1
    assert len(msgspec.json.decode(missing.stdout)["differences"]) == len(TOPICS)
    made = run(config, "topics", "apply")
    assert (made.exit_code, made.stdout.count(": made.")) == (0, len(TOPICS))
    again = run(config, "topics", "apply", "--json")
    assert (again.exit_code, msgspec.json.decode(again.stdout)) == (0, {"created": [], "changed": [], "left": []})
    assert (run(config, "topics", "check").exit_code, run(config, "topics", "check").stdout) == (
        0,
        "Every topic stands as declared.\n",
    )


def test_what_may_be_mended_is_mended_and_the_rest_is_told(
    kafka: Broker, page: Callable[..., Path], run: Warmhandoff, namespace: str
) -> None:
    prefix = Where(Path(namespace)).namespace
    kafka.create_topic(f"{prefix}.feeds.raw.v1", 2, {"retention.ms": "1000", "segment.ms": "86400000"})
    run(page(kafka.bootstrap), "topics", "apply")
    told = run(page(kafka.bootstrap, raw=4, quarantine=3), "topics", "check", "--json")
    assert told.exit_code == 1
    found = msgspec.json.decode(told.stdout)["differences"]
    assert [(each["what"], bool(each["remedy"])) for each in found] == [
        ("the number of partitions", True), ("the number of partitions", False),
    ]  # fmt: skip
    applied = run(page(kafka.bootstrap, raw=4, quarantine=3), "topics", "apply")
    assert applied.exit_code == 1
    assert "its keys would move" in applied.stderr
    assert f"{prefix}.intake.quarantine.v1: the number of partitions was 1, is 3 now." in applied.stdout
    left = run(page(kafka.bootstrap, quarantine=3), "topics", "check")
    assert left.exit_code == 0


def test_more_copies_than_brokers_are_refused_before_anything_is_made(
    kafka: Broker, page: Callable[..., Path], run: Warmhandoff
) -> None:
    refused = run(page(kafka.bootstrap, replication=3), "topics", "apply")
    assert refused.exit_code == 2
    assert "'replication: 1'" in refused.stderr
    assert run(page(kafka.bootstrap), "topics", "apply").stdout.count(": made.") == len(TOPICS)


@pytest.mark.parametrize("word", ["apply", "check"])
def test_a_broker_that_is_away_is_named(
    port_of_nobody: int, page: Callable[..., Path], run: Warmhandoff, word: str
) -> None:
    away = run(page(f"127.0.0.1:{port_of_nobody}"), "topics", word)
    assert away.exit_code == 3
    assert f"kafka 127.0.0.1:{port_of_nobody}: connecting failed" in away.stderr


@pytest.mark.parametrize("command", ["topics apply", "topics check", "load f.csv", "worker --instance w"])
def test_a_command_says_itself_what_is_wrong_with_the_broker_and_once(
    port_of_nobody: int, page: Callable[..., Path], tmp_path: Path, command: str
) -> None:
    page(f"127.0.0.1:{port_of_nobody}")
    house = House(tmp_path)
    house.write("f.csv", roster("M1"))
    done = house.run(*command.split())
    assert done.returncode == 3
    said = [line for line in done.stderr.decode().splitlines() if not line.startswith("{")]  # a worker's log
    there = f"kafka 127.0.0.1:{port_of_nobody}"
    assert said == [
        f"warmhandoff: {there}: connecting failed: no broker is there, or none can be reached.",
        "  See that the brokers run, and that `kafka.bootstrap` names them.",
    ]


def test_a_missing_topic_is_told_once(kafka: Broker, page: Callable[..., Path], tmp_path: Path) -> None:
    page(kafka.bootstrap)
    house = House(tmp_path)
    done = house.run("load", house.write("f.csv", roster("M1")))
    assert done.returncode == 3
    assert [line.split(": ")[-1] for line in done.stderr.decode().splitlines()] == [
        f"there is no topic {Where(house.store).namespace}.feeds.raw.v1.",
        "  Make the topics with `warmhandoff topics apply`.",
    ]


def test_a_topic_that_workers_have_read_is_not_made_anew(
    kafka: Broker, database: str, page: Callable[..., Path], run: Warmhandoff, namespace: str
) -> None:
    config, prefix = page(kafka.bootstrap, url=database), Where(Path(namespace)).namespace
    place = RAW.name, 1
    with PostgresStore.join(database, prefix, now=Clock()) as store, store.transaction() as transaction:
        transaction.cursors([place])
        transaction.move({place: Cursor(7, b"\0" * 32)})
    refused = run(config, "topics", "apply")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"{prefix}.feeds.raw.v1: the topic is missing" in refused.stderr
    assert "Stop the listeners" in refused.stderr
    assert len(msgspec.json.decode(run(config, "topics", "check", "--json").stdout)["differences"]) == len(TOPICS)
    assert run(config, "topics", "apply", "--json").exit_code == 1


def test_a_topic_that_nobody_has_read_is_made_beside_a_store(
    kafka: Broker, database: str, page: Callable[..., Path], run: Warmhandoff, namespace: str
) -> None:
    config, prefix = page(kafka.bootstrap, url=database), Where(Path(namespace)).namespace
    with PostgresStore.join(database, prefix, now=Clock()) as store, store.transaction() as transaction:
        transaction.cursors([(RAW.name, 0)])
    assert run(config, "topics", "apply").stdout.count(": made.") == len(TOPICS)


def test_without_a_cluster_there_are_no_topics(tmp_path: Path, run: Warmhandoff) -> None:
    config = tmp_path / "warmhandoff.yaml"
    config.write_text("mllp: ''\n")
    assert run(config, "topics", "check").exit_code == 2
