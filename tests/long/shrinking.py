"""Makes what fails smaller, within a time limit: halves, then quarters, then less are left out while it still fails."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def smaller(things: Sequence[T], fails: Callable[[Sequence[T]], bool], *, seconds: float) -> Sequence[T]:
    """A part of the things (bytes, lines) that still fails; all of them when time is short."""
    end, size = time.monotonic() + seconds, max(1, len(things) // 2)
    while time.monotonic() < end:
        start = 0
        while start < len(things) and time.monotonic() < end:
            rest = things[:start] + things[start + size :]  # type: ignore[operator]  # sequences of one type
            if len(rest) and fails(rest):
                things = rest
            else:
                start += size
        if size == 1:
            break
        size = max(1, size // 2)
    return things
