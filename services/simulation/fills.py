"""Pharmacy fills: a drug handed over for so many days, perhaps reversed later."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from services.simulation.places import table

HEADER = ("fill_id", "member_id", "fill_date", "ndc", "ingredient", "days_supply", "status")


@dataclass(frozen=True, slots=True)
class Fill:
    """One row of a fill, as received; `drug` names its ingredients, with a stroke between them."""

    id: str
    received_at: datetime
    day: date
    drug: str
    days: int
    status: str = "dispensed"
    faults: frozenset[str] = frozenset()

    def body(self, member_id: str) -> bytes:
        """A file of this row alone."""
        cells = (f"{member_id}-{self.id}", member_id, self.day.isoformat(), "", self.drug, str(self.days), self.status)
        return table(HEADER, [cells])


def standing(fills: Iterable[Fill], at: datetime) -> list[Fill]:
    """The newest row of each fill received by an instant, unless that reverses it, in order of day."""
    newest: dict[str, Fill] = {}
    for fill in fills:
        if fill.received_at <= at and (fill.id not in newest or fill.received_at > newest[fill.id].received_at):
            newest[fill.id] = fill
    return sorted((f for f in newest.values() if f.status != "reversed"), key=lambda fill: (fill.day, fill.id))
