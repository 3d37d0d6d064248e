"""The journal's appends, against bare rows in SQLite with the same durability: that is all this disk can do."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench import bare
from bench.measuring import Figure, Samples, Size, by_turns, figure
from bench.world import START, crowd
from services.runtime.store.contract import NewLine
from services.runtime.store.sqlite import SqliteStore

IN_FLIGHT = (1, 8, 64)


def bodies_of(count: int) -> list[bytes]:
    """So many different messages."""
    lines = crowd(range(1 + count // 4), START, seed=2)
    assert len(lines) >= count
    return [line.body for line in lines[:count]]


def appends(folder: Path, bodies: Sequence[bytes], senders: int) -> float:
    """Lines a second, by so many senders that each wait for their answer, as the listener's keeper does."""
    place = folder / f"store-{time.monotonic_ns()}"
    with SqliteStore.open(place, now=lambda: datetime.now(UTC)) as store:

        async def sender(mine: Sequence[bytes]) -> None:
            for body in mine:
                line = NewLine("bench", datetime.now(UTC), "hl7v2", body, b"MSA|AA|1")
                await asyncio.wrap_future(store.append([line], once=True))

        async def everybody() -> float:
            start = time.perf_counter()
            await asyncio.gather(*(sender(bodies[one::senders]) for one in range(senders)))
            return len(bodies) / (time.perf_counter() - start)

        return asyncio.run(everybody())


def run(size: Size, folder: Path) -> Iterator[Figure]:
    counts = {1: size.of(600, 20), 8: size.of(2500, 40), 64: size.of(5000, 128)}
    bodies = bodies_of(max(counts.values()))
    variants = {}
    for n in IN_FLIGHT:
        variants[f"append.{n}"] = lambda n=n: appends(folder, bodies[: counts[n]], n)
        variants[f"bare.{n}"] = lambda n=n: bare.lines_alone(folder, bodies[: counts[n]], n)
    samples: Samples = by_turns(variants, size.rounds)
    for n in IN_FLIGHT:
        against = list(dict.fromkeys((f"bare.{n}", "bare.64")))
        yield figure(f"append.{n}", f"append, {n} in flight, group commit", "lines/s", samples, against=against)
    for n in IN_FLIGHT:
        yield figure(f"bare.{n}", f"bare SQLite rows, {n} a transaction, synchronous=FULL", "rows/s", samples)
