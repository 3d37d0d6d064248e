"""A person's facts as measures ask for them: matched with value sets once, on local days, in order of start.

Days are numbers (`date.toordinal()`), so that a window is two of them and a search is a bisection.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from operator import attrgetter
from typing import Literal

import msgspec

from models.owner import Owner
from models.time import Instant
from services.measures.kinds import KINDS

ItemKind = Literal[
    "encounter", "claim", "stay", "condition", "observation", "procedure", "order", "service-order", "device-order",
    "fill", "administration", "coverage", "event", "communication", "device", "allergy",
    "immunization", "task",
]  # fmt: skip

PAST, FOREVER = date.min.toordinal(), date.max.toordinal()
"""The first and last day there is: of what began nobody knows when, and of what has no end."""

NONE: frozenset[str] = frozenset()


class Reading(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A part of an observation: the value sets that its code is in, its number, the sets that its answer is in."""

    sets: frozenset[str]
    number: float | None = None
    answers: frozenset[str] = NONE


class Item(msgspec.Struct, frozen=True, eq=False, gc=False):
    """One thing that happened, equal to itself alone.

    Args:
        id: `claim:C1`, `Observation/bp1`, a stay's id: stable, and what explanations name.
        first, last: its local days; `last` is `FOREVER` while it has no end.
        sets: the value sets that its own codes are in. For an event its type, and `type:outcome`.
        start, end: the instants, where a clock was told.
        number, answered, answers, parts: of observations. `number` also days between etc. where a kind has one.
        dx, principal: value sets of all its diagnoses, and of the first-ranked one.
        setting: acute, psych, sud_res, snf, ltc, irf, ltach, observation, emergency, outpatient, other, "".
        act_class: inpatient, observation, emergency, outpatient, snf, ltc, other for stays; for FHIR encounters
            Encounter.class as written.
        pos, by: value sets of the place of service, of the provider's specialty.
        place: facility id. ended: it has an end. codes: its own codes, for telling days and codes apart.
        names: the messages that told it.
    """

    kind: ItemKind
    id: str
    first: int
    last: int
    sets: frozenset[str] = NONE
    start: Instant | None = None
    end: Instant | None = None
    status: str = ""
    activity: str = ""
    number: float | None = None
    answered: bool = False
    answers: frozenset[str] = NONE
    parts: tuple[Reading, ...] = ()
    dx: frozenset[str] = NONE
    principal: frozenset[str] = NONE
    reasons: frozenset[str] = NONE
    disposition: frozenset[str] = NONE
    discharge_code: str = ""
    side: frozenset[str] = NONE
    setting: str = ""
    act_class: str = ""
    pos: frozenset[str] = NONE
    by: frozenset[str] = NONE
    place: str = ""
    refused: bool = False
    intent: str = ""
    days: int = 0
    ingredients: tuple[str, ...] = ()
    ended: bool = True
    codes: tuple[str, ...] = ()
    detail: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()


class Covered(msgspec.Struct, frozen=True, gc=False):
    """Covered by a plan from `first` to `last`, both included."""

    mcp_id: str
    first: int
    last: int


class Assigned(msgspec.Struct, frozen=True, gc=False):
    """An assignment to an ECM provider: its day, the local day of its first receipt, and the enrolment it states."""

    owner: Owner
    on: int
    received: int
    until: int
    status: str
    enrolled: int | None
    ended: int | None
    name: str


class Person(msgspec.Struct, frozen=True, gc=False):
    """Who the facts are about. `spans` and `assignments` are in order of start; `since` is the first day on which we
    were told of them.
    """

    born: date | None = None
    sex: str = ""
    died: int | None = None
    spans: tuple[Covered, ...] = ()
    assignments: tuple[Assigned, ...] = ()
    strata: tuple[tuple[str, str], ...] = ()
    since: int | None = None

    def plan_on(self, day: int) -> str:
        """The plan that covers a day; "" when none does."""
        for span in self.spans:
            if span.first <= day <= span.last:
                return span.mcp_id
        return ""

    def owner_on(self, day: int) -> Owner:
        """Who answers on a day: the plan that covers it, and the assignment in force."""
        mcp_id = self.plan_on(day)
        for current in reversed(self.assignments):
            if current.on <= day <= current.until:
                return Owner(mcp_id, current.owner.ecm_provider_id, current.owner.lead_cm_id)
        return Owner(mcp_id)


