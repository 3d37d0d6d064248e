"""The process is killed at random moments, and started again on the same store."""

import os
import random
import threading
from collections import Counter, deque
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.runtime.store.sqlite_reader import SqliteReader
from tests.end_to_end.running import House, Served, Wire, adt, outbox_agrees, roster, until

MEMBERS = 30
KILLS = 5
TRIGGERS = ("A01", "A08", "A03")


def seed() -> int:
    """Another one each time, unless one is given to replay a failure."""
    found = int(os.environ.get("SEED", random.randrange(10**6)))
    print(f"replay with SEED={found}")
    return found


def story(number: int) -> bytes:
    """The n-th message of a feed: one visit after the other for each member, all in the past."""
    visit, step = divmod(number // MEMBERS, len(TRIGGERS))
    member, began = f"M{number % MEMBERS}", datetime.now(UTC).replace(microsecond=0) - timedelta(days=80 - 4 * visit)
    at = began + timedelta(hours=12 * step)
    name = f"V{visit}-{member}"
    return adt(TRIGGERS[step], f"C{number}", member, visit=name, at=at, admitted=began)


class Engine:
    """An interface engine: a queue of messages and several connections; what got no answer is sent again."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.next = chance, 0
        self.unanswered: deque[bytes] = deque()
        self.acknowledged: list[bytes] = []
        self.resent = 0
        self._guard = threading.Lock()

    def play(self, served: Served, answers: int) -> None:
        """Send over four connections until `answers` came, then kill the service in the middle of it."""
        self.resent += len(self.unanswered)
        goal = len(self.acknowledged) + answers
        threads = [threading.Thread(target=self._send, args=(served.port,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        until(lambda: len(self.acknowledged) >= goal)
        served.kill()
        for thread in threads:
            thread.join()

    def finish(self, served: Served) -> None:
        """Send again what is left, in peace."""
        self.resent += len(self.unanswered)
        with Wire(served.port) as wire:
            while self.unanswered:
                assert wire.code(self.unanswered[0]) == "AA"
                self.acknowledged.append(self.unanswered.popleft())

    def _send(self, port: int) -> None:
        pipelined = self.chance.choice((1, 1, 5))
        try:
            with Wire(port) as wire:
                while True:
                    messages = self._take(pipelined)
                    answered = 0
                    try:
                        wire.tell(*messages)
                        for message in messages:
                            if wire.answer() is None:
                                return
                            answered += 1
                            with self._guard:
                                self.acknowledged.append(message)
                    finally:
                        with self._guard:
                            self.unanswered.extend(messages[answered:])
        except OSError:
            return

    def _take(self, count: int) -> list[bytes]:
        with self._guard:
            taken = [self.unanswered.popleft() for _ in range(min(count, len(self.unanswered)))]
            while len(taken) < count:
                taken.append(story(self.next))
                self.next += 1
            return taken


def test_five_kills_under_load_lose_and_double_nothing(house: House) -> None:
    chance = random.Random(seed())
    house.ok("load", house.write("roster.csv", roster(*(f"M{number}" for number in range(MEMBERS)))))
    engine = Engine(chance)
    for _ in range(KILLS):
        with house.serve() as served:
            served.caught_up()
            house.ok("verify")
            engine.play(served, chance.randrange(15, 60))
    with house.serve() as served:
        engine.finish(served)
        served.caught_up()
        house.ok("verify")
        outbox_agrees(house)
    journal = [line["body"].encode() for line in house.lines("export") if line["kind"] == "hl7v2"]
    assert Counter(journal).most_common(1)[0][1] == 1
    assert set(engine.acknowledged) == set(journal)
    assert len(engine.acknowledged) == len(set(engine.acknowledged)) == engine.next
    assert engine.resent > 0


def test_a_kill_in_the_middle_of_a_big_file_loses_and_doubles_nothing(house: House, tmp_path: Path) -> None:
    chance = random.Random(seed())
    house.ok("load", house.write("roster.csv", roster(*(f"M{number}" for number in range(MEMBERS)))))
    messages = [story(number) for number in range(3_000)]
    drop = tmp_path / "drop"
    with house.serve("--drop", drop) as served:
        unfinished = house.write("drop/big.hl7.part", b"".join(messages))
        unfinished.rename(drop / "big.hl7")
        (drop / "big.hl7.done").touch()
        kept = chance.randrange(1, 2_500)
        with SqliteReader.open(house.store) as reader:
            until(lambda: reader.head() > kept, pause_s=0)
            served.kill()
            was_cut = reader.head() < len(messages)
    print("killed", "in the middle" if was_cut else "after the end")
    with house.serve("--drop", drop) as served:
        until((drop / "taken" / "big.hl7").exists)
        assert not (drop / "big.hl7.done").exists()
    assert [line["body"].encode() for line in house.lines("export") if line["kind"] == "hl7v2"] == messages
