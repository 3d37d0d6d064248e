"""What the plan's roster says of a member: coverage, assignment, risk. Source: contract, `roster`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from models.events import RosterRow, Teller
from models.time import Instant, local_day, start_of_day
from models.view import Owner

FOREVER = date.max


@dataclass(frozen=True, slots=True)
class Listed:
    """One receipt of a roster row."""

    row: RosterRow
    received_at: Instant
    name: str


@dataclass(frozen=True, slots=True)
class Span:
    """Covered by one plan from `start` to `end`, both included; `received_at` is when the plan's row first said so."""

    mcp_id: str
    start: date
    end: date
    received_at: Instant
    name: str


@dataclass(frozen=True, slots=True)
class NewLead:
    """The member's care passes to another lead care manager (not the first): from when, and when we were told."""

    lead_cm_id: str
    since: date
    received_at: Instant
    name: str


class Roster:
    """Everything the roster rows received so far say of one member."""

    def __init__(self, rows: Iterable[tuple[RosterRow, Sequence[Teller]]], zone: ZoneInfo) -> None:
        self._zone = zone
        self.listed = sorted(
            (Listed(row, t.received_at, t.name) for row, tellers in rows for t in tellers),
            key=lambda x: (x.received_at, x.name),
        )
        self.spans = self._spans()

    def _spans(self) -> list[Span]:
        """For each plan its newest row; a row of another plan ends the earlier span the day before it starts."""
        newest: dict[str, Listed] = {}
        first_said: dict[tuple[str, date | None], Listed] = {}
        for listed in self.listed:
            if listed.row.mcp_id:
                newest[listed.row.mcp_id] = listed
                first_said.setdefault((listed.row.mcp_id, listed.row.coverage_start), listed)
        spans: list[Span] = []
        for listed in sorted(newest.values(), key=lambda x: (x.row.coverage_start or date.min, x.received_at, x.name)):
            row, start = listed.row, listed.row.coverage_start or date.min
            if spans and spans[-1].end >= start:
                cut = spans.pop()
                if cut.start < start:
                    spans.append(Span(cut.mcp_id, cut.start, start - timedelta(days=1), cut.received_at, cut.name))
            first = first_said[row.mcp_id, row.coverage_start]
            if row.coverage_end is None or row.coverage_end >= start:
                spans.append(Span(row.mcp_id, start, row.coverage_end or FOREVER, first.received_at, first.name))
        return spans

    def span_on(self, day: date) -> Span | None:
        """The plan that covers a local day."""
        return next((span for span in self.spans if span.start <= day <= span.end), None)

    def _since(self, listed: Listed) -> date:
        row = listed.row
        return row.assigned_on or row.ecm_start or local_day(listed.received_at, self._zone)

    def assignment_on(self, day: date, known_by: Instant | None = None) -> RosterRow | None:
        """The row whose assignment is in force on a local day: the newest received (by an instant) that had begun."""
        for listed in reversed(self.listed):
            if self._since(listed) <= day and (known_by is None or listed.received_at <= known_by):
                row = listed.row
                return row if row.ecm_end is None or day <= row.ecm_end else None
        return None

    def owner(self, at: Instant, mcp_id: str) -> Owner:
        """Who answers at an instant, for the plan that owes the service."""
        row = self.assignment_on(local_day(at, self._zone))
        return Owner(mcp_id, row.ecm_provider_id, row.lead_cm_id) if row else Owner(mcp_id)

    def first_named(
        self, field: Literal["lead_cm_id", "ecm_provider_id"], start: Instant, until: Instant
    ) -> tuple[Instant, str] | None:
        """The first moment from `start` through `until` at which the rows received by then name a value for `field`,
        and the message that told the row.
        """
        moments = {start, *self.changes(), *(x.received_at for x in self.listed)}
        for at in sorted(at for at in moments if start <= at <= max(start, until)):
            row = self.assignment_on(local_day(at, self._zone), at)
            if row and getattr(row, field):
                return at, next(x.name for x in self.listed if x.row == row)
        return None

    def new_leads(self) -> list[NewLead]:
        """Every change of lead care manager that still stands."""
        found = []
        for before, listed in pairwise(self.listed):
            lead, since = listed.row.lead_cm_id, self._since(listed)
            if not lead or not before.row.lead_cm_id or lead == before.row.lead_cm_id:
                continue
            standing = self.assignment_on(since)
            if standing and standing.lead_cm_id == lead:
                found.append(NewLead(lead, since, listed.received_at, listed.name))
        return found

    def risk_on(self, day: date) -> Literal["high", "medium", "lower"]:
        """The newest row received by that local day decides, else the earliest later one.

        A row without a tier: a member enrolled in ECM is high (care-rules §1.3), anybody else lower.
        """
        by_then = [x for x in self.listed if local_day(x.received_at, self._zone) <= day]
        row = (by_then[-1] if by_then else self.listed[0]).row if self.listed else None
        match row.risk_tier if row else "":
            case "high" | "very_high":
                return "high"
            case "medium" | "moderate" | "rising":
                return "medium"
            case "" if row and row.ecm_status == "enrolled":
                return "high"
        return "lower"

    def is_in_ecm(self, day: date) -> bool:
        """Enrolled in Enhanced Care Management on a local day, by the newest row received by then."""
        by_then = [x for x in self.listed if local_day(x.received_at, self._zone) <= day] or self.listed[:1]
        if not by_then:
            return False
        row = by_then[-1].row
        started = row.ecm_start is None or row.ecm_start <= day
        return row.ecm_status == "enrolled" and started and (row.ecm_end is None or day <= row.ecm_end)

    def changes(self) -> list[Instant]:
        """When coverage or assignment change by time alone."""
        days = [span.start for span in self.spans if span.start > date.min]
        days += [span.end + timedelta(days=1) for span in self.spans if span.end < FOREVER]
        days += [self._since(x) for x in self.listed]
        days += [x.row.ecm_end + timedelta(days=1) for x in self.listed if x.row.ecm_end]
        return [start_of_day(day, self._zone) for day in days]
