"""Whatever fails while a whole exchange is told to a cluster, it knows in the end what an embedded store knows.

The short set, on real brokers and databases; `python -m tests.long cluster` plays the same on a larger world, and more.
Each mechanism that stands behind it is proved for itself in `test_rules`.
"""

import random
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.runtime.cluster.ending import OtherTopic, SeekTookTooLong, Superseded
from tests.cluster.agreeing import effects_agree, shown
from tests.cluster.desks import desks
from tests.cluster.exchange import Oracle, Story, oracle_of, plain_setup, repeated, told
from tests.cluster.faulted import Faulted, shared
from tests.cluster.racing import raced, record_of
from tests.cluster.restoring import Backup
from tests.cluster.running import FEEDS
from tests.end_to_end.running import until
from tests.servers.kafka import Broker, KafkaServer
from tests.servers.postgres import PostgresServer
from topics.declared import RAW

RATE = 200.0
"""Lines a second."""


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    return oracle_of(told(members=40, days=20, seed=6), tmp_path_factory.mktemp("oracle") / "store")


@pytest.fixture
def cluster(kafka: Broker, database: str, tmp_path: Path) -> Faulted:
    return Faulted(tmp_path / "cluster", kafka.bootstrap, database)


# A worker dies, freezes, comes and goes.


def test_workers_that_are_killed_between_any_two_steps_lose_and_double_nothing(
    cluster: Faulted, oracle: Oracle
) -> None:
    dice = random.Random(1)
    lines = repeated(oracle.story.lines, every=5)  # by a listener that did not hear that the broker has them
    with cluster.fed(lines, RATE) as (feeding, _):
        feeding.aims(1)
        for point in ("before_commit", "after_commit", "before_ack"):
            with cluster.worker("--instance", "one", faults=f"{point}=crash@{dice.randint(1, 5)}") as doomed:
                assert doomed.ended() == -signal.SIGKILL, doomed.told()
    with cluster.worker("--instance", "one"):
        cluster.knows(oracle)


def test_another_worker_takes_over_from_one_that_froze_or_was_killed(cluster: Faulted, oracle: Oracle) -> None:
    with cluster.worker() as frozen, cluster.worker() as killed:
        with cluster.fed(oracle.story.lines, RATE) as (feeding, watch):
            feeding.reaches(0.1)
            shared(frozen, killed)
            frozen.signal(signal.SIGSTOP)
            feeding.reaches(0.5)
            watch.catches_up()
            frozen.signal(signal.SIGCONT)
            shared(frozen, killed)
            killed.kill()
            feeding.finish()
            watch.catches_up()
        cluster.knows(oracle)


@pytest.mark.long
def test_workers_come_and_go(cluster: Faulted, oracle: Oracle) -> None:
    with cluster.worker("--instance", "one", "--stay") as staying, cluster.fed(oracle.story.lines, RATE) as both:
        feeding, watch = both
        feeding.reaches(0.1)
        with cluster.worker("--instance", "two") as leaving:
            feeding.aims(0.4)
            shared(staying, leaving)
        feeding.reaches(0.6)
        watch.catches_up()
        staying.signal(signal.SIGTERM)
        feeding.reaches(0.8)
        assert staying.ended() == 0
        with cluster.worker("--instance", "one"):
            feeding.finish()
            cluster.knows(oracle)


def test_of_two_workers_of_one_name_the_older_one_ends(cluster: Faulted, oracle: Oracle) -> None:
    with cluster.worker("--instance", "one") as older, cluster.fed(oracle.story.lines, RATE) as (feeding, _):
        older.reads()
        feeding.aims(0.7)
        with cluster.worker("--instance", "one"):
            assert older.ended() == Superseded.code
            assert "give each its own --instance" in older.told()
            feeding.finish()
            cluster.knows(oracle)


# What it stands on goes away.


@pytest.mark.long
def test_a_broker_that_stops_and_one_that_dies_cost_nothing_but_time(
    own_kafka: KafkaServer, database: str, tmp_path: Path, oracle: Oracle
) -> None:
    cluster = Faulted(tmp_path / "cluster", own_kafka.bootstrap, database)
    with cluster.worker() as worker, cluster.fed(oracle.story.lines, RATE) as (feeding, _):
        worker.reads()
        feeding.aims(0.5)
        own_kafka.restart()
        feeding.reaches(0.6)
        feeding.aims(1)
        own_kafka.kill()
        own_kafka.start()
        feeding.finish()
        cluster.knows(oracle)


