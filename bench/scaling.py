"""A large plan: what an event costs at 1,000 and at 100,000 members, the bytes of a member, the memory of `serve`."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import mean

from bench import kept, receivers
from bench.answering import SENDERS, caught_up
from bench.measuring import Figure, Size, by_turns, figure
from bench.sending import frame, play
from bench.world import START, Person, Told, crowd, stay
from services.runtime.store.sqlite import SqliteStore
from services.runtime.store.sqlite_connecting import FILE_NAME
from services.runtime.store.sqlite_reader import SqliteReader
from services.wiring.loading import Summary, process

SETTLE_S = 3.0
"""A service that just started frees what starting took."""


def run(size: Size, folder: Path) -> Iterator[Figure]:
    few, many = size.of(1_000, 120), size.of(100_000, 600)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        base = Path(place)
        for members in (few, many):
            _build(base / str(members), members)
        yield from _bytes(base / str(many), many)
        yield from _costs(size, base, few, many)
        yield from _memory(size, base / str(many), many)


def _build(folder: Path, members: int) -> None:
    """A store in which every member has the same history: on the roster, and one stay told by two messages."""
    with kept.store_with(folder, range(members)) as store:
        for first in range(0, members, 5_000):
            numbers = range(first, min(members, first + 5_000))
            kept.keep(store, [line for number in numbers for line in _begin_and_end(Person(number))])
            process(store, kept.pipeline_of(store), Summary())


def _begin_and_end(person: Person) -> Sequence[Told]:
    first, *_, last = stay(person, START, Random(person.number))
    return first, last


def _bytes(folder: Path, members: int) -> Iterator[Figure]:
    with SqliteReader.open(folder) as reader:
        sample = [line for line in reader.lines(reader.head() - 500, 500) if line.kind == "hl7v2"]
        bodies = 2 * mean(len(line.body) for line in sample)
    whole = (folder / FILE_NAME).stat().st_size / members
    told = f"{members:,} members, each one roster row and a stay told by two messages"
    yield Figure("bytes.member", f"on disk, a member ({told})", "bytes", whole, whole, whole, 1)
    yield Figure("bytes.bodies", "of it: the two messages as received", "bytes", bodies, bodies, bodies, 1)


def _costs(size: Size, base: Path, few: int, many: int) -> Iterator[Figure]:
    """Each event is an admission of a member who was left alone until then, so all meet the same history."""
    rounds, events = size.rounds, size.of(160, 10)
    with kept.reopened(base / str(few)) as small, kept.reopened(base / str(many)) as large:
        variants = {
            "few": _Admissions(small, few, (rounds + 1) * events, events).cost,
            "many": _Admissions(large, many, (rounds + 1) * events, events).cost,
        }
        by_turns(variants, 1)  # what is opened, compiled and cached with the first events is paid here
        samples = by_turns(variants, rounds)
    megabytes = {n: (base / str(n) / FILE_NAME).stat().st_size / 1e6 for n in (few, many)}
    for name, members, against in (("few", few, ()), ("many", many, ("few",))):
        what = f"an event, kept and processed, processor time, {members:,} members ({megabytes[members]:,.0f} MB)"
        yield figure(f"event.{name}", what, "µs", samples, key=name, against=against)


class _Admissions:
    """Admissions spread over all members, in runs of the same number."""

    def __init__(self, store: SqliteStore, members: int, events: int, together: int) -> None:
        self._store, self._pipeline, self._together = store, kept.pipeline_of(store), together
        start = kept.now() - timedelta(hours=2)
        numbers = Random(7).sample(range(members), events)
        self._lines = iter([next(stay(Person(n), start, Random(n))) for n in numbers])

    def cost(self) -> float:
        """Microseconds an event, of all threads."""
        lines = [next(self._lines) for _ in range(self._together)]
        start = time.process_time()
        kept.keep(self._store, lines, live=True)
        while self._pipeline.run():
            pass
        return (time.process_time() - start) / len(lines) * 1e6


def _memory(size: Size, folder: Path, members: int) -> Iterator[Figure]:
    events = size.of(10_000, 100)
    since, told = kept.now() - timedelta(days=12), range(0, members, max(1, members // (events // 4)))
    streams = [[frame(line.body) for line in crowd(told[one::SENDERS], since, seed=8)] for one in range(SENDERS)]
    with receivers.started(receivers.serve(folder), folder) as served, SqliteReader.open(folder) as reader:
        time.sleep(SETTLE_S)
        idle = receivers.resident_megabytes(served.process)
        play(served.address, streams)
        caught_up(reader)
        after = receivers.resident_megabytes(served.process)
    for name, megabytes, when in (("idle", idle, "idle"), ("after", after, f"after {sum(map(len, streams)):,} events")):
        what = f"resident memory of serve, {members:,} members, {when}"
        yield Figure(f"memory.{name}", what, "MB", megabytes, megabytes, megabytes, 1)
