"""`warmhandoff serve` as a user runs it: what a sender waits, how far processing keeps up, how soon a task is out."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from random import Random

import msgspec

from bench import kept
from bench.measuring import Figure, Samples, Size, figure, percentile
from bench.sending import Paced, answer_everything, frame, send_bursts
from bench.storing import bare_rows
from bench.world import Person, Told, crowd, stay
from services.runtime.store.sqlite_reader import SqliteReader

ROOT = Path(__file__).parents[1]
SENDERS = 8
PER_SECOND = 50
PATIENCE_S = 15.0
"""How long a burst's backlog is watched: if it lasts longer, its rate is known by then."""
Address = tuple[str, int]


class Burst(msgspec.Struct, frozen=True):
    """One burst as its senders saw it: messages answered a second, when it began, milliseconds of each answer."""

    rate: float
    began: float
    waits: list[float]


def run(size: Size, folder: Path) -> Iterator[Figure]:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        yield from _bursts(size, Path(place))
        yield from _delay(size, Path(place))


def _bursts(size: Size, base: Path) -> Iterator[Figure]:
    rounds, members = size.of(3, 1), size.of(250, 12)
    crowds = [_crowd(range(n * members, (n + 1) * members), seed=n) for n in range(rounds)]
    flat = [[line for mine in crowd_ for line in mine] for crowd_ in crowds]
    samples: Samples = {"answered": [], "processed": [], "p50": [], "p99": [], "bare.64": [], "bare.1": []}
    samples["echo"] = [burst.rate for burst in _played(_echo(), crowds)]
    with _served(base / "served", rounds * members) as (address, reader):
        played = _played(address, crowds)
        for bodies in flat:
            samples["bare.64"].append(bare_rows(base, bodies, 64))
            samples["bare.1"].append(bare_rows(base, bodies[:400], 1))
            before = reader.cursor()
            burst = next(played)
            done, at = _caught_up(reader)
            samples["answered"].append(burst.rate)
            samples["processed"].append((done - before) / (at - burst.began))
            samples["p50"].append(percentile(burst.waits, 0.5))
            samples["p99"].append(percentile(burst.waits, 0.99))
    told = f"{SENDERS} senders, {len(flat[0])} messages a burst"
    yield figure("served.answered", f"serve: answered AA ({told})", "messages/s", samples, key="answered",
                 against=["echo", "bare.64"])  # fmt: skip
    yield figure("served.processed", "serve: until the task list shows it", "messages/s", samples, key="processed",
                 against=["answered", "bare.64"])  # fmt: skip
    yield figure("served.ack_p50", "serve: an answer takes, half of them", "ms", samples, key="p50")
    yield figure("served.ack_p99", "serve: an answer takes, 99 of 100", "ms", samples, key="p99")
    yield figure("peer.echo", "a receiver that keeps nothing, same senders", "messages/s", samples, key="echo")
    yield figure("peer.rows_1", "bare SQLite rows, one a transaction", "rows/s", samples, key="bare.1")


def _crowd(numbers: range, seed: int) -> list[list[bytes]]:
    """What each sender sends: whole members, so that nobody's messages overtake each other."""
    since = kept.now() - timedelta(days=13)
    return [[line.body for line in crowd(numbers[one::SENDERS], since, seed=seed)] for one in range(SENDERS)]


def _played(address: Address, crowds: Sequence[Sequence[Sequence[bytes]]]) -> Iterator[Burst]:
    """Play one burst for each crowd, when asked for the next."""
    context = get_context("spawn")
    gate, results = context.Barrier(SENDERS + 1), context.Queue()
    senders = []
    for one in range(SENDERS):
        bursts = [[frame(body) for body in crowd_[one]] for crowd_ in crowds]
        senders.append(context.Process(target=send_bursts, args=(address, bursts, gate, results), daemon=True))
        senders[-1].start()
    for crowd_ in crowds:
        gate.wait(timeout=60)
        told = [results.get(timeout=120) for _ in range(SENDERS)]
        began, ended = min(first for first, _, _ in told), max(last for _, last, _ in told)
        yield Burst(sum(map(len, crowd_)) / (ended - began), began, [ms for _, _, waits in told for ms in waits])
    for sender in senders:
        sender.join(timeout=10)


