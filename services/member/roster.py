"""What the plan's roster says of a member: coverage, assignment, risk. Source: contract, `roster`."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from models.events import RosterRow, Teller
from models.owner import Owner
from models.time import Instant, local_day, start_of_day

FOREVER = date.max


class Listed(msgspec.Struct, frozen=True, gc=False):
    """One receipt of a roster row: on which local day it came, and from which on its assignment is in force."""

    row: RosterRow
    received_at: Instant
    name: str
    received_on: date
    since: date


class Span(msgspec.Struct, frozen=True, gc=False):
    """Covered by one plan from `start` to `end`, both included; `received_at` is when the plan's row first said so."""

    mcp_id: str
    start: date
    end: date
    received_at: Instant
    name: str


class NewLead(msgspec.Struct, frozen=True, gc=False):
    """The member's care passes to another lead care manager (not the first): from when, and when we were told."""

    lead_cm_id: str
    since: date
    received_at: Instant
    name: str


class Roster:
    """Everything the roster rows received so far say of one member."""

    def __init__(self, rows: Iterable[tuple[RosterRow, Sequence[Teller]]], zone: ZoneInfo) -> None:
        self._zone = zone
        told = ((row, t.received_at, t.name) for row, tellers in rows for t in tellers)
        self.listed = [_listed(*x, zone) for x in sorted(told, key=lambda x: (x[1], x[2]))]
        self.spans = self._spans()
        self.moments = sorted({*self._changes(), *(x.received_at for x in self.listed)})
        """When coverage or assignment change by time alone, and when a row was received."""
        self._days_of_receipt = [x.received_on for x in self.listed]
        self.new_leads = self._changes_of_lead()
        self._owners: dict[tuple[Instant, str], Owner] = {}

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

    def assignment_on(self, day: date, known_by: Instant | None = None) -> RosterRow | None:
        """The row whose assignment is in force on a local day: the newest received (by an instant) that had begun."""
        for listed in reversed(self.listed):
            if listed.since <= day and (known_by is None or listed.received_at <= known_by):
                row = listed.row
                return row if row.ecm_end is None or day <= row.ecm_end else None
        return None

    def owner(self, at: Instant, mcp_id: str) -> Owner:
        """Who answers at an instant, for the plan that owes the service."""
        if (at, mcp_id) not in self._owners:
            row = self.assignment_on(local_day(at, self._zone))
            self._owners[at, mcp_id] = Owner(mcp_id, row.ecm_provider_id, row.lead_cm_id) if row else Owner(mcp_id)
        return self._owners[at, mcp_id]

    def first_named(
        self, field: Literal["lead_cm_id", "ecm_provider_id"], start: Instant, until: Instant
    ) -> tuple[Instant, str] | None:
        """The first moment from `start` through `until` at which the rows received by then name a value for `field`,
        and the message that told the row.
        """
        after = bisect_right(self.moments, start)
        for at in (start, *self.moments[after : bisect_right(self.moments, until, after)]):
            row = self.assignment_on(local_day(at, self._zone), at)
            if row and getattr(row, field):
                return at, next(x.name for x in self.listed if x.row == row)
        return None

    def _changes_of_lead(self) -> list[NewLead]:
        """Every change of lead care manager that still stands."""
        found = []
        for before, listed in pairwise(self.listed):
            lead, since = listed.row.lead_cm_id, listed.since
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
        row = self._row_received_by(day)
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
        row = self._row_received_by(day)
        if row is None:
            return False
        started = row.ecm_start is None or row.ecm_start <= day
        return row.ecm_status == "enrolled" and started and (row.ecm_end is None or day <= row.ecm_end)

    def _row_received_by(self, day: date) -> RosterRow | None:
        """The newest row received by a local day, else the earliest later one."""
        by_then = bisect_right(self._days_of_receipt, day)
        return self.listed[max(by_then - 1, 0)].row if self.listed else None

    def _changes(self) -> list[Instant]:
        days = [span.start for span in self.spans if span.start > date.min]
        days += [span.end + timedelta(days=1) for span in self.spans if span.end < FOREVER]
        days += [x.since for x in self.listed]
        days += [x.row.ecm_end + timedelta(days=1) for x in self.listed if x.row.ecm_end]
        return [start_of_day(day, self._zone) for day in days]


def _listed(row: RosterRow, received_at: Instant, name: str, zone: ZoneInfo) -> Listed:
    received_on = local_day(received_at, zone)
    return Listed(row, received_at, name, received_on, row.assigned_on or row.ecm_start or received_on)
