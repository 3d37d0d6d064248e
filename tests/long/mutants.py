"""A million mutants: all through framing, files and readers, and every fifth through a store.

The n-th mutant of a seed is always the same; `NUMBER=n` judges it alone. Two processes share the work.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import monotonic
from typing import SupportsIndex

import msgspec

from tests.long import bending
from tests.long.asked import Asked, Failed, listed
from tests.long.judging import Judge
from tests.long.mutating import bytes_broken, mutant
from tests.long.piping import piped
from tests.long.pools import pool, samples, tables
from tests.long.shrinking import smaller

MUTANTS, STORES, A_STORE = 1_000_000, 20, 10_000
PROCESSES = 2
_SHARE, _FILE, _SHOWN = 5_000, 20, 8


class Found(msgspec.Struct):
    """What a share of the mutants came to. `failures`: which number broke what."""

    counts: Counter[str]
    slowest: tuple[float, int, int] = (0.0, 0, 0)
    failures: list[tuple[int, str]] = []


def run(asked: Asked, folder: Path) -> Iterator[str]:
    """Judge all mutants, then fill the stores."""
    if not samples():
        yield "the public samples are not here (WARMHANDOFF_CORPORA names their folder): made-up messages only"
    began, total = monotonic(), asked.of(MUTANTS, 4_000)
    shares = [(asked, range(first, min(first + _SHARE, total))) for first in range(0, total, _SHARE)]
    if asked.only:
        shares = [(asked, range(number, number + 1)) for number in asked.only]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as workers:
        whole = Found(Counter())
        for found in workers.map(judged, shares):
            whole.counts += found.counts
            whole.slowest = max(whole.slowest, found.slowest)
            whole.failures += found.failures
        if whole.failures:
            raise Failed(_reported(asked, whole.failures))
        read = sum(len(share) for _, share in shares)
        yield f"{read} mutants read, {monotonic() - began:.0f} s: {_summed(whole.counts)}"
        yield "slowest: {:.1f} ms for {} bytes (mutant {})".format(*whole.slowest)
        if asked.only:
            return
        stores, size = asked.of(STORES, 2), asked.of(A_STORE, 300)
        told: Counter[str] = Counter()
        jobs = [workers.submit(piped, asked, number, size, _made(folder / f"{number}")) for number in range(stores)]
        for job in jobs:
            told += job.result()
        yield f"{stores * size} lines through {stores} stores, verified: {_summed(told)}"


def judged(share: tuple[Asked, range]) -> Found:
    """Judge some numbers; what one of them breaks does not keep the others from being judged."""
    asked, numbers = share
    judge, failures = _judge(), list[tuple[int, str]]()
    judge.counts, judge.slowest = Counter(), (0.0, 0, 0)
    for number in numbers:
        if broken := breaks(judge, asked, number):
            failures.append((number, broken))
    return Found(judge.counts, judge.slowest, failures)


def breaks(judge: Judge, asked: Asked, number: int) -> str:
    """What the mutant of a number breaks, "" for nothing."""
    return _broken(lambda: _judge_one(judge, asked, number))


def _judge_one(judge: Judge, asked: Asked, number: int) -> None:
    if number % 10 == 9:
        kind, body = table(asked, number)
        judge.tabled(kind, body, number)
        return
    body = message(asked, number)
    judge.framed(body, asked.dice("cuts", number))
    judge.read("hl7v2", body, number)
    if number % _FILE == 0:
        judge.filed([message(asked, each) for each in range(number, number + 8)], asked.dice("file", number))


def message(asked: Asked, number: int) -> bytes:
    """The mutant of a number."""
    return mutant(pool(), Random(asked.seed << 32 | number))


def table(asked: Asked, number: int) -> tuple[str, bytes]:
    """The mutated table of a number."""
    dice = Random(asked.seed << 32 | number)
    kind, body = dice.choice(tables())
    for _ in range(dice.choice((1, 1, 2, 5))):
        body = dice.choice((bytes_broken, bytes_broken, bending.time_replaced, _cell))(body, dice)
    return kind, body


def _cell(body: bytes, dice: Random) -> bytes:
    """Another cell, or a canary in its place."""
    cells = body.split(b",")
    others = (*bending.CANARIES, b'"', b'""', b"", b"\n", b"x" * 200_000, b"\xe9", b"=1+1")
    cells[dice.randrange(len(cells))] = dice.choice(others)
    return b",".join(cells)


def _broken(judging: Callable[[], None]) -> str:
    try:
        judging()
    except AssertionError as error:
        return str(error) or "an assertion of ours"
    except Exception as error:  # noqa: BLE001 - that nothing escapes is the promise
        return f"raised {type(error).__name__}"
    return ""


def _reported(asked: Asked, failures: Sequence[tuple[int, str]]) -> str:
    """One example of each failure, made smaller where one message is to blame."""
    kinds: dict[str, list[int]] = {}
    for number, broken in failures:
        kinds.setdefault("".join(sign for sign in broken if not sign.isdigit()), []).append(number)
    told = [f"{len(failures)} mutants break a promise"]
    for numbers in list(kinds.values())[:_SHOWN]:
        number = numbers[0]
        broken = dict(failures)[number]
        replay = f"`make test-long ONLY=mutants SEED={asked.seed} NUMBER={number}`"
        told.append(f"   {broken}: {listed(numbers)}; {replay}")
        told.append(f"      {_smallest(asked, number, broken)!r}")
    return "\n".join(told)


def _smallest(asked: Asked, number: int, broken: str) -> bytes:
    kind, body = table(asked, number) if number % 10 == 9 else ("hl7v2", message(asked, number))
    judge = _judge()

    def fails(part: Sequence[SupportsIndex]) -> bool:
        return _broken(lambda: _read(judge, kind, bytes(part), number))[:25] == broken[:25]

    return bytes(smaller(body, fails, seconds=10)) if fails(body) else body[:2_000]


@cache
def _judge() -> Judge:
    return Judge()


def _read(judge: Judge, kind: str, body: bytes, number: int) -> None:
    judge.read(kind, body, number)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _summed(counts: Counter[str]) -> str:
    plain = (word for word in sorted(counts) if not word.startswith(("because", "flag_")))
    return ", ".join(f"{counts[word]} {word}" for word in plain)
