"""Scenes in which workers die, freeze, come and go."""

import signal
import time
from contextlib import ExitStack
from random import Random
from typing import TYPE_CHECKING

from services.runtime.cluster.ending import Superseded
from tests.cluster.faulted import shared
from tests.cluster.running import Working
from tests.end_to_end.running import until
from tests.long.asked import hold

if TYPE_CHECKING:
    from tests.long.cluster import Stage

RATE = 300.0
"""Lines a second."""
KILLS, ROUNDS = 50, 6
TAKE_OVER_S, LEAVE_S = 15.0, 5.0
"""Aims: how long a partition may stand still after a SIGKILL, and after a SIGTERM."""


def killed(stage: "Stage") -> str:
    """Workers killed at random moments, and between any two steps; somebody else is always there, or never."""
    cluster, oracle, dice = stage.cluster(session_s=3), stage.stories.long, stage.dice
    kills = stage.asked.of(KILLS, 3)
    ways: list[str] = []
    with cluster.fed(oracle.story.lines, RATE) as (feeding, watch), ExitStack() as stack:
        if dice.random() < 0.5:
            stack.enter_context(cluster.worker("--instance", "steady"))
        for number in range(kills):
            feeding.aims((number + 1) / (kills + 1))
            point = dice.choice(("", "", "before_commit", "after_commit", "before_ack", "before_send", "after_send"))
            with cluster.worker("--instance", "doomed", faults=_crash(point, dice.randint(1, 8))) as doomed:
                ways.append(_end(doomed, dice) or f"at {point}")
        feeding.finish()
        with cluster.worker("--instance", "doomed"):
            watch.silence_s()
            cluster.knows(oracle)
    return ", ".join(f"{ways.count(way)} {way}" for way in sorted(set(ways)))


def taken_over(stage: "Stage") -> str:
    """With the patience of production: killed, told to go, frozen past the session and thawed."""
    cluster, oracle = stage.cluster(), stage.stories.short
    with ExitStack() as stack, cluster.fed(oracle.story.lines, RATE / 10) as (feeding, watch):
        steady, first, second = (stack.enter_context(cluster.worker()) for _ in range(3))
        feeding.reaches(0.1)
        until(lambda: all(worker.health()[1].get("partitions") for worker in (steady, first, second)))
        watch.silence_s()
        first.kill()
        feeding.reaches(0.3)
        after_kill = watch.silence_s()
        shared(steady, second)
        second.signal(signal.SIGTERM)
        feeding.reaches(0.5)
        after_term = watch.silence_s()
        third = stack.enter_context(cluster.worker())
        shared(steady, third)
        watch.silence_s()
        third.signal(signal.SIGSTOP)
        feeding.reaches(0.7)
        frozen = watch.silence_s()
        time.sleep(stage.asked.of(15, 0))
        third.signal(signal.SIGCONT)
        feeding.finish()
        cluster.knows(oracle)
    told = f"silence {after_kill:.1f} s after SIGKILL, {after_term:.1f} s after SIGTERM, {frozen:.1f} s in a freeze"
    hold(after_kill < TAKE_OVER_S and after_term < LEAVE_S, f"taking over takes too long: {told}")
    return told


def come_and_gone(stage: "Stage") -> str:
    """Workers join and leave, with and without --stay, while others read."""
    cluster, oracle, dice = stage.cluster(), stage.stories.short, stage.dice
    rounds, silences = stage.asked.of(ROUNDS, 1), []
    with cluster.worker("--instance", "steady"), cluster.fed(oracle.story.lines, RATE) as (feeding, watch):
        for number in range(rounds):
            words = ["--stay"] * dice.randint(0, 1)
            feeding.aims((number + 0.5) / (rounds + 1))
            with cluster.worker("--instance", "guest", *words) as guest:
                guest.reads()
                time.sleep(dice.uniform(0, 2))
            feeding.aims((number + 1) / (rounds + 1))
            silences.append((watch.silence_s(), "".join(words) or "leaves"))
        feeding.finish()
        cluster.knows(oracle)
    return "silence " + ", ".join(f"{seconds:.1f} s ({how})" for seconds, how in silences)


def doubled(stage: "Stage") -> str:
    """A second process of the same name, again and again: the older one ends."""
    cluster, oracle = stage.cluster(), stage.stories.short
    rounds = stage.asked.of(ROUNDS, 2)
    with ExitStack() as stack, cluster.fed(oracle.story.lines, RATE) as (feeding, watch):
        older = stack.enter_context(cluster.worker("--instance", "one"))
        for number in range(rounds):
            older.reads()
            feeding.aims((number + 1) / (rounds + 1))
            newer = stack.enter_context(cluster.worker("--instance", "one"))
            hold(older.ended() == Superseded.code, f"the older of two did not give way: {older.told()}")
            older = newer
        feeding.finish()
        longest = watch.silence_s()
        cluster.knows(oracle)
    return f"{rounds} times, longest silence {longest:.1f} s"


def _crash(point: str, pass_: int) -> str:
    return f"{point}=crash@{pass_}" if point else ""


def _end(doomed: Working, dice: Random) -> str:
    """Kill it in start-up, or after a while of work; empty when it came to its fault by itself before."""
    starts, work_s = dice.random() < 0.25, dice.uniform(0, 4)
    if not starts:
        until(lambda: _is_dead(doomed) or bool(doomed.health()[1].get("partitions")))
    end = time.monotonic() + work_s
    while time.monotonic() < end and not _is_dead(doomed):
        time.sleep(0.05)
    found_dead = _is_dead(doomed)
    doomed.kill()
    return "" if found_dead else "in start-up" if starts else "at work"


def _is_dead(worker: Working) -> bool:
    return worker.process.poll() is not None


SCENES = (killed, taken_over, come_and_gone, doubled)