class Period(msgspec.Struct, frozen=True):
    """A reporting period: its name (`2025`) and its days, both included."""

    name: str
    first: int
    last: int


EITHER: dict[str, tuple[ItemKind, ...]] = {"visit": ("encounter", "claim")}
"""Kinds that pages may ask for and that stand for several."""

in_order = attrgetter("first", "last", "id")

OTHERS = "other "
"""Before the name of a kind: those of it whose status does not count."""

Postings = dict[tuple[str, str], tuple[Item, ...]]


class Index:
    """Items by kind and value set, in order of start.

    Args:
        items: in any order. today: the as-of day; nothing here asks a clock.
    """

    def __init__(self, items: Iterable[Item], person: Person, today: int) -> None:
        self.person, self.today = person, today
        self.items = sorted(items, key=in_order)
        found: dict[tuple[str, str], list[Item]] = {}
        for item in self.items:
            for key in _keys(item):
                found.setdefault(key, []).append(item)
        self._of: Postings = {key: tuple(listed) for key, listed in found.items()}

    def of(self, kind: str, value_set: str = "") -> Sequence[Item]:
        """Items of a kind whose status counts and whose codes are in a value set ("" for any), in order of start."""
        return self._of.get((kind, value_set), ())

    def whatever(self, kind: str, value_set: str = "") -> Sequence[Item]:
        """The same, whatever their status."""
        others = self._of.get((OTHERS + kind, value_set), ())
        return sorted((*self.of(kind, value_set), *others), key=in_order) if others else self.of(kind, value_set)

    def successor(self, gone: Sequence[Item], fresh: Sequence[Item], person: Person, today: int) -> "Index":
        """The same index without some items and with others."""
        other = Index((), person, today)
        if len(gone) + len(fresh) > len(self.items) // 2:
            without = {id(item) for item in gone}
            return Index([*(item for item in self.items if id(item) not in without), *fresh], person, today)
        other._of = self._of
        if not gone and not fresh:
            other.items = self.items
            return other
        other.items = _replaced(self.items, gone, fresh)
        other._of = dict(self._of)
        touched: dict[tuple[str, str], tuple[list[Item], list[Item]]] = {}
        for place, changed in enumerate((gone, fresh)):
            for item in changed:
                for key in _keys(item):
                    touched.setdefault(key, ([], []))[place].append(item)
        for key, (out, into) in touched.items():
            other._of[key] = tuple(_replaced(self._of.get(key, ()), out, into))
        return other

    def changed_since(self, before: "Index") -> set[tuple[str, str]]:
        """The kinds and value sets of which there are other items now."""
        if self._of is before._of:
            return set()
        keys = self._of.keys() | before._of.keys()
        return {key for key in keys if self._of.get(key, ()) != before._of.get(key, ())}


def _keys(item: Item) -> Iterator[tuple[str, str]]:
    """Under what an item is found. One whose status does not count is apart, for pages that ask for such."""
    mark = "" if KINDS[item.kind].counts(item) else OTHERS
    for kind in _STANDS_FOR.get(item.kind, (item.kind,)):
        yield mark + kind, ""
        for name in item.sets:
            yield mark + kind, name


_STANDS_FOR: dict[str, tuple[str, ...]] = {
    kind: (kind, *(both for both, kinds in EITHER.items() if kind in kinds)) for kind in ("encounter", "claim")
}


def _replaced(items: Sequence[Item], out: Iterable[Item], into: Iterable[Item]) -> list[Item]:
    """The same in order, without some and with others: each is found where it must lie."""
    found = list(items)
    for item in out:
        place = bisect_left(found, in_order(item), key=in_order)
        while found[place] is not item:
            place += 1
        del found[place]
    for item in into:
        insort(found, item, key=in_order)
    return found


def starting(items: Sequence[Item], first: int, last: int) -> Sequence[Item]:
    """Those of items in order of start that start on one of some days."""
    return items[bisect_left(items, first, key=_first) : bisect_right(items, last, key=_first)]


_first = attrgetter("first")
