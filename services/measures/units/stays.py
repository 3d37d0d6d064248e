"""Stays, as the builders read them: which settings are meant, and which stays belong together.

Source: care-rules §0.3 and §0.4.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date

import msgspec

from services.measures.items import FOREVER, Index, Item, Period
from services.measures.kinds import KINDS

ACUTE = frozenset({"acute", "psych", "ltach"})
NONACUTE = frozenset({"snf", "irf", "ltc", "sud_res"})
INPATIENT = ACUTE | NONACUTE
OBSERVATION = frozenset({"observation"})
EMERGENCY = frozenset({"emergency"})


class Run(msgspec.Struct, frozen=True, eq=False):
    """Stays that belong together, in order of start.

    Args:
        stays: the first one's id is the key. last: the one that ends last, as far as ends are known.
    """

    stays: tuple[Item, ...]
    last: Item

    @property
    def first(self) -> Item:
        """The stay that began first."""
        return self.stays[0]

    @property
    def is_over(self) -> bool:
        """Whether the discharge that ends it is known."""
        return is_over(self.last)


def run_of(stays: Sequence[Item]) -> Run:
    """Stays in order of start, as one."""
    last = max(stays, key=lambda stay: (known_end(stay), stay.first, stay.id)) if len(stays) > 1 else stays[0]
    return Run(tuple(stays), last)


def held(index: Index, settings: frozenset[str]) -> list[Item]:
    """The stays of some settings that count, in order of start."""
    counts = KINDS["stay"].counts
    return [stay for stay in index.of("stay") if stay.setting in settings and counts(stay)]


def is_over(stay: Item) -> bool:
    """Whether its discharge is known."""
    return stay.last < FOREVER


def known_end(stay: Item) -> int:
    """The day until which a stay is known to go on: a discharge may be lost, and must not swallow all that follows."""
    return stay.last if is_over(stay) else stay.first


def runs(stays: Iterable[Item], within: int) -> Iterator[Run]:
    """Join stays of which the next begins at most so many days after the end of all before: a rolling look-ahead."""
    joined: list[Item] = []
    end = 0
    for stay in stays:
        if joined and stay.first > end + within:
            yield run_of(joined)
            joined = []
        end = max(end, known_end(stay)) if joined else known_end(stay)
        joined.append(stay)
    if joined:
        yield run_of(joined)


def december_first(period: Period) -> int:
    """The last day of discharges whose 30 days lie in the year."""
    return date(date.fromordinal(period.last).year, 12, 1).toordinal()


def in_event_window(day: int, period: Period) -> bool:
    """Whether an event of the day counts: from the period's start to December 1. Source: care-rules §4.0."""
    return period.first <= day <= december_first(period)


def with_any(names: Sequence[str], of: Callable[[Item], frozenset[str]]) -> Callable[[Item], bool]:
    """Whether any of some value sets is in what is read of an item."""
    wanted = frozenset(names)
    return lambda item: not wanted.isdisjoint(of(item))
