"""Answers over MLLP: our journal, our service, HAPI HL7v2's listener; the same messages, senders and rounds for all."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from bench import bare, kept, receivers
from bench.measuring import Figure, Samples, Size, figure, missing, percentile
from bench.receivers import NotHere
from bench.sending import Address, frame, play
from bench.world import crowd
from services.runtime.store.sqlite_reader import SqliteReader

SENDERS = 8
WARM_UPS = 10
"""Bursts to a peer in Java before anything is noted: it compiles what it has run often. Others get one."""
PATIENCE_S = 30.0
"""How long a burst's backlog is watched: if it lasts longer, its rate is known by then."""
_WHAT = {
    "journal": "journal only",
    "serve": "serve, pipeline running",
    "hapi": "HAPI HL7v2, answers at once",
    "hapi_file": "HAPI HL7v2, group-committed file",
    "echo": "a receiver that keeps nothing",
}


def run(size: Size, folder: Path) -> Iterator[Figure]:
    rounds, members = size.rounds, size.of(400, 12)
    crowds = [_crowd(range(n * members, (n + 1) * members), seed=n) for n in range(rounds + 1)]
    with tempfile.TemporaryDirectory(dir=folder) as place, ExitStack() as stack:
        base = Path(place)
        for name in ("journal", "serve"):
            with kept.store_with(base / name, range(members * len(crowds))):
                pass
        commands = {
            "echo": receivers.echo(),
            "journal": receivers.journal(base / "journal"),
            "serve": receivers.serve(base / "serve"),
        }
        try:
            libraries = receivers.hapi_libraries(base)
            commands["hapi"] = receivers.hapi(libraries)
            commands["hapi_file"] = receivers.hapi(libraries, str(base / "hapi-log"))
            absent = ""
        except NotHere as why:
            absent = str(why)
        addresses = {
            name: stack.enter_context(receivers.started(command, base / f"{name}-here")).address
            for name, command in commands.items()
        }
        reader = stack.enter_context(SqliteReader.open(base / "serve"))
        samples = _measured(base, crowds, addresses, reader)
    yield from _figures(samples, absent, sum(map(len, crowds[0])))


def _crowd(numbers: range, seed: int) -> list[list[bytes]]:
    """What each sender sends: whole members, so that nobody's messages overtake each other."""
    since = kept.now() - timedelta(days=13)
    return [[frame(line.body) for line in crowd(numbers[one::SENDERS], since, seed=seed)] for one in range(SENDERS)]


def _measured(
    base: Path, crowds: Sequence[Sequence[Sequence[bytes]]], addresses: dict[str, Address], reader: SqliteReader
) -> Samples:
    samples: Samples = {}
    for name, address in addresses.items():
        for _ in range(WARM_UPS if name.startswith("hapi") else 1):
            play(address, crowds[0])
            caught_up(reader)
        samples |= {name: [], f"{name}.p50": [], f"{name}.p99": []}
    samples |= {"processed": [], "bare": []}
    for streams in crowds[1:]:
        bodies = [framed for stream in streams for framed in stream]
        samples["bare"].append(bare.events(base, bodies))
        for name, address in addresses.items():
            before = reader.cursor()
            burst = play(address, streams)
            samples[name].append(burst.rate)
            samples[f"{name}.p50"].append(percentile(burst.waits, 0.5))
            samples[f"{name}.p99"].append(percentile(burst.waits, 0.99))
            if name == "serve":
                done, at = caught_up(reader)
                samples["processed"].append((done - before) / (at - burst.began))
    return samples


def caught_up(reader: SqliteReader) -> tuple[int, float]:
    """Wait until everything is processed, or patience ends; give the cursor and when that was."""
    head, start = reader.head(), time.monotonic()
    while (cursor := reader.cursor()) < head and time.monotonic() - start < PATIENCE_S:
        time.sleep(0.005)
    return cursor, time.monotonic()


def _figures(samples: Samples, absent: str, count: int) -> Iterator[Figure]:
    told = f"{SENDERS} connections, {count} messages a burst"
    peers = [name for name in ("hapi_file", "hapi", "echo") if name in samples]
    for name, what in _WHAT.items():
        if name not in samples:
            yield missing(f"ack.{name}", f"{what}: answered AA", "messages/s", absent)
            continue
        against = peers if name in ("journal", "serve") else ()
        yield figure(f"ack.{name}", f"{what}: answered AA ({told})", "messages/s", samples, key=name, against=against)
        for share in ("p50", "p99"):
            spent = f"{name}.{share}"
            yield figure(f"ack.{spent}", f"{what}: an answer takes, {share}", "ms", samples, key=spent)
    yield figure("served.processed", "serve: sent, answered, processed, all durable", "messages/s", samples,
                 key="processed", against=["bare", "serve"])  # fmt: skip
    what = f"the same rows written bare, {bare.TOGETHER} a transaction, synchronous=FULL"
    yield figure("bare.events", what, "events/s", samples, key="bare")
