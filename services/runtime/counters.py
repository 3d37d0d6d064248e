"""Counters of measures against what they were counted from: each must be the sum of the members' contributions."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import msgspec

from models.measure import CounterKey, Sums
from services.member.counting import Counters, counted, joined
from services.runtime.store.contract import Batch, Store, walk_members
from services.runtime.workset import Member, thaw_member

CHUNK = 500


def recounted(members: Iterable[Member]) -> Counters:
    """Count members' contributions from nothing."""
    found: Counters = {}
    for member in members:
        joined(found, counted(member.view.measures))
    return found


def counter_differences(
    stored: Mapping[CounterKey, Sums], right: Mapping[CounterKey, Sums]
) -> Iterator[tuple[str, int, int]]:
    """(path, stored, recounted) of every sum that differs; a path is like `counters.cbp|1|2025|PLANA|P1|L1.numerator`,
    with the stratum behind the owner.
    """
    for key in sorted(stored.keys() | right.keys()):
        before, after = (msgspec.structs.asdict(each.get(key, Sums())) for each in (stored, right))
        name = "|".join(msgspec.structs.astuple(key)).rstrip("|")
        yield from ((f"counters.{name}.{sum_}", n, after[sum_]) for sum_, n in before.items() if n != after[sum_])


def correct_counters(store: Store) -> None:
    """Make the counters what the stored views come to."""
    members, right = walk_members(store), Counters()
    while ids := list(islice(members, CHUNK)):
        joined(right, recounted(thaw_member(row, {}) for row in store.members(ids).values()))
    joined(right, {key: -sums for key, sums in store.measure_counts().items()})
    if right:
        store.commit(Batch(counters=right))
