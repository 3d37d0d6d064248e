"""What the roster rows received by an instant say of a member: coverage, assignment, risk.

Source: contract, `roster`.
"""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from models.time import local_day, start_of_day
from services.simulation.places import ZONE
from services.simulation.roster import TIERS, Row


class Span(NamedTuple):
    """Covered by one plan from a day through another; `told_at` is when that beginning was first told."""

    plan: str
    first: date
    last: date
    told_at: datetime


class Panel:
    """What the rows received by an instant say of a member."""

    def __init__(self, rows: list[Row], at: datetime) -> None:
        self.rows = [row for row in rows if row.received_at <= at]

    def spans(self) -> list[Span]:
        """Coverage in order: for each plan its newest row, and a row of another plan ends the span before it."""
        newest = {row.plan: row for row in self.rows}
        found: list[Span] = []
        for row in sorted(newest.values(), key=lambda row: (row.covered_from, row.received_at)):
            if found and found[-1].last >= row.covered_from:
                cut = found.pop()
                if cut.first < row.covered_from:
                    found.append(cut._replace(last=row.covered_from - timedelta(days=1)))
            same = [r for r in self.rows if (r.plan, r.covered_from) == (row.plan, row.covered_from)]
            found.append(Span(row.plan, row.covered_from, row.covered_to or date.max, same[0].received_at))
        return found

    def assignment(self, day: date, received_by: datetime | None = None) -> Row | None:
        """The newest row whose assignment had begun on a local day."""
        told = [row for row in self.rows if received_by is None or row.received_at <= received_by]
        return next((row for row in reversed(told) if self.since(row) <= day), None)

    @staticmethod
    def since(row: Row) -> date:
        """When a row's assignment begins."""
        return row.assigned_on or row.ecm_from or local_day(row.received_at, ZONE)

    def risk(self, day: date) -> str:
        """By the newest row received by that day, else the earliest later one; no tier, but in ECM: high."""
        row = self._on(day)
        if row.tier in TIERS["high"] or (not row.tier and row.in_ecm):
            return "high"
        return "medium" if row.tier in TIERS["medium"] else "lower"

    def in_ecm(self, day: date) -> bool:
        """Enrolled on a local day, by the newest row received by then."""
        row = self._on(day)
        return row.ecm_from is not None and row.ecm_from <= day

    def _on(self, day: date) -> Row:
        return next((row for row in reversed(self.rows) if local_day(row.received_at, ZONE) <= day), self.rows[0])

    def lead_known_at(self, start: datetime, until: datetime) -> datetime | None:
        """The first instant from `start` through `until` at which what had been received names a lead."""
        moments = {start}
        for row in self.rows:
            moments |= {row.received_at, start_of_day(self.since(row), ZONE)}
        for at in sorted(at for at in moments if start <= at <= max(start, until)):
            standing = self.assignment(local_day(at, ZONE), at)
            if standing and standing.lead:
                return at
        return None
