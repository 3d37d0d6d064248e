"""`topics apply` and `topics check` on a real broker."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli.main import complete
from services.wiring.opening import Where
from tests.servers.kafka import Broker
from topics.declared import TOPICS

Warmhandoff = Callable[..., Result]
FEW = {topic.name: 1 for topic in TOPICS}


@pytest.fixture
def page(tmp_path: Path) -> Callable[..., Path]:
    """Writes a configuration for a broker."""

    def write(bootstrap: str, *, replication: int = 1, raw: int = 2, quarantine: int = 1) -> Path:
        file = tmp_path / "warmhandoff.yaml"
        counts = FEW | {"feeds.raw.v1": raw, "intake.quarantine.v1": quarantine}
        partitions = ", ".join(f"{name}: {count}" for name, count in counts.items())
        kafka = f"bootstrap: {bootstrap}, replication: {replication}, partitions: {{{partitions}}}"
        file.write_text(f"store: postgresql://127.0.0.1:1/none\nkafka: {{{kafka}}}\n")
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
    assert f"127.0.0.1:{port_of_nobody}" in away.stderr


def test_without_a_cluster_there_are_no_topics(tmp_path: Path, run: Warmhandoff) -> None:
    config = tmp_path / "warmhandoff.yaml"
    config.write_text("mllp: ''\n")
    assert run(config, "topics", "check").exit_code == 2
