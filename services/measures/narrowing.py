"""What narrows found facts: when they happened, what they say, where and by whom."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

import msgspec

from models.time import Instant
from services.measures.asked import Asked, Found
from services.measures.days import Window
from services.measures.items import FOREVER, Item, starting
from services.measures.saying import days_in_words, uncounted
from services.measures.units.unit import Unit

Keep = Callable[[Sequence[Item], Asked], Sequence[Item]]


class Narrow(msgspec.Struct, frozen=True):
    """One filter: what it asks in words, and which of some facts in order of start it keeps.

    Args:
        words: completes "a visit, ...".
        window: the days within which facts count, for a relation in time; `verb` is what the fact does in them.
        bound: it looks at the unit.
        plain: it goes without saying. refusal: why a fact is not counted, where "counts only" and `words` is clumsy.
    """

    words: str
    keep: Keep
    window: Window | None = None
    bound: bool = False
    plain: bool = False
    verb: str = ""
    refusal: str = ""

    def told(self, asked: Asked | None) -> str:
        """Its words; with dates where somebody is asked about."""
        if asked is None or self.window is None:
            return self.words
        return self.verb + days_in_words(self.window.spans(asked), self.window.words)

    def refused(self, item: Item, asked: Asked) -> str:
        """Why a fact that it refused is not counted."""
        return uncounted(item) if self.plain else self.refusal or f"counts only {self.told(asked)}"


def that(words: str, test: Callable[[Item], bool], *, plain: bool = False, refusal: str = "") -> Narrow:
    """Keep the facts of which something is true, whoever asks."""
    return Narrow(words, lambda items, _: [item for item in items if test(item)], plain=plain, refusal=refusal)


def starts(window: Window) -> Narrow:
    """Keep what starts in a window."""

    def keep(items: Sequence[Item], asked: Asked) -> Sequence[Item]:
        spans = window.spans(asked)
        if len(spans) == 1:
            return starting(items, *spans[0])
        return [item for item in items if any(first <= item.first <= last for first, last in spans)]

    return _relation("starts", window, keep, "")


def ends(window: Window) -> Narrow:
    """Keep what ends in a window; what has no end does not."""

    def keep(items: Sequence[Item], asked: Asked) -> Sequence[Item]:
        spans = window.spans(asked)
        return [
            item for item in items if item.last < FOREVER and any(first <= item.last <= last for first, last in spans)
        ]

    return _relation("ends", window, keep, "ending ")


def overlaps(window: Window) -> Narrow:
    """Keep what shares a day with a window."""

    def keep(items: Sequence[Item], asked: Asked) -> Sequence[Item]:
        spans = window.spans(asked)
        return [item for item in items if any(item.first <= last and first <= item.last for first, last in spans)]

    return _relation("overlaps", window, keep, "at some time ")


def during(window: Window) -> Narrow:
    """Keep what lies in a window whole."""

    def keep(items: Sequence[Item], asked: Asked) -> Sequence[Item]:
        spans = window.spans(asked)
        return [item for item in items if any(first <= item.first and item.last <= last for first, last in spans)]

    return _relation("lies within", window, keep, "all of it ")


def _relation(relation: str, window: Window, keep: Keep, verb: str) -> Narrow:
    return Narrow(f"{relation} {window.words}", keep, window, window.bound, verb=verb)


def within_unit() -> Narrow:
    """Keep what lies within the unit by the clock; by days where no clock was told."""

    def keep(items: Sequence[Item], asked: Asked) -> Sequence[Item]:
        unit = asked.unit
        if unit is None:
            return ()
        around = Around((unit,))
        return [item for item in items if around.holds(item)]

    return Narrow("within the unit by the clock", keep, bound=True)


def within_any(words: str, find: Callable[[Asked], Found], *, bound: bool, inside: bool = True) -> Narrow:
    """Keep what lies within any of some found facts by the clock, or what does not."""

    def keep(items: Sequence[Item], asked: Asked) -> Sequence[Item]:
        around = Around(find(asked) or ())
        return [item for item in items if inside == around.holds(item)]

    said = f"within {words} by the clock"
    if inside:
        return Narrow(said, keep, bound=bound)
    return Narrow(f"not {said}", keep, bound=bound, refusal=f"does not count {said}")


class Around:
    """Facts, or a unit, that others may lie within: by the clock where both have one, else by days. Asked of many."""

    def __init__(self, facts: Sequence[Item | Unit]) -> None:
        self._days = _Spans((fact.first, fact.last) for fact in facts)
        self._dated = _Spans((fact.first, fact.last) for fact in facts if fact.start is None)
        self._ended = _Spans((fact.start, fact.end) for fact in facts if fact.start and fact.end)
        # It goes on, or only the day of its end was told.
        self._going = [fact for fact in facts if fact.start and fact.end is None]

    def holds(self, item: Item) -> bool:
        """Whether it lies within any of them."""
        start = item.start
        if start is None:
            return self._days.hold(item.first, item.last)
        return (
            self._ended.hold(start, item.end or start)
            or self._dated.hold(item.first, item.last)
            or any(fact.start and fact.start <= start and item.last <= fact.last for fact in self._going)
        )


T = TypeVar("T", int, Instant)


class _Spans(Generic[T]):
    """Spans by their starts, with the latest end so far: whether any holds another is one search."""

    def __init__(self, spans: Iterable[tuple[T, T]]) -> None:
        ordered = sorted(spans)
        self._starts: list[T] = [start for start, _ in ordered]
        self._ends: list[T] = list(accumulate((end for _, end in ordered), max))

    def hold(self, start: T, end: T) -> bool:
        place = bisect_right(self._starts, start)
        return place > 0 and end <= self._ends[place - 1]


def outside(words: str, find: Callable[[Asked], Found], *, bound: bool) -> Narrow:
    """Keep what shares no day with any of some found facts."""

    def keep(items: Sequence[Item], asked: Asked) -> Sequence[Item]:
        taken = [(a.first, a.last) for a in find(asked) or ()]
        return [i for i in items if not any(i.first <= last and first <= i.last for first, last in taken)]

    return Narrow(f"on no day of {words}", keep, bound=bound, refusal=f"shares a day with {words}")


def bounds(above: float | None, below: float | None, at_least: float | None) -> Callable[[float], bool]:
    """A test of numbers; what is None does not bound."""
    low = float("-inf") if above is None else above
    high = float("inf") if below is None else below
    least = float("-inf") if at_least is None else at_least
    return lambda number: low < number < high and number >= least


def within(names: Collection[str], of: Callable[[Item], frozenset[str]]) -> Callable[[Item], bool]:
    """A test whether a field's value sets have any of the names."""
    wanted = frozenset(names)
    return lambda item: not wanted.isdisjoint(of(item))
