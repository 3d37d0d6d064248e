"""What a criterion is asked about: one person's facts, one period, one unit; and what was found out already."""

from collections.abc import Callable

from services.measures.items import Index, Item, Period
from services.measures.units.unit import Unit

Found = tuple[Item, ...] | None
"""None: not true. Else true, with the facts that made it so (a person's age has none)."""


class Asked:
    """One question's circumstances. Definitions are found once: those that look at the unit once a unit, others once.

    Args:
        unit: None while looking at a definition that no unit bears on.
        whole: where what holds for all units is kept; its own when None.
    """

    __slots__ = ("index", "known", "numbers", "period", "unit", "whole")

    def __init__(self, index: Index, period: Period, unit: Unit | None = None, whole: "Asked | None" = None) -> None:
        self.index, self.period, self.unit = index, period, unit
        self.known: dict[str, Found] = {}
        self.numbers: dict[int, tuple[int, int]] = {}
        self.whole = whole or self

    def of(self, unit: Unit) -> "Asked":
        """The same question about one unit."""
        return Asked(self.index, self.period, unit, self.whole)

    def defined(self, name: str, bound: bool, find: Callable[["Asked"], Found]) -> Found:
        """What a definition finds here."""
        keeper = self if bound else self.whole
        if name not in keeper.known:
            keeper.known[name] = find(keeper)
        return keeper.known[name]
