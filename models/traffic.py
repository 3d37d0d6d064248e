"""How feeds behave, in counts: what came in a span of time, how soon we answered, which feed told of a stay first."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from models.time import Instant

SLOT = timedelta(minutes=5)
"""The finest span in which messages are counted, by receipt, in slots since 1970 UTC."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

BEYOND = 1_000_000_000
"""The bound of what is over every bound."""
DELAY_BOUNDS_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400, BEYOND)
"""From the sender's clock (MSH-7) to us; a message is counted under the lowest bound that it keeps."""
ANSWER_BOUNDS_MICROS = (
    1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 10_000_000, BEYOND,
)  # fmt: skip
"""From a message's last byte to its answer on the socket."""

SKEW_S = 300
"""A sender's clock that is ahead of ours by more than this is wrong."""


class FeedCount(msgspec.Struct, gc=False):
    """What one feed sent in a span of time that begins at `since`.

    Args:
        messages: all of them; `bytes` of the journal lines that they came in. quarantined: unreadable at first.
        repeated: read, and nothing in them that the feed had not said before (R-22.3). test: other than MSH-11 admits.
        skewed: stamped more than five minutes ahead of our clock. ahead_s: by how much at most.
        last_at: the newest receipt. delays: messages by `DELAY_BOUNDS_S`, of those whose MSH-7 can be read.
    """

    feed: str
    since: Instant
    messages: int = 0
    bytes: int = 0
    quarantined: int = 0
    repeated: int = 0
    test: int = 0
    skewed: int = 0
    ahead_s: int = 0
    last_at: Instant | None = None
    delays: dict[int, int] = msgspec.field(default_factory=dict)


class AnswerCount(msgspec.Struct, frozen=True):
    """How many answers of a feed had this code and took no longer than this; a `repeat` got the stored answer again."""

    code: str
    repeat: bool
    within_micros: int
    answers: int


class Telling(msgspec.Struct, frozen=True):
    """When a feed first told of a stay that another feed told of too."""

    stay_id: str
    feed: str
    first_at: Instant


def slot_begins(at: Instant) -> Instant:
    """When the slot of an instant begins."""
    return at - (at - _EPOCH) % SLOT


def bound_of(value: float, bounds: Sequence[int]) -> int:
    """The lowest bound that a value keeps."""
    return bounds[min(bisect_left(bounds, value), len(bounds) - 1)]


def quantile(counts: Mapping[int, int], share: float, bounds: Sequence[int]) -> float | None:
    """Estimate a quantile of what was counted by bounds, evenly spread between a bound and the next lower one.

    Returns:
        None when nothing was counted; the highest real bound for what lies beyond it.
    """
    wanted = share * sum(counts.values())
    seen = 0
    for lower, bound in zip((0, *bounds), bounds, strict=False):
        here = counts.get(bound, 0)
        if here and seen + here >= wanted:
            return float(lower) if bound == BEYOND else lower + (bound - lower) * max(wanted - seen, 0) / here
        seen += here
    return None
