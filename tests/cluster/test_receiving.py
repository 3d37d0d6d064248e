"""`serve` in a cluster: a sender hears AA when the brokers have its message, and never before."""

from math import inf
from pathlib import Path
from typing import Any

import pytest

from connectors.mllp.acks import codes_of
from tests.cluster.running import Cluster
from tests.end_to_end.running import Wire, adt, codes, roster, until
from tests.servers.kafka import Broker, KafkaServer
from tests.servers.postgres import PostgresServer

ASKS_FOR_BOTH = "|||AL|AL"


@pytest.fixture
def cluster(kafka: Broker, database: str, tmp_path: Path) -> Cluster:
    return Cluster(tmp_path / "cluster", kafka.bootstrap, database)


@pytest.fixture
def fragile(own_kafka: KafkaServer, own_postgres: PostgresServer, tmp_path: Path) -> Cluster:
    """A cluster whose servers may be stopped."""
    return Cluster(tmp_path / "cluster", own_kafka.bootstrap, own_postgres.create_database("fragile"))


def lines_of(cluster: Cluster) -> list[dict[str, Any]]:
    return cluster.lines("export")


def test_messages_are_answered_before_any_worker_runs_and_are_taken_by_the_first(cluster: Cluster) -> None:
    with cluster.serve() as served:
        assert codes(served.port, *(adt("A01", f"C{n}", f"M{n}") for n in range(1, 4))) == ["AA"] * 3
        assert codes(served.port, b"no message") == ["closed"]  # kept, and the connection closes
        until(lambda: served.health()[0] == 200)
        assert lines_of(cluster) == []
        cluster.drain()
        assert [line["feed"] for line in lines_of(cluster)] == ["mllp"] * 4


@pytest.mark.long
def test_a_message_sent_again_gets_its_answer_again_from_whoever_listens(cluster: Cluster) -> None:
    message = adt("A01", "C1")
    with cluster.serve() as served, Wire(served.port) as sender:
        first = sender.ask(message)
        assert sender.ask(message) == first
        asks_for_both = adt("A01", "C2", "M2", extra=ASKS_FOR_BOTH)
        both = sender.ask(asks_for_both), sender.answer()
        assert None not in both
    cluster.drain()
    until(lambda: cluster.asked("SELECT count(*) FROM ack") == [(4,)])
    with cluster.serve() as another, Wire(another.port) as sender:
        assert sender.ask(message) == first
        assert (sender.ask(asks_for_both), sender.answer()) == both
    cluster.drain()
    assert len(lines_of(cluster)) == 2
    until(lambda: cluster.asked("SELECT count(*) FROM ack") == [(7,)])
    assert cluster.asked("SELECT count(*) FROM ack WHERE repeat = 1") == [(4,)]


@pytest.mark.long
def test_an_answer_that_depends_on_the_content_is_decided_after_the_brokers_have_it(
    kafka: Broker, database: str, tmp_path: Path
) -> None:
    feeds = "---\nfeeds: {strict: {listen: 127.0.0.1:0, on_unparsable: AE}}\n"
    cluster = Cluster(tmp_path / "cluster", kafka.bootstrap, database, settings=feeds)
    unreadable = adt("A01", "C9").replace(b"PID|", b"PXD|")
    with cluster.serve(mllp=None) as served, Wire(served.ports["strict"]) as sender:
        refused = sender.ask(unreadable)
        assert refused is not None
        assert codes_of(refused) == ("AE",)
        assert sender.ask(unreadable) == refused
        assert sender.code(adt("A01", "C1")) == "AA"
    cluster.drain()
    assert len(lines_of(cluster)) == 2


def test_with_the_brokers_away_nobody_hears_aa_and_health_says_so_until_they_are_back(
    fragile: Cluster, own_kafka: KafkaServer
) -> None:
    with fragile.serve() as served:
        assert codes(served.port, adt("A01", "C1")) == ["AA"]
        own_kafka.kill()
        for number in range(3):
            assert codes(served.port, adt("A01", f"D{number}")) == ["closed"]
        until(lambda: served.health()[0] == 503)
        told = served.health()[1]
        assert told["accepting"] is False
        assert told["problem"] == "messages cannot be kept: the brokers are away"
        assert all(feed["buffered_bytes"] == 0 for feed in told["feeds"])
        own_kafka.start()
        until(lambda: served.health()[0] == 200)
        assert codes(served.port, *(adt("A01", f"D{number}") for number in range(3))) == ["AA"] * 3


