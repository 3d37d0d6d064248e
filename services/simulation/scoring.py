"""Compare what is listed with what should be: found, missing, extra, by instant, kind and fault."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from services.simulation.listing import Count, settled
from services.simulation.truth import Label, TrueStay, TrueTask

Kind = Literal["stays", "tasks", "measures"]
Item: TypeAlias = tuple[str | datetime | None, ...]
"""(class, status, admitted_at, discharged_at) of a stay, (rule, due_at, state) of a task; (measure, period,
"numerator/denominator", value) of a measure.
"""
Faults: TypeAlias = tuple[str, ...]
KINDS: tuple[Kind, ...] = ("stays", "tasks")
"""What every world has; measures are compared where labels speak of them."""
NO_FAULT = "none"


class Listed(msgspec.Struct, frozen=True):
    """What a store lists of a member.

    Args:
        measures: summed over units; None when it was not asked for them. periods: for which it was; None: for all.
    """

    member_id: str
    stays: Sequence[Item]
    tasks: Sequence[Item]
    measures: Sequence[Count] | None = None
    periods: frozenset[str] | None = None


class Tally(msgspec.Struct):
    """How many were listed as they should be, how many not, and how many beyond."""

    found: int = 0
    missing: int = 0
    extra: int = 0

    def add(self, found: int, missing: int, extra: int) -> None:
        """Count more."""
        self.found += found
        self.missing += missing
        self.extra += extra


class Difference(msgspec.Struct, frozen=True):
    """What should be listed of a member and is not, or the other way round; `faults` are those of the story."""

    as_of: datetime
    member_id: str
    kind: Kind
    expected: Item | None
    listed: Item | None
    faults: Faults


class Score:
    """Counts everything, and keeps the first differences.

    Args:
        keep: how many differences are kept for showing.
    """

    def __init__(self, keep: int) -> None:
        self.by_instant: dict[datetime, dict[Kind, Tally]] = {}
        self.by_fault: dict[str, Tally] = {}
        self.by_measure: dict[str, Tally] = {}
        self.differences: list[Difference] = []
        self._keep = keep

    @property
    def is_clean(self) -> bool:
        """Nothing is missing, nothing is extra."""
        return not any(t.missing or t.extra for tallies in self.by_instant.values() for t in tallies.values())

    def compare(self, as_of: datetime, label: Label | None, listed: Listed | None) -> None:
        """Take in one member at one instant; one of the two may be unknown to the other side."""
        tallies = self.by_instant.setdefault(as_of, {kind: Tally() for kind in KINDS})
        story = label.faults if label else ()
        member_id = label.member_id if label else listed.member_id if listed else ""
        sides: dict[Kind, tuple[list[tuple[Item, Faults]], list[Item]]] = {
            kind: (list(_expected(label, kind)), list(getattr(listed, kind)) if listed else []) for kind in KINDS
        }
        if (listed and listed.measures is not None) or (label and label.periods and not listed):
            expected, shown = settled(
                label, (listed.measures or ()) if listed else (), listed.periods if listed else None
            )
            sides["measures"] = [(item, story) for item in expected], list(shown)
        for kind, (wanted, there) in sides.items():
            found, missing, extra = _matched(wanted, there)
            tallies.setdefault(kind, Tally()).add(len(found), len(missing), len(extra))
            for item, faults in found:
                self._blame(faults, found=1)
                self._measure(kind, item, found=1)
            for difference in _differences(as_of, member_id, kind, missing, extra, story):
                lacks, has = difference.expected is not None, difference.listed is not None
                self._blame(difference.faults, missing=lacks, extra=has)
                self._measure(kind, difference.expected or difference.listed or (), missing=lacks, extra=has)
                if len(self.differences) < self._keep:
                    self.differences.append(difference)

    def _measure(self, kind: Kind, item: Item, *, found: int = 0, missing: int = 0, extra: int = 0) -> None:
        if kind == "measures":
            self.by_measure.setdefault(str(item[0]), Tally()).add(found, missing, extra)

    def _blame(self, faults: Iterable[str], *, found: int = 0, missing: int = 0, extra: int = 0) -> None:
        for fault in faults or (NO_FAULT,):
            self.by_fault.setdefault(fault, Tally()).add(found, missing, extra)


def _differences(
    as_of: datetime, member_id: str, kind: Kind, missing: list[tuple[Item, Faults]], extra: list[Item], story: Faults
) -> Iterator[Difference]:
    """What is missing stands beside what is listed in its place: of the same rule or class, or measure and period."""
    same = 2 if kind == "measures" else 1
    for expected, faults in missing:
        instead = next((item for item in extra if item[:same] == expected[:same]), None)
        if instead:
            extra.remove(instead)
        yield Difference(as_of, member_id, kind, expected, instead, faults)
    for item in extra:
        yield Difference(as_of, member_id, kind, None, item, story)


def _expected(label: Label | None, kind: Kind) -> Iterator[tuple[Item, Faults]]:
    for true in getattr(label, kind) if label else ():
        match true:
            case TrueStay():
                yield (true.stay_class, true.status, true.admitted_at, true.discharged_at), true.faults
            case TrueTask():
                yield (true.rule, true.due_at, true.state), true.faults


def _matched(
    expected: list[tuple[Item, Faults]], listed: list[Item]
) -> tuple[list[tuple[Item, Faults]], list[tuple[Item, Faults]], list[Item]]:
    """Pair equals; each listed item proves one expected item."""
    left = Counter(listed)
    found, missing = [], []
    for item, faults in expected:
        if left[item]:
            left[item] -= 1
            found.append((item, faults))
        else:
            missing.append((item, faults))
    return found, missing, list(left.elements())