def test_a_database_that_stops_and_one_that_dies_cost_nothing_but_time(
    kafka: Broker, own_postgres: PostgresServer, tmp_path: Path, oracle: Oracle
) -> None:
    cluster = Faulted(tmp_path / "cluster", kafka.bootstrap, own_postgres.create_database("fault"))
    with cluster.worker() as worker, cluster.fed(oracle.story.lines, RATE) as (feeding, _):
        worker.reads()
        feeding.aims(0.5)
        own_postgres.restart()
        feeding.reaches(0.6)
        feeding.aims(1)
        own_postgres.stop("immediate")
        own_postgres.start()
        feeding.finish()
        cluster.knows(oracle)


@pytest.mark.long
def test_a_worker_that_cannot_find_its_place_in_time_ends_to_be_started_again(
    kafka: Broker, own_postgres: PostgresServer, tmp_path: Path, oracle: Oracle
) -> None:
    url = own_postgres.create_database("fault")
    cluster = Faulted(tmp_path / "cluster", kafka.bootstrap, url, seek_s=4)
    with cluster.worker() as worker, cluster.fed(oracle.story.lines, RATE) as (feeding, _):
        worker.reads()
        feeding.reaches(0.5)
        worker.signal(signal.SIGSTOP)  # past its session, so that it is given partitions anew
        own_postgres.stop()
        until(cluster.is_deserted)
        worker.signal(signal.SIGCONT)
        assert worker.ended() == SeekTookTooLong.code, worker.told()
        own_postgres.start()
        feeding.finish()
    with cluster.worker():
        cluster.knows(oracle)


@pytest.mark.long
def test_a_database_restored_to_an_older_backup_is_read_again_from_there(
    cluster: Faulted, database: str, oracle: Oracle
) -> None:
    with cluster.fed(oracle.story.lines, 10 * RATE) as (feeding, _):
        with cluster.worker() as worker:
            feeding.reaches(0.5)
            worker.reads()
            cluster.settles()
            backup = Backup(database)
            feeding.finish()
            cluster.settles()
        backup.restore()
    with cluster.worker():
        cluster.knows(oracle)


def test_nothing_is_taken_from_a_topic_that_was_made_anew(cluster: Faulted, oracle: Oracle) -> None:
    before = [line for line in oracle.story.lines if line.is_live][:3]
    cluster.produce(before[0])
    ((_, partition),) = (place for place, end in cluster.ends().items() if end)
    with desks(cluster.url, cluster.namespace, oracle.setup, count=1) as (desk,):
        desk.taker.take([record_of(line, partition, offset) for offset, line in enumerate(before)])
        head = desk.store.head()
    with cluster.worker() as worker:
        assert worker.ended() == OtherTopic.code
    assert f"{RAW.name}, partition {partition}" in worker.told()
    assert "the topic was made anew" in worker.told()
    assert cluster.asked("SELECT journal FROM tail") == [(head,)]


def test_a_topic_that_is_made_anew_beneath_its_workers_ends_them(
    cluster: Faulted, kafka: Broker, oracle: Oracle
) -> None:
    """Senders hear AA, and nobody would read what they sent: the group takes its partitions from them all."""
    name = RAW.name_in(cluster.namespace)
    with cluster.worker("--instance", "one") as one, cluster.worker("--instance", "two") as two:
        shared(one, two)
        cluster.produce(*[line for line in oracle.story.lines if line.is_live][:20])
        cluster.settles()
        kafka.delete_topic(name)
        kafka.create_topic(name, FEEDS[RAW.name])
        assert (one.ended(), two.ended()) == (OtherTopic.code, OtherTopic.code), one.told() + two.told()


# What comes is strange, or comes at once.


def test_a_record_that_is_no_line_waits_in_quarantine_and_stops_nobody(cluster: Faulted, oracle: Oracle) -> None:
    with cluster.fed(oracle.story.lines, 10 * RATE) as (feeding, _), cluster.worker() as worker:
        feeding.reaches(0.5)
        at = cluster.garbled()
        feeding.finish()
        worker.reads()
        cluster.knows(oracle, undecoded=1)
    (waits,) = [x for x in cluster.json("quarantine", "list")["quarantine"] if x["feed"] == "kafka"]
    assert f"partition {at.partition}, offset {at.offset}" in waits["where"]


def test_an_admission_and_its_roster_row_find_each_other_however_they_race(
    database: str, namespace: str, tmp_path: Path
) -> None:
    setup, at = plain_setup(), datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    with desks(database, namespace, setup, count=2) as racers:
        lines = raced(racers, 60, at, random.Random(5))
        racers[0].settle(datetime.now(UTC))
        oracle = oracle_of(Story(lines, [at, datetime.now(UTC)]), tmp_path / "oracle")
        assert shown(racers[1].store, setup, oracle.story.instants) == oracle.shown
        effects_agree(racers[1].store, setup)
        assert oracle.shown.count(b'"member_id"') >= 2 * 60
