"""How soon a task is out, at a steady rate: from the discharge being sent until its task is in the outbox."""

import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

from bench import kept, receivers
from bench.answering import PATIENCE_S
from bench.measuring import Figure, Size, percentile
from bench.sending import Paced
from bench.world import Person, Told, stay
from services.runtime.store.sqlite_reader import SqliteReader

PER_SECOND = 50


def run(size: Size, folder: Path) -> Iterator[Figure]:
    members = size.of(150, 6)
    lines = [line for number in range(members) for line in _story(number)]
    with tempfile.TemporaryDirectory(dir=folder) as place:
        store = Path(place) / "store"
        with kept.store_with(store, range(members)):
            pass
        with receivers.started(receivers.serve(store), store) as served, SqliteReader.open(store) as reader:
            sender = Paced(served.address, [line.body for line in lines], 1 / PER_SECOND)
            sender.start()
            seen = _watched(reader, sender)
    names = [sha256(line.body).hexdigest() for line in lines]
    waits = [
        (seen[name] - sent) * 1000
        for name, sent, line in zip(names, sender.sent_at, lines, strict=False)
        if b"|ADT^A03^" in line.body and name in seen
    ]
    lost = members - len(waits)
    what = f"discharge sent → task in the outbox, at {PER_SECOND}/s, {len(waits)} bursts"
    what += f" ({lost} not within {PATIENCE_S:.0f} s)" if lost else ""
    # The span beside a percentile: of the middle half, and from the 90th to the worst.
    quarter, half, three_quarters = (percentile(waits, share) for share in (0.25, 0.5, 0.75))
    yield Figure("delay.p50", f"{what}, p50", "ms", half, quarter, three_quarters, len(waits))
    nearly_all, most = percentile(waits, 0.99), percentile(waits, 0.9)
    yield Figure("delay.p99", f"{what}, p99", "ms", nearly_all, most, max(waits), len(waits))


def _story(number: int) -> list[Told]:
    """A bed stay that ended an hour ago; emergency visits raise no task."""
    start, person, seed = kept.now() - timedelta(hours=71), Person(number), number
    while True:
        lines = list(stay(person, start, Random(seed)))
        if b"|ADT^A01^" in lines[0].body:
            return lines
        seed += 1_000_000


def _watched(reader: SqliteReader, sender: Paced) -> dict[str, float]:
    """When each message was first named by an effect."""
    seen: dict[str, float] = {}
    after, quiet_since = 0, time.monotonic()
    while sender.is_alive() or (reader.cursor() < reader.head() and time.monotonic() - quiet_since < PATIENCE_S):
        after = _noted(reader, after, seen)
        if sender.is_alive():
            quiet_since = time.monotonic()
        time.sleep(0.002)
    _noted(reader, after, seen)
    return seen


def _noted(reader: SqliteReader, after: int, seen: dict[str, float]) -> int:
    rows, now = reader.outbox(after, 10_000), time.monotonic()
    for row in rows:
        for name in row.effect.because:
            seen.setdefault(name, now)
    return rows[-1].position if rows else after
