"""Workers without Faust: the same taking of batches, handed records by a test instead of a broker."""

import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256

from models.errors import WorldIsAway
from models.time import Instant
from services.runtime.cluster.progress import Progress
from services.runtime.cluster.records import Record
from services.runtime.cluster.rules import adopt_rules
from services.runtime.cluster.taking import Taker
from services.runtime.pipeline import Pipeline
from services.runtime.store.postgres import PostgresStore
from services.wiring.clock import Clock
from services.wiring.setup import Setup
from topics.declared import RAW
from topics.raw import RawLine, encode

PARTITIONS = 4
Log = dict[int, list[Record]]
"""Records by partition, each at its offset."""


def logged(lines: Iterable[RawLine]) -> Log:
    """Lines as a broker would keep them."""
    log: Log = defaultdict(list)
    for line in lines:
        key, value, headers = encode(line)
        number = int.from_bytes(sha256(key).digest()[:4]) % PARTITIONS
        offset = len(log[number])
        log[number].append(Record(RAW.name, number, offset, datetime.now(UTC), key, value, tuple(headers)))
    return log


class Desk:
    """One worker's store, pipeline and taker."""

    def __init__(self, url: str, namespace: str, setup: Setup, name: str) -> None:
        clock = Clock()
        self.store = PostgresStore.join(url, namespace, now=clock)
        adopt_rules(self.store, setup.reference.digest)
        self.pipeline = Pipeline(self.store, setup.readers, setup.reference, clock)
        self.progress = Progress()
        epoch = self.store.raise_epoch(name)
        self.taker = Taker(self.store, self.pipeline, setup.reference.digest, name, epoch, self.progress.lane())
        self.taker.starts = {(RAW.name, number): 0 for number in range(PARTITIONS)}

    def settle(self, as_of: Instant) -> None:
        """Wake everybody who is due."""
        while self._woke(as_of):
            pass

    def _woke(self, as_of: Instant) -> bool:
        try:
            return self.taker.wake(as_of, 50, lambda _: True, 0) > 0
        except WorldIsAway:
            return True  # another one holds somebody: again


@contextmanager
def desks(url: str, namespace: str, setup: Setup, count: int) -> Iterator[list[Desk]]:
    """Some workers of one store."""
    opened = [Desk(url, namespace, setup, f"desk-{number}") for number in range(count)]
    try:
        yield opened
    finally:
        for desk in opened:
            desk.store.close()


def hand_over(log: Log, opened: Sequence[Desk], dice: random.Random) -> None:
    """Hand all records to workers at once, partitions wandering between them, stretches coming again."""
    reached = dict.fromkeys(log, 0)
    guard, failed = threading.Lock(), list[BaseException]()

    def stretches() -> list[Record]:
        """Some records of some partitions: from a place at or before the next one."""
        with guard:
            left = [number for number in log if reached[number] < len(log[number])]
            chosen = dice.sample(left, min(len(left), dice.randint(1, 2)))
            batch = []
            for number in chosen:
                start = max(0, reached[number] - dice.choice([0, 0, 0, 2]))
                end = min(len(log[number]), reached[number] + dice.randint(1, 6))
                reached[number] = end
                batch += log[number][start:end]
            return batch

    def work(desk: Desk, mine: "Callable[[], list[Record]]") -> None:
        try:
            while batch := mine():
                desk.taker.take(batch)
        except BaseException as error:  # noqa: BLE001 - told by the test's thread
            failed.append(error)

    if len(opened) == 1:
        work(opened[0], stretches)
    else:
        # As a group of consumers does it: at any time one worker has a partition, at another time another one.
        shares = [{number: records for number, records in log.items() if number % len(opened) == index}
                  for index in range(len(opened))]  # fmt: skip
        for turn in range(2):
            threads = []
            for index, desk in enumerate(opened):
                share = shares[(index + turn) % len(opened)]
                threads.append(
                    threading.Thread(target=work, args=(desk, _halves(share, turn, random.Random(dice.random()))))
                )
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    if failed:
        raise failed[0]


def _halves(share: Log, turn: int, dice: random.Random) -> Callable[[], list[Record]]:
    """Batches of the first half of some partitions, or of their second, a little of the first again."""
    batches = []
    for records in share.values():
        middle = len(records) // 2
        part = records[:middle] if turn == 0 else records[max(0, middle - 2) :]
        while part:
            size = dice.randint(1, 6)
            batches.append(part[:size])
            part = part[size:]
    return lambda: batches.pop(0) if batches else []
