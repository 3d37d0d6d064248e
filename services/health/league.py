"""Who tells first: of the stays that two feeds share, how many each told of before the other, and how much sooner."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from statistics import median

import msgspec

from models.traffic import Telling


class Pair(msgspec.Struct, frozen=True):
    """Two feeds, in order of name.

    Args:
        stays: that both told of. first, second: of which the one and the other told first; the rest came at once.
        lead_s: the median of the first teller's lead, in seconds.
    """

    feeds: tuple[str, str]
    stays: int
    first: int
    second: int
    lead_s: float


def league(stays: Iterable[Sequence[Telling]]) -> list[Pair]:
    """Compare the feeds of each stay two by two; pairs by the number of stays they share, then by name."""
    leads: dict[tuple[str, str], list[float]] = defaultdict(list)
    for tellings in stays:
        for one, other in combinations(sorted(tellings, key=lambda each: each.feed), 2):
            leads[one.feed, other.feed].append((other.first_at - one.first_at).total_seconds())
    pairs = [
        Pair(feeds, len(all_), sum(s > 0 for s in all_), sum(s < 0 for s in all_), median(map(abs, all_)))
        for feeds, all_ in leads.items()
    ]
    return sorted(pairs, key=lambda pair: (-pair.stays, pair.feeds))
