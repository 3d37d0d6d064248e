"""Two hundred SIGKILLs of `serve`, or of its worker: in start-up, under load, between two statements, while it stops.

After each one: what was acknowledged is in the journal, once; sent again it gets the answer of the first time. Files
and decisions are taken once, wherever the kill fell. `verify` looks again and again.
"""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Timer

from services.runtime.store.contract import walk_lines
from services.runtime.store.sqlite_reader import SqliteReader
from tests.end_to_end.running import House, adt, outbox_agrees, roster, until
from tests.long import fused
from tests.long.asked import Asked, hold, listed
from tests.long.dying import Doomed, Launched, noted, patiently, serving, worker_of
from tests.long.sending import MEMBERS, Engine

KILLS, BIRTHS, VERIFIED_EVERY = 200, 12, 40
_WAYS = ("load", "load", "load", "statement", "statement", "worker", "start", "stop")
_START_S = 1.5
"""About how long a start takes; kills in start-up are spread over it."""
_FUSE_S = 2.5


def run(asked: Asked, folder: Path) -> Iterator[str]:
    """Kill, start, look; at the end finish everything in peace and count."""
    births = asked.of(BIRTHS, 1)
    for number in range(births):
        _born(asked, number, folder)
    yield f"{births} stores whose making was killed again and again: each starts, and agrees with itself"
    rounds, kills = Rounds(asked, folder), asked.of(KILLS, 4)
    for number in range(1, kills + 1):
        rounds.kill()
        if number % VERIFIED_EVERY == 0:
            rounds.verify()
            engine = rounds.engine
            yield f"{number} kills, {len(engine.answers)} messages acknowledged, {engine.resent} sent again"
    yield rounds.finish()


def _born(asked: Asked, number: int, folder: Path) -> None:
    """The first start of a store, killed at its first statements, then let be."""
    dice, house = asked.dice("birth", number), House(folder, f"born-{number}")
    for _ in range(dice.choice((1, 2, 4))):
        with serving(Launched(house, fused, dice.randrange(60)), folder / "nothing") as served:
            served.kill()
    with serving(house, folder / "nothing") as served:
        hold(served.health()[0] == 200, "a store whose making was killed does not start")
    patiently(house, "verify")


