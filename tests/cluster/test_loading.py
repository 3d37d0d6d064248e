"""`load` and what people decide, in a cluster: on the brokers first, then taken by the workers."""

import json
import subprocess
import threading
from pathlib import Path

import pytest

from connectors.files.cutting import CHUNK_BYTES
from tests.cluster.reading import records
from tests.cluster.running import Cluster
from tests.end_to_end.running import PATIENCE_S, House, adt, environment, roster, until
from tests.servers.kafka import Broker
from topics.declared import BULK, RAW


@pytest.fixture
def cluster(kafka: Broker, database: str, tmp_path: Path) -> Cluster:
    return Cluster(tmp_path / "cluster", kafka.bootstrap, database)


def journal(*bodies: bytes, feed: str = "F1") -> str:
    lines = (
        {"received_at": f"2025-06-05T10:00:{n:02}-07:00", "feed": feed, "kind": "hl7v2", "body": body.decode()}
        for n, body in enumerate(bodies)
    )
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_what_was_loaded_is_there_when_load_returns_and_counts_as_in_one_process(
    cluster: Cluster, tmp_path: Path
) -> None:
    house = House(tmp_path / "house")
    files = {
        "roster.csv": roster("M1", "M2").replace("high", "hihg"),
        "journal.ndjson": journal(adt("A01", "C1"), adt("A01", "C2", "M9"), b"MSH|broken", *[adt("A01", "C1")] * 2)
        + "no json\n",
    }
    for name, content in files.items():
        house.write(name, content)
        cluster.write(name, content)
    with cluster.worker() as worker:
        worker.reads()
        there, here = cluster.json("load", *files), house.json("load", *files)
        assert there == here
        assert cluster.ok("members", "--as-of", "2025-06-06T00:00:00Z", "--json") == house.ok(
            "members", "--as-of", "2025-06-06T00:00:00Z", "--json"
        )
        again = cluster.json("load", *files)
        assert (again["new"], again["repeated"]) == (0, here["lines"])
        told = [cluster.json("feeds", "--as-of", at)["ours"] for at in ("2001-01-01T00:00:00Z", "2101-01-01T00:00:00Z")]
        assert [(each["lines_waiting"], each["state"]) for each in told] == [(None, "ok"), (None, "slow")]
        assert "no worker runs" in cluster.ok("feeds", "--as-of", "2101-01-01T00:00:00Z")
        told = [each.run("load", *files).stderr.decode() for each in (cluster, house)]
        assert told == ["", ""]  # it is told of what is new


def test_a_word_that_no_rule_knows_is_told_by_file_and_line_without_a_worker(cluster: Cluster) -> None:
    cluster.write("roster.csv", roster("M1", "M2", "M3").replace("high", "hihg", 2))
    line = {"received_at": "2025-06-05T10:00:00-07:00", "feed": "F1", "kind": "roster"}
    journal = [{**line, "body": roster("M4")}, {**line, "body": roster("M5", "M6").replace("high", "hihg", 1)}]
    cluster.write("journal.ndjson", "".join(json.dumps(each) + "\n" for each in journal))
    told = cluster.run("load", "roster.csv", "journal.ndjson", "--no-wait").stderr.decode().splitlines()
    assert [said.removesuffix(" It is kept, and no rule counts it.") for said in told] == [
        "warning: roster.csv: risk_tier has a word that no rule knows in 2 rows: line 2, line 3.",
        "warning: journal.ndjson: risk_tier has a word that no rule knows in 1 row: row 1 of line 2.",
    ]


@pytest.mark.long
def test_without_a_worker_load_says_what_it_waits_for_and_what_was_kept_is_safe(cluster: Cluster) -> None:
    cluster.write("roster.csv", roster("M1"))
    told = threading.Event()
    with subprocess.Popen(
        cluster.command("load", "roster.csv"), cwd=cluster.folder, env=environment(), stderr=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stderr
        for line in waiting.stderr:
            if "waiting for a worker" in line:
                told.set()
                break
        assert told.is_set()
        assert waiting.poll() is None
        cluster.drain()
        waiting.stderr.read()
        assert waiting.wait(PATIENCE_S) == 0
    assert len(cluster.json("members")["members"]) == 1


def test_a_big_table_goes_in_chunks_that_each_say_which_they_are(cluster: Cluster) -> None:
    members = [f"M{number}" for number in range(12000)]
    cluster.write("roster.csv", roster(*members))
    cluster.write("messages.hl7", b"".join(adt("A01", f"C{n}", f"M{n}") for n in range(3)))
    summary = cluster.json("load", "roster.csv", "messages.hl7", "--no-wait")
    chunks = records(cluster.bootstrap, BULK.name_in(cluster.namespace))
    assert summary["lines"] == len(chunks) + 3
    assert len(chunks) > 2
    assert len({each.headers["file"] for each in chunks}) == 1
    assert [(int(each.headers["part"]), int(each.headers["parts"])) for each in chunks] == [
        (number + 1, len(chunks)) for number in range(len(chunks))
    ]
    head = roster("M1").splitlines()[0]
    assert all(each.value.startswith(head.encode()) and len(each.value) <= CHUNK_BYTES for each in chunks)
    assert sum(each.value.count(b"\n") - 1 for each in chunks) == len(members)
    messages = records(cluster.bootstrap, RAW.name_in(cluster.namespace))
    assert [each.headers["live"] for each in messages] == [b"0"] * 3


@pytest.mark.long
def test_a_decision_is_safe_at_once_and_taken_by_the_workers(cluster: Cluster) -> None:
    cluster.write("roster.csv", roster("M1", "M2"))
    cluster.write("stranger.hl7", adt("A01", "C1", "M7"))
    with cluster.worker() as worker:
        worker.reads()
        cluster.ok("load", "roster.csv", "stranger.hl7")
        (item,) = cluster.json("identity", "review", "--parked")["items"]
        cluster.ok("identity", "link", item["source_patient"], "M2", "--by", "reviewer")
        until(lambda: bool(_stays(cluster, "M2")))


def _stays(cluster: Cluster, member: str) -> list[object]:
    return list(cluster.json("members", "--member", member)["members"][0]["stays"])
