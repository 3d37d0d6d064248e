"""A worker on a real broker and a real database gives what the embedded pipeline gives."""

import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cluster.running import Cluster
from tests.end_to_end.running import House, adt, outbox_agrees, roster, until
from tests.scenarios import CODES, FILES, NO_FILES
from tests.servers.kafka import Broker
from topics.raw import RawLine

AT = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
LINES = [
    RawLine("plan", AT, "roster", roster("M1", "M2", "M3").encode()),
    *(RawLine("F1", AT, "hl7v2", adt("A01", f"1-{m}", m), is_live=True, answer=b"AA") for m in ("M1", "M2", "M3")),
    RawLine("F1", AT, "hl7v2", b"MSH|^~\\&|not a message", is_live=True, answer=b"AE"),
    *(RawLine("F1", AT + timedelta(minutes=1), "hl7v2", adt("A03", f"2-{m}", m), is_live=True) for m in ("M1", "M3")),
]


def embedded(folder: Path) -> House:
    """The same lines, loaded into a file."""
    folder.mkdir()
    house = House(folder)
    lines = "".join(
        f'{{"received_at":"{x.received_at.isoformat()}","feed":"{x.feed}","kind":"{x.kind}","body":{_quoted(x.body)}}}\n'
        for x in LINES
    )
    house.ok("load", house.write("journal.ndjson", lines))
    return house


def _quoted(body: bytes) -> str:
    return json.dumps(body.decode())


def test_what_a_worker_took_reads_as_from_the_embedded_store(kafka: Broker, database: str, tmp_path: Path) -> None:
    cluster, house = Cluster(tmp_path / "cluster", kafka.bootstrap, database), embedded(tmp_path / "embedded")
    cluster.produce(*LINES, *LINES)  # a listener that did not hear that the broker has them
    cluster.drain()
    assert [cluster.asked("SELECT journal, cursor FROM tail"), len(cluster.lines("export"))] == [[(len(LINES),) * 2], 7]
    at = (AT + timedelta(minutes=2)).isoformat()
    assert cluster.ok("members", "--as-of", at, "--json") == house.ok("members", "--as-of", at, "--json")
    assert len(cluster.json("tasks", "--as-of", at)["tasks"]) > 6
    outbox_agrees(cluster)
    (waits,) = cluster.json("quarantine", "list")["quarantine"]
    assert waits["status"] == "waiting"
    assert cluster.asked("SELECT * FROM worker") == [], "nobody comes back under a name that was made up"


def test_a_worker_tells_how_it_is_and_ends_well_when_told_to(kafka: Broker, database: str, tmp_path: Path) -> None:
    cluster = Cluster(tmp_path / "cluster", kafka.bootstrap, database)
    with cluster.worker("--instance", "one") as worker:
        worker.reads()
        cluster.produce(*LINES)

        def is_done_and_well() -> bool:
            status, told = worker.health()
            has_all = told.get("records", 0) >= len(LINES) and told["records_waiting"] == 0
            return has_all and (status, told["problem"], len(told["partitions"])) == (200, None, 6)

        until(is_done_and_well)
        worker.signal(signal.SIGTERM)
        assert worker.ended() == 0
    assert cluster.asked("SELECT instance, epoch FROM worker") == [("one", 1)]
    assert "Traceback" not in worker.told()


@pytest.mark.long
@NO_FILES
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_story_reads_the_same_through_a_real_broker(file: Path, kafka: Broker, database: str, tmp_path: Path) -> None:
    story = json.loads(file.read_text("utf-8"))
    journal = tmp_path / "journal.ndjson"
    journal.write_text("".join(json.dumps(line) + "\n" for line in story["journal"]))
    codes = {"WARMHANDOFF_VALUE_SETS": str(CODES)}
    cluster, house = Cluster(tmp_path / "cluster", kafka.bootstrap, database, **codes), House(tmp_path)
    house.variables |= codes
    cluster.ok("load", "--no-wait", journal)
    cluster.drain()
    house.ok("load", journal)
    for expected in story["expect"]:
        asked = ("members", "--as-of", expected["as_of"], "--json")
        assert cluster.ok(*asked) == house.ok(*asked)
    outbox_agrees(cluster)
