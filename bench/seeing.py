"""How soon a count has moved, at a steady rate: from a discharge being sent until the unit that it makes is counted."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from bench import kept, receivers
from bench.answering import PATIENCE_S, caught_up
from bench.measuring import Figure, Size, percentile
from bench.sending import Paced, frame, play
from bench.world import Person, Told, stay
from models.time import Instant
from services.runtime.store.sqlite_reader import SqliteReader

PER_SECOND = 200
MEASURE = "trc.engagement"
BETWEEN = 40
"""So many other members are spoken of between two messages of one."""
OVERLAP = timedelta(seconds=1)
"""Changes are read in order of their instants, which is nearly that of writing: this far back they are read again."""


def run(size: Size, folder: Path) -> Iterator[Figure]:
    members = size.of(400, 6)
    told, before = interleaved(range(members)), interleaved(range(members, members + BETWEEN))
    with tempfile.TemporaryDirectory(dir=folder) as place:
        store, config = Path(place) / "store", kept.configured(Path(place))
        with kept.store_with(store, range(members + BETWEEN), kept.all_pages()):
            pass
        since = kept.now()
        with receivers.started(receivers.serve(store, config), store) as served, SqliteReader.open(store) as reader:
            play(served.address, [[frame(line.body) for _, line in before]])  # it answers before its pipeline has begun
            caught_up(reader)
            sender = Paced(served.address, [line.body for _, line in told], 1 / PER_SECOND)
            sender.start()
            seen = _watched(reader, sender, since)
            counted = sum(sums.units for key, sums in reader.measure_counts().items()
                          if key.measure == MEASURE and not key.kind)  # fmt: skip
    assert counted == len(seen), "the counters hold each unit that was seen to come, and no other"
    waits = [
        (seen[member] - sent) * 1000
        for (member, line), sent in zip(told, sender.sent_at, strict=False)
        if b"|ADT^A03^" in line.body and member in seen
    ]
    rate = (len(sender.sent_at) - 1) / (sender.sent_at[-1] - sender.sent_at[0])
    what = f"discharge sent → counted in {MEASURE}, every measure page on, at {rate:.0f}/s, {len(waits)} discharges"
    what += f" ({members - len(waits)} not within {PATIENCE_S:.0f} s)" if members > len(waits) else ""
    # The span beside a percentile: of the middle half, and from the 90th to the worst.
    quarter, half, three_quarters = (percentile(waits, share) for share in (0.25, 0.5, 0.75))
    yield Figure("visible.p50", f"{what}, p50", "ms", half, quarter, three_quarters, len(waits))
    nearly_all, most = percentile(waits, 0.99), percentile(waits, 0.9)
    yield Figure("visible.p99", f"{what}, p99", "ms", nearly_all, most, max(waits), len(waits))


def interleaved(members: Sequence[int]) -> list[tuple[str, Told]]:
    """A bed stay of each member, told by messages among those of others."""
    stories = [(number, place, line) for number in members for place, line in enumerate(_story(number))]
    stories.sort(key=lambda one: (one[0] + BETWEEN * one[1], one[0]))
    return [(Person(number).member_id, line) for number, _, line in stories]


def _story(number: int) -> list[Told]:
    """A bed stay that has just ended, or by the last day of the year on which a discharge is one of this measure's."""
    now = kept.now()
    start, person = min(now, datetime(now.year, 12, 1, 12, tzinfo=UTC)) - timedelta(hours=71), Person(number)
    seeds = range(number, number + 10**9, 1_000_000)
    stories = (list(stay(person, start, Random(seed))) for seed in seeds)
    return next(lines for lines in stories if b"|ADT^A01^" in lines[0].body)


def _watched(reader: SqliteReader, sender: Paced, since: Instant) -> dict[str, float]:
    """When each member's first unit of the measure could be read."""
    seen: dict[str, float] = {}
    after, quiet_since = since, time.monotonic()
    while sender.is_alive() or (reader.cursor() < reader.head() and time.monotonic() - quiet_since < PATIENCE_S):
        after = _noted(reader, after, seen)
        if sender.is_alive():
            quiet_since = time.monotonic()
        time.sleep(0.005)
    _noted(reader, since, seen)
    return seen


def _noted(reader: SqliteReader, after: Instant, seen: dict[str, float]) -> Instant:
    changes, now = reader.measure_changes(after - OVERLAP, 0, 1_000_000), time.monotonic()
    for change in changes:
        if change.after and change.after.measure == MEASURE and change.after.denominator:
            seen.setdefault(change.member_id, now)
    return changes[-1].at if changes else after
