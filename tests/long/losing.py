"""Scenes in which what a cluster stands on fails, or is put back; and in which what comes is strange."""

import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from services.runtime.cluster.ending import Gap, OtherTopic, SeekTookTooLong
from tests.cluster.agreeing import effects_agree, shown
from tests.cluster.desks import desks
from tests.cluster.exchange import Story, oracle_of, plain_setup, repeated
from tests.cluster.racing import raced
from tests.cluster.restoring import Backup
from tests.cluster.running import FEEDS
from tests.long.asked import hold
from topics.declared import RAW

if TYPE_CHECKING:
    from tests.long.cluster import Stage

RATE = 300.0
FROZEN_S = 12.0
"""Longer than anybody waits for one answer."""
SESSION_S = 10.0


def broker_lost(stage: "Stage") -> str:
    """The broker stops, dies and freezes."""
    kafka = stage.kafka

    def killed() -> None:
        kafka.kill()
        time.sleep(stage.asked.of(5, 0))
        kafka.start()

    def frozen() -> None:
        kafka.freeze()
        time.sleep(stage.asked.of(FROZEN_S, 1))
        kafka.thaw()

    return _struck(stage, {"restart": kafka.restart, "SIGKILL": killed, "freeze": frozen})


def database_lost(stage: "Stage") -> str:
    """The database stops, dies and freezes."""
    postgres = stage.postgres

    def crashed() -> None:
        postgres.stop("immediate")
        time.sleep(stage.asked.of(3, 0))
        postgres.start()

    def killed() -> None:
        postgres.kill()
        postgres.start()

    def frozen() -> None:
        postgres.freeze()
        time.sleep(stage.asked.of(FROZEN_S, 1))
        postgres.thaw()

    return _struck(stage, {"restart": postgres.restart, "crash": crashed, "SIGKILL": killed, "freeze": frozen})


def place_not_found(stage: "Stage") -> str:
    """The database is away for longer than a worker may look for its place: it ends, and is started again."""
    cluster, oracle = stage.cluster(), stage.stories.short
    with cluster.worker() as worker, cluster.fed(oracle.story.lines, RATE) as (feeding, _):
        worker.reads()
        feeding.reaches(0.5)
        worker.signal(signal.SIGSTOP)
        stage.postgres.stop()
        time.sleep(SESSION_S + 2)
        worker.signal(signal.SIGCONT)
        began = time.monotonic()
        hold(worker.ended() == SeekTookTooLong.code, f"a worker without a place goes on: {worker.told()}")
        seconds = time.monotonic() - began
        stage.postgres.start()
        feeding.finish()
    with cluster.worker():
        cluster.knows(oracle)
    return f"exit {SeekTookTooLong.code} after {seconds:.0f} s"


def restored(stage: "Stage") -> str:
    """An older backup is put back beneath a running worker: it notices, and its successor reads again from there."""
    cluster, oracle = stage.cluster(), stage.stories.short
    with cluster.fed(oracle.story.lines, RATE) as (feeding, _), cluster.worker() as worker:
        feeding.reaches(0.4)
        worker.reads()
        cluster.settles()
        backup = Backup(cluster.url)
        feeding.reaches(0.8)
        cluster.settles()
        backup.restore()
        feeding.finish()
        hold(worker.ended() == Gap.code, f"a worker reads on above the cursor: {worker.told()}")
    with cluster.worker():
        cluster.knows(oracle)
    return f"exit {Gap.code}, and all of it read again"


def made_anew(stage: "Stage") -> str:
    """The topic is deleted and made again, with fewer records and with more: nothing is taken from it."""
    cluster, lines = stage.cluster(), [line for line in stage.stories.short.story.lines if line.is_live]
    name, half = RAW.name_in(cluster.namespace), len(lines) // 2
    cluster.produce(*lines[:half])
    cluster.drain()
    head = cluster.asked("SELECT journal FROM tail")
    for others in ([], lines[half:], [*lines[half:], *lines[:half]]):
        stage.kafka.delete_topic(name)
        stage.kafka.create_topic(name, FEEDS[RAW.name])
        cluster.produce(*others)
        with cluster.worker() as worker:
            hold(worker.ended() == OtherTopic.code, f"a topic made anew is read: {worker.told()}")
        hold("the topic was made anew" in worker.told(), f"nobody says what is wrong: {worker.told()}")
        hold(cluster.asked("SELECT journal FROM tail") == head, "lines of a topic that was made anew were taken")
    return f"exit {OtherTopic.code} each time"


def strange(stage: "Stage") -> str:
    """Every third line twice, and records that are no lines in between."""
    cluster, oracle = stage.cluster(), stage.stories.short
    garbled = stage.asked.of(20, 2)
    with cluster.worker(), cluster.fed(repeated(oracle.story.lines, every=3), RATE) as (feeding, _):
        for number in range(garbled):
            feeding.reaches((number + 1) / (garbled + 1))
            cluster.garbled()
        feeding.finish()
        cluster.knows(oracle, undecoded=garbled)
    return f"{garbled} records in quarantine"


def racing(stage: "Stage") -> str:
    """Admissions and roster rows of the same members, at the same moment."""
    rounds, at = stage.asked.of(3_000, 30), datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    url = stage.postgres.create_database("scene_racing")
    setup = plain_setup()
    with desks(url, "racing", setup, count=2) as racers:
        lines = raced(racers, rounds, at, stage.dice)
        racers[0].settle(datetime.now(UTC))
        oracle = oracle_of(Story(lines, [at, datetime.now(UTC)]), stage.folder / "oracle")
        hold(shown(racers[1].store, setup, oracle.story.instants) == oracle.shown, "racers missed each other")
        effects_agree(racers[1].store, setup)
    return f"{rounds} rounds"


def _struck(stage: "Stage", strikes: dict[str, Callable[[], None]]) -> str:
    """Two workers read while one thing after the other strikes."""
    cluster, oracle = stage.cluster(), stage.stories.short
    silences = {}
    with cluster.worker() as one, cluster.worker(), cluster.fed(oracle.story.lines, RATE / 3) as (feeding, watch):
        feeding.reaches(0.1)
        one.reads()
        watch.silence_s()
        for number, (name, strike) in enumerate(strikes.items()):
            feeding.aims((number + 2) / (len(strikes) + 2))
            strike()
            feeding.reaches((number + 2) / (len(strikes) + 2))
            silences[name] = watch.silence_s()
        feeding.finish()
        cluster.knows(oracle)
    return "silence " + ", ".join(f"{seconds:.1f} s ({name})" for name, seconds in silences.items())


SCENES = (broker_lost, database_lost, place_not_found, restored, made_anew, strange, racing)
