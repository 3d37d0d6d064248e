"""The reader of HL7 v2, against other libraries and against `split` alone, which no Python reader can beat.

By processor time: one thread, no disk.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bench.measuring import Figure, Size, by_turns, figure, per_second
from bench.world import START, crowd
from connectors.hl7v2 import Hl7v2Reader
from connectors.hl7v2.book import read_book
from connectors.hl7v2.reader import read_message

_FIELDS = (("MSH", 7), ("MSH", 9), ("MSH", 10), ("EVN", 1), ("EVN", 2), ("EVN", 6), ("PID", 3), ("PID", 5), ("PID", 7),
           ("PV1", 2), ("PV1", 3), ("PV1", 19), ("PV1", 36), ("PV1", 44), ("PV1", 45), ("DG1", 3))  # fmt: skip
RECEIVED = datetime(2025, 6, 1, tzinfo=UTC)


def run(size: Size) -> Iterator[Figure]:
    bodies = [line.body for line in crowd(range(size.of(400, 20)), START, seed=1)]
    texts = [body.decode() for body in bodies]
    reader = Hl7v2Reader(read_book([]).profile_of)

    def ours(items: Sequence[bytes]) -> None:
        for body in items:
            message = read_message(body)
            for segment, field in _FIELDS:
                message.text(segment, field)

    def mapped(items: Sequence[bytes]) -> None:
        for body in items:
            for reading in reader.read("bench", RECEIVED, body):
                assert reading.outcome == "interpreted", reading.problem

    def bare(items: Sequence[bytes]) -> None:
        for body in items:
            for line in body.decode().split("\r"):
                line.split("|")

    variants: dict[str, Callable[[], float]] = {
        "bare split": _rate(bare, bodies),
        "reader.fields": _rate(ours, bodies),
        "reader.mapped": _rate(mapped, bodies),
        "python-hl7": _rate(_python_hl7, texts[: size.of(300, 5)]),
        "hl7apy": _rate(_hl7apy, texts[: size.of(20, 1)]),
    }
    samples = by_turns(variants, size.rounds)
    peers = ("bare split", "python-hl7", "hl7apy")
    yield figure("reader.fields", "read a message, take 16 fields", "messages/s", samples, against=peers)
    yield figure("reader.mapped", "read a message and map it to facts", "messages/s", samples, against=peers)
    for peer, what in (("bare split", "`split` at CR and |, nothing else"), ("python-hl7", "python-hl7 `parse`"),
                       ("hl7apy", "hl7apy `parse_message`, tolerant, no groups")):  # fmt: skip
        yield figure(f"peer.{peer.replace(' ', '_')}", what, "messages/s", samples, key=peer)


def _rate(work: Callable[[Sequence[Any]], None], items: Sequence[Any]) -> Callable[[], float]:
    def run() -> int:
        work(items)
        return len(items)

    return lambda: per_second(run, time.process_time)


def _python_hl7(texts: Sequence[str]) -> None:
    from hl7 import parse

    for text in texts:
        parse(text)


def _hl7apy(texts: Sequence[str]) -> None:
    from hl7apy.consts import VALIDATION_LEVEL
    from hl7apy.parser import parse_message

    for text in texts:
        parse_message(text, validation_level=VALIDATION_LEVEL.TOLERANT, find_groups=False)