def _echo() -> Address:
    context = get_context("spawn")
    ready = context.Queue()
    context.Process(target=answer_everything, args=(ready,), daemon=True).start()
    return ready.get(timeout=30)


@contextmanager
def _served(folder: Path, members: int) -> Iterator[tuple[Address, SqliteReader]]:
    """The service over a store that knows so many members."""
    with kept.store_with(folder, range(members)):
        pass
    command = [sys.executable, "-c", "from services.cli.main import main; main()", "--store", str(folder)]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WARMHANDOFF_")}
    environment["PYTHONPATH"] = str(ROOT)
    with (folder / "stderr").open("wb") as complaints:
        service = subprocess.Popen(
            [*command, "serve", "--mllp", "127.0.0.1:0", "--http", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=complaints, cwd=folder, env=environment, text=True,
        )  # fmt: skip
    try:
        assert service.stdout is not None
        words = service.stdout.readline().split()
        assert words[:1] == ["mllp"], f"serve did not start: {(folder / 'stderr').read_text()[-500:]}"
        host, _, port = words[1].rpartition(":")
        with SqliteReader.open(folder) as reader:
            yield (host, int(port)), reader
    finally:
        service.terminate()
        try:
            service.wait(timeout=20)
        except subprocess.TimeoutExpired:
            service.kill()


def _caught_up(reader: SqliteReader) -> tuple[int, float]:
    """Wait until everything is processed, or patience ends; give the cursor and when that was."""
    head, start = reader.head(), time.monotonic()
    while (cursor := reader.cursor()) < head and time.monotonic() - start < PATIENCE_S:
        time.sleep(0.005)
    return cursor, time.monotonic()


def _delay(size: Size, base: Path) -> Iterator[Figure]:
    """Small bursts at a steady rate: from the discharge being sent until its task is in the outbox."""
    members = size.of(150, 6)
    lines = [line for number in range(members) for line in _story(number)]
    with _served(base / "paced", members) as (address, reader):
        sender = Paced(address, [line.body for line in lines], 1 / PER_SECOND)
        after = reader.outbox(0, 1)[-1].position if reader.outbox(0, 1) else 0
        sender.start()
        seen = _watched(reader, after, sender)
    names = [sha256(line.body).hexdigest() for line in lines]
    waits = [
        (seen[name] - sent) * 1000
        for name, sent, line in zip(names, sender.sent_at, lines, strict=False)
        if b"|ADT^A03^" in line.body and name in seen
    ]
    missing = members - len(waits)
    what = f"discharge sent → task in the outbox, at {PER_SECOND}/s, {len(waits)} bursts"
    what += f" ({missing} not within {PATIENCE_S:.0f} s)" if missing else ""
    # The span beside a percentile: of the middle half, and from the 90th to the worst.
    quarter, half, three_quarters = (percentile(waits, share) for share in (0.25, 0.5, 0.75))
    yield Figure("delay.p50", f"{what}, half of them", "ms", half, quarter, three_quarters, len(waits))
    nearly_all, most = percentile(waits, 0.99), percentile(waits, 0.9)
    yield Figure("delay.p99", f"{what}, 99 of 100", "ms", nearly_all, most, max(waits), len(waits))


def _story(number: int) -> list[Told]:
    """A bed stay that ended an hour ago; emergency visits raise no task."""
    start, person, seed = kept.now() - timedelta(hours=71), Person(number), number
    while True:
        lines = list(stay(person, start, Random(seed)))
        if b"|ADT^A01^" in lines[0].body:
            return lines
        seed += 1_000_000


def _watched(reader: SqliteReader, after: int, sender: Paced) -> dict[str, float]:
    """When each message was first named by an effect."""
    seen: dict[str, float] = {}
    quiet_since = time.monotonic()
    while sender.is_alive() or (reader.cursor() < reader.head() and time.monotonic() - quiet_since < PATIENCE_S):
        rows = reader.outbox(after, 500)
        now = time.monotonic()
        for row in rows:
            for name in row.effect.because:
                seen.setdefault(name, now)
            after = row.position
        if sender.is_alive():
            quiet_since = now
        time.sleep(0.002)
    for row in reader.outbox(after, 10_000):
        for name in row.effect.because:
            seen.setdefault(name, time.monotonic())
    return seen
