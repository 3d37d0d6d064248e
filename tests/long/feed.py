"""Twenty minutes of a made-up exchange through real MLLP ports: two months of 4,000 members, every fault there is.

The service's clock shows the instant of each delivery, so that the truth holds to the second, also that of earlier
instants. At the end `verify` and `score` are clean, and the exported journal makes the same members elsewhere.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path

from services.runtime.store.contract import walk_lines
from services.runtime.store.sqlite_reader import SqliteReader
from services.simulation.journal import write
from services.simulation.recipe import FAULTS, Recipe
from services.simulation.sending import Delivery
from services.simulation.world import World
from tests.end_to_end.running import House, Served
from tests.long import timekeeping
from tests.long.asked import Asked, Failed, hold
from tests.long.dying import Launched, patiently, worker_of
from tests.long.exchange import CONFIG, Exchange
from tests.long.neighbours import Neighbours
from tests.long.timekeeping import Hands
from tests.long.watching import MIB, Sample, growth, held

SECONDS = 20 * 60
STOPS = (0.05, 0.1, 0.9)
"""The service is stopped and started after these shares of it; the long stretch shows whether memory is flat."""
ALLOWED_BYTES = 1_000.0
"""Resident memory a message may cost in the second half of a stretch, where caches with a bound still fill slowly; a
message that is never forgotten costs several times as much once it is read."""
ALLOWED_MOST, ALLOWED_LOG = 400 * MIB, 128 * MIB
_LIFE = 20_000
_LOOK_S = 0.5


def run(asked: Asked, folder: Path) -> Iterator[str]:
    """Play the whole world, then compare what is stored with the truth."""
    recipe = Recipe(asked.of(4_000, 60), asked.of(60, 20), asked.seed, frozenset(FAULTS))
    world = World(recipe)
    truth = folder / "truth.ndjson"
    with truth.open("wb") as file, Path(os.devnull).open("wb") as nowhere:
        write(world, nowhere, file)
    deliveries = world.deliveries()
    yield f"{len(deliveries)} deliveries from {recipe.members} members, {recipe.days} days"
    house = House(folder)
    house.config(CONFIG)
    stage = Stage(asked, house)
    yield from stage.play(deliveries)
    broken: list[str] = []
    checks: list[Callable[[], str]] = [
        *stage.looks(),
        partial(_kept, house, deliveries),
        partial(_verified, house),
        partial(_scored, house, truth),
        partial(_same_elsewhere, house),
    ]
    for check in checks:
        try:
            yield check()
        except Failed as failed:
            broken.append(str(failed))
    hold(not broken, "\n   ".join(broken))


class Stage:
    """The service with a clock that is told, its senders, its neighbours, and somebody who looks at its memory."""

    def __init__(self, asked: Asked, house: House) -> None:
        self._seconds = asked.of(SECONDS, 0)
        self._house, self._drop = house, house.folder / "drop"
        self._clock_file = house.folder / "clock"
        self._hands = Hands(self._clock_file)
        self._drop.mkdir()
        self._exchange = Exchange(self._hands, self._drop, asked.dice("wire"))
        self._dice = asked.dice("neighbours")
        self._ports: list[int] = []
        self._lives: list[tuple[str, list[Sample]]] = []

    def play(self, deliveries: Sequence[Delivery]) -> Iterator[str]:
        """Deliver everything at its pace, with stops in between."""
        began, total = time.monotonic(), len(deliveries)
        marks = [0, *(int(share * total) for share in STOPS), total]
        self._hands.set(deliveries[0].received_at)
        with Neighbours(lambda: self._ports, self._dice) as neighbours:
            for start, end in pairwise(marks):
                with self._served() as served, self._watched(served):
                    self._exchange.connect(served)
                    for number in range(start, end):
                        self._exchange.deliver(deliveries[number])
                        ahead = began + self._seconds * number / total - time.monotonic()
                        if ahead > 0.01:
                            time.sleep(ahead)
                    if end == total:
                        self._exchange.leave_file()
                        self._exchange.all_taken()
                        _caught_up(served)
                    self._exchange.hang_up()
                yield f"{end} deliveries, {self._exchange.sent} messages answered, {time.monotonic() - began:.0f} s"
        troubles = ", ".join(f"{count} {word}" for word, count in sorted(self._exchange.troubles.items()))
        yield f"answers {dict(self._exchange.codes)}; {troubles}; {neighbours.visits} visits of strangers"
        hold(set(self._exchange.codes) <= {"AA"}, f"answers that are no AA: {dict(self._exchange.codes)}")

    @contextmanager
    def _served(self) -> Iterator[Served]:
        place = Launched(self._house, timekeeping, self._clock_file)
        with place.serve("--drop", self._drop, mllp=None) as served:
            self._ports = [port for feed, port in served.ports.items() if feed != "http"]
            yield served
            self._ports = []

    @contextmanager
    def _watched(self, served: Served) -> Iterator[None]:
        """Look at both processes of the service all the time."""
        seen: dict[str, list[Sample]] = {"listener": [], "worker": []}
        over = threading.Event()

        def look() -> None:
            while not over.wait(_LOOK_S):
                processes = {"listener": served.process.pid, "worker": worker_of(served.process.pid)}
                for name, process in processes.items():
                    if process:
                        seen[name].append(held(process, self._exchange.sent, self._house.store))

        watcher = threading.Thread(target=look, name="watcher", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
        self._lives += seen.items()

    def looks(self) -> Iterator[Callable[[], str]]:
        """What is to be judged of every stretch between two stops that was long enough."""
        for name, samples in self._lives:
            if samples and samples[-1].work - samples[0].work >= _LIFE:
                yield partial(_flat, name, samples)


def _flat(name: str, samples: Sequence[Sample]) -> str:
    """Flat memory, a bounded log, the same threads and files at the end as at the beginning."""
    warm = samples[len(samples) // 2 :]  # what a worker remembers of members seen lately is complete by then
    quarter = len(warm) // 4
    slope, most = growth(warm), max(sample.resident_bytes for sample in samples)
    log = max(sample.log_bytes for sample in samples)
    early, late = (
        {word: min(getattr(x, word) for x in part) for word in ("threads", "descriptors")}
        for part in (warm[:quarter], warm[-quarter:])
    )
    told = (
        f"{name} over {samples[-1].work - samples[0].work:.0f} messages: {slope:+.0f} bytes each once warm, at most "
        f"{most / MIB:.0f} MiB, {late['threads']} threads, {late['descriptors']} files, log at most {log / MIB:.0f} MiB"
    )
    hold(slope <= ALLOWED_BYTES and most <= ALLOWED_MOST, f"memory is not flat: {told}")
    hold(log <= ALLOWED_LOG, f"the write-ahead log is not bounded: {told}")
    hold(all(late[word] <= early[word] + 2 for word in early), f"before it was {early}: {told}")
    return told


def _caught_up(served: Served) -> None:
    """Wait as long as it takes, while it goes on."""
    waiting = served.health()[1]["lines_waiting"]
    while waiting:
        time.sleep(5)
        before, waiting = waiting, served.health()[1]["lines_waiting"]
        hold(waiting < before, f"the pipeline stands still with {waiting} lines waiting")


def _kept(house: House, deliveries: Sequence[Delivery]) -> str:
    """Each message that was delivered is in the journal, at the instant of its first delivery, and nothing else is."""
    expected: dict[tuple[str, bytes], float] = {}
    for each in deliveries:
        if each.kind == "hl7v2":
            expected.setdefault((each.feed, each.body), each.received_at.timestamp())
    got: dict[tuple[str, bytes], float] = {}
    with SqliteReader.open(house.store) as reader:
        for line in walk_lines(reader):
            if line.kind == "hl7v2":
                got.setdefault((line.feed, line.body), line.received_at.timestamp())
    wrong = sum(got.get(key) != at for key, at in expected.items())
    hold(not wrong, f"journal: {wrong} messages are missing, or have another instant than that of their delivery")
    hold(got.keys() == expected.keys(), f"journal: {len(got.keys() - expected.keys())} lines that nobody delivered")
    return f"journal: {len(got)} messages, each at the instant of its delivery"


def _verified(house: House) -> str:
    return f"verify: {patiently(house, 'verify').strip()}"


def _scored(house: House, truth: Path) -> str:
    return f"score: {patiently(house, 'score', truth).splitlines()[-1]}"


def _same_elsewhere(house: House) -> str:
    """What `export` writes makes the same members in another store."""
    elsewhere = House(house.folder, "elsewhere")
    journal = patiently(house, "export").encode()
    patiently(elsewhere, "load", "-", stdin=journal)
    at = ("members", "--as-of", "2030-01-01T00:00:00Z", "--json")
    hold(patiently(house, *at) == patiently(elsewhere, *at), "the exported journal makes other members elsewhere")
    return "the exported journal makes the same members elsewhere"
