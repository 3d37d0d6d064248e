"""Lines in portions that can be worked on: one is a message of a kilobyte, or half a megabyte of a table."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from services.runtime.store.contract import JournalLine, Reader

T = TypeVar("T")

LINES = 250
"""Whatever their size will be: what comes next is known when it is read."""
BYTES = 4 * 1024 * 1024
"""Of bodies; what is made of them takes ten times as much memory."""
_AT_FIRST = 100


def portions(reader: Reader, after: int, last: int) -> Iterator[Sequence[JournalLine]]:
    """Lines with after < seq <= last, in order, as many together as may be."""
    limit = _AT_FIRST
    while after < last:
        lines = reader.lines(after, min(limit, last - after))
        after = lines[-1].seq
        limit = max(1, min(LINES, BYTES * len(lines) // (1 + sum(map(_size, lines)))))
        yield from by_size(lines, _size, BYTES)


def by_size(items: Sequence[T], size: Callable[[T], int], most: int) -> Iterator[Sequence[T]]:
    """Cut items into portions of so much together at most, in their order; what is larger by itself stands alone."""
    portion, total = list[T](), 0
    for item in items:
        if portion and total + size(item) > most:
            yield portion
            portion, total = [], 0
        portion.append(item)
        total += size(item)
    if portion:
        yield portion


def _size(line: JournalLine) -> int:
    return len(line.body)
