"""What an append knows of a line before it is in a transaction, and which lines of one call repeat each other."""

from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

import msgspec

from services.runtime.store.contract import NewLine
from services.runtime.store.stamps import MICROSECOND, micros

WITHIN_MICROS = timedelta(days=7) // MICROSECOND
"""How long a live feed repeats itself. Source: R-23."""
_BESIDE_BYTES = 300  # the row of a line, and its entries in indexes


class HashedLine(msgspec.Struct, frozen=True):
    """A line with what the caller's thread can compute, so that the writer need not."""

    line: NewLine
    sha256: bytes
    received_at_micros: int


def weight_of(lines: Sequence[NewLine]) -> int:
    """The bytes that keeping lines writes, about."""
    return sum(len(line.body) + _BESIDE_BYTES for line in lines)


def hashed(line: NewLine) -> HashedLine:
    """Hash a line's body."""
    return HashedLine(line, sha256(line.body).digest(), micros(line.received_at))


def repeats(lines: Sequence[HashedLine], once: Sequence[bool], stored: dict[int, tuple[int, int]]) -> list[int | None]:
    """For each line the seq of the line that it repeats, -(i + 1) where that is `lines[i]`, None where it is new.

    Args:
        once: whether the line repeats what its feed said within seven days before, else what is the same in all.
        stored: by index, (seq, receipt) of the newest line of the journal that it repeats.
    """
    new: dict[tuple[str, bytes], list[tuple[int, str, int]]] = {}  # (receipt, kind, index) of the new ones
    told: list[int | None] = []
    for index, (each, any_kind) in enumerate(zip(lines, once, strict=True)):
        at, kind = each.received_at_micros, each.line.kind
        since = at - WITHIN_MICROS if any_kind else at
        before = new.setdefault((each.line.feed, each.sha256), [])
        here = [(time, -which) for time, kind_, which in before if since <= time <= at and (any_kind or kind_ == kind)]
        newest = max(here, default=None)
        if index in stored and (newest is None or stored[index][1] >= newest[0]):
            told.append(stored[index][0])
        elif newest is not None:
            told.append(newest[1] - 1)
        else:
            before.append((at, kind, index))
            told.append(None)
    return told