class Rounds:
    """One store, killed again and again, and what its senders know."""

    def __init__(self, asked: Asked, folder: Path) -> None:
        self.dice, self.engine = asked.dice("kills"), Engine(asked.dice("engine"))
        self.house, self.drop = House(folder), folder / "drop"
        self.killed: Counter[str] = Counter()
        self._files: list[list[bytes]] = []
        self._notes: list[bytes] = []
        self._journal: Counter[bytes] = Counter()
        self._seq = 0
        self.house.ok("load", self.house.write("roster.csv", roster(*(f"M{number}" for number in range(MEMBERS)))))

    def kill(self) -> None:
        """Start it, one way or another; look at what it has; send, until it is killed, one way or another."""
        way = self.dice.choice(_WAYS)
        if self.dice.random() < 0.3:
            self._drop_file()
        note = None
        with self._started(way) as served:
            self.killed[way if served.listens else "start"] += 1
            if served.listens:
                self._look()
                self.engine.ask_again(served.port, 3, lambda: served.is_dead)
                note = self._note()
                after_s = _FUSE_S if way == "statement" else self.dice.uniform(0.02, 0.8)
                self._send(served, _end_of(served, way), after_s)
        if note:
            complaint = note.communicate(timeout=60)[1]
            hold(note.returncode == 0, f"`task note` beside a killed service failed: {complaint.decode()}")

    def verify(self) -> None:
        """In peace for a moment."""
        with serving(self.house, self.drop) as served:
            self._look()
            served.caught_up()
            patiently(self.house, "verify")

    def finish(self) -> str:
        """Send again what is left, wait for every file, and count everything once more, from the beginning."""
        with serving(self.house, self.drop) as served:
            self.engine.finish(served.port)
            until(lambda: not [path for path in self.drop.iterdir() if path.is_file() and path.suffix == ".hl7"])
            until(lambda: not list((self.house.store / "inbox").glob("*.ndjson")))
            served.caught_up()
            self._look()
            patiently(self.house, "verify")
            outbox_agrees(self.house)
        orphans = sorted(path.name for path in self.drop.glob("*.done"))
        hold(not orphans, f"drop folder: {listed(orphans)} would vouch for the next file of that name")
        with SqliteReader.open(self.house.store) as reader:
            lines = [line for line in walk_lines(reader) if line.kind != "roster"]
        expected = Counter([*self.engine.answers, *(message for file in self._files for message in file)])
        got = Counter(line.body for line in lines if line.kind == "hl7v2")
        missing, beyond = (expected - got).total(), (got - expected).total()
        hold(got == expected, f"journal: {missing} messages are missing, {beyond} too many")
        hold(len(self.engine.answers) == self.engine.next, "a message was neither acknowledged nor sent again")
        said = [line.body for line in lines if line.kind != "hl7v2"]
        counts = [sum(text in body for body in said) for text in self._notes]
        hold(set(counts) <= {1}, f"decisions: in the journal {listed(counts)} times")
        ways = ", ".join(f"{count} at {way}" for way, count in sorted(self.killed.items()))
        told = f"{len(lines)} lines, {self.engine.resent} sent again"
        return f"{told}, {len(self._files)} files, {len(self._notes)} decisions; killed {ways}"

    def _started(self, way: str) -> Doomed:
        if way == "statement":
            fuse = f"{self.dice.choice(('listener', 'worker', ''))}:{int(10 ** self.dice.uniform(1, 3.2))}"
            return serving(Launched(self.house, fused, fuse), self.drop)
        return serving(self.house, self.drop, after_s=self.dice.uniform(0, _START_S) if way == "start" else None)

    def _send(self, served: Doomed, end: Callable[[], None], after_s: float) -> None:
        timer = Timer(after_s, end)
        timer.start()
        self.engine.play(served.port, lambda: served.is_dead)
        served.process.wait(timeout=60)
        timer.cancel()
        timer.join()

    def _look(self) -> None:
        """Everything acknowledged so far is in the journal, everything in it is there once, and it has no gap."""
        with SqliteReader.open(self.house.store) as reader:
            for line in walk_lines(reader, after=self._seq):
                hold(line.seq == self._seq + 1, f"journal: line {self._seq + 1} is missing")
                self._seq = line.seq
                self._journal[line.body] += 1
                hold(self._journal[line.body] == 1, f"journal: line {line.seq} is there twice")
        lost = self.engine.answers.keys() - self._journal.keys()
        hold(not lost, f"journal: {len(lost)} acknowledged messages are lost")

    def _drop_file(self) -> None:
        """A file of many messages, or one that was taken before; its name is seen only when it is complete."""
        new = [self._in_file(number) for number in range(self.dice.choice((1, 20, 400)))]
        name = f"batch-{len(self._files)}.hl7"
        self._files.append(new)
        unfinished = self.house.write(f"drop/{name}.part", b"".join(new))
        unfinished.rename(self.drop / name)
        if self.dice.random() < 0.7:
            (self.drop / f"{name}.done").touch()

    def _in_file(self, number: int) -> bytes:
        member = f"M{number % MEMBERS}"
        return adt("A08", f"F{len(self._files)}-{number}", member, visit=f"VF-{member}", at=self.engine.began)

    def _note(self) -> "subprocess.Popen[bytes] | None":
        """Now and then somebody writes something about a task."""
        with SqliteReader.open(self.house.store) as reader:
            tasks = reader.tasks()
        if not tasks or self.dice.random() < 0.75:
            return None
        text = f"remark {len(self._notes)}."
        self._notes.append(text.encode())
        return noted(self.house, self.dice.choice(tasks).task_id, text)


def _end_of(served: Doomed, way: str) -> Callable[[], None]:
    def stop() -> None:
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
        served.process.kill()

    def worker_first() -> None:
        if worker := worker_of(served.process.pid):
            os.kill(worker, signal.SIGKILL)
        time.sleep(1.5)  # it is replaced after a second
        served.process.kill()

    return {"stop": stop, "worker": worker_first}.get(way, served.process.kill)