def test_with_the_database_away_messages_are_answered_all_the_same(
    fragile: Cluster, own_postgres: PostgresServer
) -> None:
    first = adt("A01", "C1")
    with fragile.serve() as served:
        assert codes(served.port, first) == ["AA"]
        until(lambda: fragile.asked("SELECT count(*) FROM ack") == [(1,)])  # else nobody knows whether it is there
        own_postgres.stop("immediate")
        assert codes(served.port, *(adt("A01", f"C{number}") for number in range(2, 12))) == ["AA"] * 10
        status, told = served.health()
        assert (status, told["accepting"], told["quarantined"]) == (200, True, None)
        assert "schema" in told["problem"] or "database" in told["problem"], told
        figures = served.metrics()
        assert figures['warmhandoff_acks_total{code="AA",feed="mllp"}'] == 11
        assert (figures["warmhandoff_store_reachable"], figures["warmhandoff_pipeline_lag_seconds"]) == (0, inf)
        assert not [name for name in figures if "rechecked" in name or "journal" in name], "nobody here does that"
        own_postgres.start()
        until(lambda: served.health()[1]["problem"] is None)
        assert codes(served.port, first) == ["AA"]
    fragile.drain()
    assert len(lines_of(fragile)) == 11
    assert fragile.asked("SELECT count(*) FROM ack") == [(12,)]


@pytest.mark.long
def test_files_of_the_drop_folder_and_the_inbox_go_the_same_way(cluster: Cluster) -> None:
    with cluster.serve("--drop", cluster.folder / "drop") as served:
        cluster.write("drop/roster.csv", roster("M1", "M2"))
        cluster.write("drop/roster.csv.done", "")
        cluster.write("store/inbox/one.hl7", adt("A01", "C1"))
        until((cluster.folder / "drop/taken/roster.csv").exists)
        until((cluster.folder / "store/inbox/taken/one.hl7").exists)
        until(lambda: served.health()[0] == 200)
    cluster.drain()
    assert sorted(line["kind"] for line in lines_of(cluster)) == ["hl7v2", "roster"]


def test_servers_that_are_away_at_the_start_are_named(cluster: Cluster) -> None:
    away = "127.0.0.1:1"
    for settings in (
        f"store: postgresql://{away}/none\nkafka: {{bootstrap: '{cluster.bootstrap}'}}\n",
        f"store: {cluster.url}\nkafka: {{bootstrap: '{away}'}}\n",
    ):
        cluster.config(settings)
        for words in (("serve", "--mllp", "127.0.0.1:0", "--http", "127.0.0.1:0"), ("load", "-")):
            refused = cluster.run(*words, stdin=roster("M1").encode())
            assert refused.returncode == 3, refused.stderr
            assert away in refused.stderr.decode()


@pytest.mark.long
def test_topics_that_were_not_made_are_named_at_the_start(kafka: Broker, cluster: Cluster) -> None:
    cluster.store = cluster.folder / "another"
    refused = cluster.run("serve", "--mllp", "127.0.0.1:0", "--http", "")
    assert refused.returncode == 3
    assert f"there is no topic {cluster.namespace}.feeds.raw.v1" in refused.stderr.decode()
    assert "warmhandoff topics apply" in refused.stderr.decode()


def test_a_frame_longer_than_a_record_may_be_is_refused_at_the_start(
    kafka: Broker, database: str, tmp_path: Path
) -> None:
    feeds = "---\nfeeds: {long: {listen: 127.0.0.1:0, limits: {frame_bytes: 100000000}}}\n"
    cluster = Cluster(tmp_path / "cluster", kafka.bootstrap, database, settings=feeds)
    refused = cluster.run("serve")
    assert refused.returncode == 2
    assert "feeds.long.limits.frame_bytes" in refused.stderr.decode()
