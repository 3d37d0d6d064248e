"""What happened that a rule may answer: occasions, with what starts their clocks and what ends their follow-up."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from models.rule import Clock, Ending, Lack, Rule
from models.time import Instant, local_day, start_of_day
from services.member.deaths import Death
from services.member.occurrences import BEDS, Occurrence
from services.member.roster import FOREVER, Roster, Span
from services.member.said import Said
from services.member.stays import Folded
from services.timeliness.clocks import Occasion, community

DAY = timedelta(days=1)
FOLLOW_UP = timedelta(days=30)
"""A transition's follow-up runs to D+30 (care-rules §1.6)."""
AGAINST_ADVICE = "07"
PREGNANCY = re.compile(r"O[0-9]|Z3[3479]")
"""Diagnoses of pregnancy, delivery and the time after it: O00 to O9A, Z33, Z34, Z37, Z39 (care-rules §1.3)."""
POSTPARTUM = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """An occasion of one stay, for one plan.

    `name` is the message that told it first, on which task ids hang; `because` all that told it. `retracted` is the
    statement that took it back. `ends` are when each kind of ending comes, past or future.
    """

    occasion: Occasion
    kind: str
    at: Instant
    name: str
    opened_at: Instant
    because: tuple[str, ...]
    stay: Folded
    mcp_id: str
    retracted: Said | None
    ends: dict[Ending, tuple[Instant, str]]
    not_before: Instant | None = None

    def first_end(self, rule: Rule) -> tuple[Instant, Ending, str] | None:
        """The earliest of the endings that the rule knows."""
        found = [(self.ends[e][0], e, self.ends[e][1]) for e in rule.ends if e in self.ends]
        return min(found, default=None)


class History:
    """A member's stays, roster and death, and the follow-ups that come of them."""

    def __init__(
        self, stays: Sequence[Folded], roster: Roster, death: Death | None, zone: ZoneInfo, as_of: Instant
    ) -> None:
        self._stays, self._roster, self._death, self._zone, self._as_of = stays, roster, death, zone, as_of
        self._beds = [s for s in stays if s.is_bed]
        self._pregnant = [
            s for s in stays if any(PREGNANCY.match(d.code) for x in s.said for d in x.statement.diagnoses)
        ]

    def follow_ups(self) -> Iterator[FollowUp]:
        """Every occasion that a rule may answer, standing or taken back."""
        for stay in self._stays:
            if is_well_baby(stay):
                continue
            for occurrence in stay.occurrences:
                if not self._is_silent(stay, occurrence):
                    yield from self._of(stay, occurrence)
            yield from self._assigned(stay)

    @staticmethod
    def _is_silent(stay: Folded, occurrence: Occurrence) -> bool:
        """No admission notice is raised when its clock would start at or after the discharge's (R-69)."""
        if occurrence.event != "admitted":
            return False
        standing = (o for o in stay.occurrences if o.event == "discharged" and o.ended_by is None)
        return any(occurrence.told_at >= o.told_at for o in standing if o.patient_class in BEDS)

    def _of(self, stay: Folded, occurrence: Occurrence) -> Iterator[FollowUp]:
        # A plan happens when it is made, whenever the member is expected.
        at = occurrence.first.occurred if occurrence.event == "planned" else occurrence.starts_at
        day = local_day(at, self._zone)
        span = self._roster.span_on(day)
        if span:
            yield self._follow_up(stay, occurrence, at, day, span, occurrence.event, occurrence.told_at, None)
        if occurrence.event == "discharged":
            for later in self._taking_over(at, day, span):
                start = start_of_day(later.start, self._zone)
                told_at = max(occurrence.told_at, later.received_at)
                if told_at + DAY <= start:
                    told_at = start  # a plan that knew ahead is told when its time comes
                yield self._follow_up(stay, occurrence, at, day, later, f"takeover:{later.mcp_id}", told_at, start)

    def _taking_over(self, at: Instant, day: date, span: Span | None) -> Iterator[Span]:
        """Another plan that takes the member over within the follow-up (care-rules §1.6, "plan change")."""
        before = span
        for later in self._roster.spans if span else ():
            if day < later.start <= day + FOLLOW_UP and before and later.mcp_id != before.mcp_id:
                next_bed = self._next_stay(at, None)
                if not next_bed or next_bed[0] > start_of_day(later.start, self._zone):
                    yield later
                before = later

    def _follow_up(
        self, stay: Folded, occurrence: Occurrence, at: Instant, day: date, span: Span, kind: str, told_at: Instant,
        not_before: Instant | None,
    ) -> FollowUp:  # fmt: skip
        starts: dict[Clock, Instant] = {"first_receipt": told_at}
        if occurrence.event == "discharged":
            starts["discharged_at"] = at
        elif occurrence.event in ("admitted", "level_changed"):
            starts["admitted_at"] = at
            standing = stay.replay.discharge
            if standing and occurrence.ended_by is None:
                starts["discharged_at"] = standing.starts_at
        lead_known = self._roster.first_named(
            "lead_cm_id", told_at, min(starts.get("discharged_at", self._as_of), self._as_of)
        )
        if lead_known:
            starts["assignment_receipt"] = lead_known[0]
        disposition = stay.replay.discharge.disposition if stay.replay.discharge else ""
        occasion = Occasion(
            event=occurrence.event,
            patient_class=occurrence.patient_class,
            day=day,
            to=self._destination(stay, occurrence, at),
            risk=self._risk(stay, day),
            lacks=self._lacks(day, told_at),
            gains=frozenset({"lead_cm"}) if lead_known else frozenset(),
            left_against_advice=disposition == AGAINST_ADVICE,
            starts=starts,
        )
        return FollowUp(
            occasion=occasion,
            kind=kind,
            at=at,
            name=occurrence.first.name,
            opened_at=told_at,
            because=occurrence.because,
            stay=stay,
            mcp_id=span.mcp_id,
            retracted=occurrence.ended_by,
            ends=self._ends(stay, at, span),
            not_before=not_before,
        )

    def _assigned(self, stay: Folded) -> Iterator[FollowUp]:
        """A new lead care manager during a stay or its follow-up is told of it, from the receipt of the change."""
        start = stay.stay.admitted_at
        if not stay.is_bed or start is None:
            return
        for new in self._roster.new_leads():
            at = max(start_of_day(new.since, self._zone), start)
            end = stay.ended_at
            over = end + FOLLOW_UP if end else None
            day = local_day(at, self._zone)
            span = self._roster.span_on(day)
            ends = self._ends(stay, end or at, span) if span else {}
            closed = min((e[0] for e in ends.values()), default=None)
            if span is None or new.since < local_day(start, self._zone) or (over and at > over):
                continue
            if (closed and closed <= at) or (end and end <= at and not community(stay.stay.disposition)):
                continue
            before = self._roster.span_on(day - timedelta(days=1))
            if end and end <= at and before and before.mcp_id != span.mcp_id:
                continue  # another plan takes over: its own notice tells its own care manager
            occasion = Occasion(
                event="assigned",
                patient_class=stay.stay.patient_class,
                day=day,
                to="",
                risk=self._risk(stay, day),
                lacks=self._lacks(day, new.received_at),
                left_against_advice=False,
                starts={"first_receipt": max(new.received_at, stay.occurrences[0].told_at)},
            )
            opened = occasion.starts["first_receipt"]
            ends = {kind: end for kind, end in ends.items() if kind != "next_stay"}
            yield FollowUp(
                occasion, f"assigned:{new.lead_cm_id}:{stay.stay.stay_id}", at, new.name, opened, (new.name,), stay,
                span.mcp_id, None, ends,
            )  # fmt: skip

    def _destination(self, stay: Folded, occurrence: Occurrence, at: Instant) -> Literal["community", "facility", ""]:
        """Where a discharge goes; back to a bed that is held on leave is not home (care-rules §7, 32)."""
        if occurrence.event != "discharged":
            return ""
        held = any(other is not stay and other.is_on_leave_at(at) for other in self._beds)
        return "community" if community(occurrence.disposition) and not held else "facility"

    def _risk(self, stay: Folded, day: date) -> str:
        """The roster's tier; a pregnant or delivering member is never at lower risk (S8)."""
        risk = self._roster.risk_on(day)
        return "pregnancy" if risk != "high" and self._is_pregnant(stay) else risk

    def _is_pregnant(self, stay: Folded) -> bool:
        """This stay says so, or one that ended within twelve months before it."""
        start = stay.stay.admitted_at
        return any(
            other is stay or (start and other.ended_at and timedelta(0) <= start - other.ended_at <= POSTPARTUM)
            for other in self._pregnant
        )

    def _lacks(self, day: date, told_at: Instant) -> frozenset[Lack]:
        """What the member had not when the occasion was told: a lead assigned since then is how the lack was met."""
        lacks: set[Lack] = set()
        row = self._roster.assignment_on(day, told_at)
        if row is None or not row.lead_cm_id:
            lacks.add("lead_cm")
        if not self._roster.is_in_ecm(day):
            lacks.add("ecm")
        return frozenset(lacks)

    def _ends(self, stay: Folded, at: Instant, span: Span) -> dict[Ending, tuple[Instant, str]]:
        ends: dict[Ending, tuple[Instant, str]] = {}
        next_stay = self._next_stay(at, stay)
        if next_stay:
            ends["next_stay"] = next_stay
        if self._death:
            ends["deceased"] = (self._death.at, self._death.name)
        if span.end < FOREVER:
            ends["coverage_ended"] = (start_of_day(span.end + timedelta(days=1), self._zone), span.name)
        return ends

    def _next_stay(self, at: Instant, stay: Folded | None) -> tuple[Instant, str] | None:
        """The next bed after an instant; one that began earlier but outlasts it is where the member lies already."""
        found = []
        for other in self._beds:
            start = other.stay.admitted_at
            if other is stay or start is None:
                continue
            mine = stay.stay.admitted_at if stay else at
            if start >= at:
                found.append((start, other.occurrences[0].first.name if other.occurrences else ""))
            elif mine and start > mine and (other.ended_at is None or other.ended_at > at):
                found.append((at, other.occurrences[0].first.name if other.occurrences else ""))
        return min(found, default=None)


def is_well_baby(stay: Folded) -> bool:
    """A routine newborn has no transition of its own; a sick one has (care-rules §1.2)."""
    codes = {d.code for s in stay.said for d in s.statement.diagnoses}
    newborn = any(s.statement.admission_type == "N" for s in stay.said) or any(c.startswith("Z38") for c in codes)
    return newborn and not any(c.startswith("P") for c in codes)
