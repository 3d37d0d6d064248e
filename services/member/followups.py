"""What happened that a rule may answer: occasions, with what starts their clocks and what ends their follow-up."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from models.rule import Clock, Ending, Lack, Rule
from models.time import Instant, local_day, start_of_day
from services.member.deaths import Death
from services.member.occurrences import BEDS, Occurrence
from services.member.others import Inquiry, Others
from services.member.roster import FOREVER, Roster, Span
from services.member.said import Said
from services.member.stays import Folded
from services.timeliness.clocks import Occasion, community

DAY = timedelta(days=1)
FOLLOW_UP = timedelta(days=30)
"""A transition's follow-up runs to D+30 (care-rules §1.6)."""
AGAINST_ADVICE = "07"
End = tuple[Instant, Ending, str]
"""When something ends a follow-up, what does, and the message that told it."""


class FollowUp(msgspec.Struct, frozen=True, eq=False, gc=False):
    """An occasion of one stay, for one plan.

    `name` is the message that told it first, on which task ids hang; `because` all that told it. `retracted` is the
    statement that took it back. `ends` are when each kind of ending comes, past or future, the earliest first.
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
    ends: Sequence[End]
    not_before: Instant | None = None

    def first_end(self, rule: Rule) -> End | None:
        """The earliest of the endings that the rule knows."""
        for end in self.ends:
            if end[1] in rule.ends:
                return end
        return None


class FollowUps:
    """The follow-ups of one stay; `others` is asked for what they need to know of the member's other stays."""

    def __init__(
        self, stay: Folded, others: Inquiry, roster: Roster, death: Death | None, zone: ZoneInfo, as_of: Instant
    ) -> None:
        self._stay, self._others, self._roster, self._death = stay, others, roster, death
        self._zone, self._as_of = zone, as_of

    def __iter__(self) -> Iterator[FollowUp]:
        """Every occasion that a rule may answer, standing or taken back."""
        if is_well_baby(self._stay):
            return
        for occurrence in self._stay.occurrences:
            if not self._is_silent(occurrence):
                yield from self._of(occurrence)
        yield from self._assigned()

    def _is_silent(self, occurrence: Occurrence) -> bool:
        """No admission notice is raised when its clock would start at or after the discharge's (R-69)."""
        if occurrence.event != "admitted":
            return False
        standing = (o for o in self._stay.occurrences if o.event == "discharged" and o.ended_by is None)
        return any(occurrence.told_at >= o.told_at for o in standing if o.patient_class in BEDS)

    def _of(self, occurrence: Occurrence) -> Iterator[FollowUp]:
        # A plan happens when it is made, whenever the member is expected.
        at = occurrence.first.occurred if occurrence.event == "planned" else occurrence.starts_at
        day = local_day(at, self._zone)
        span = self._roster.span_on(day)
        if span:
            yield self._follow_up(occurrence, at, day, span, occurrence.event, occurrence.told_at, None)
        if occurrence.event == "discharged":
            for later in self._taking_over(at, day, span):
                start = start_of_day(later.start, self._zone)
                told_at = max(occurrence.told_at, later.received_at)
                if told_at + DAY <= start:
                    told_at = start  # a plan that knew ahead is told when its time comes
                yield self._follow_up(occurrence, at, day, later, f"takeover:{later.mcp_id}", told_at, start)

    def _taking_over(self, at: Instant, day: date, span: Span | None) -> Iterator[Span]:
        """Another plan that takes the member over within the follow-up (care-rules §1.6, "plan change")."""
        before = span
        for later in self._roster.spans if span else ():
            if day < later.start <= day + FOLLOW_UP and before and later.mcp_id != before.mcp_id:
                next_bed = self._others.ask(Others.next_bed, at, None)
                if not next_bed or next_bed[0] > start_of_day(later.start, self._zone):
                    yield later
                before = later

    def _follow_up(
        self, occurrence: Occurrence, at: Instant, day: date, span: Span, kind: str, told_at: Instant,
        not_before: Instant | None,
    ) -> FollowUp:  # fmt: skip
        stay = self._stay
        starts: dict[Clock, Instant] = {"first_receipt": told_at}
        if occurrence.event == "discharged":
            starts["discharged_at"] = at
        elif occurrence.event in ("admitted", "level_changed"):
            starts["admitted_at"] = at
            standing = stay.replay.discharge
            if standing and occurrence.ended_by is None:
                starts["discharged_at"] = standing.starts_at
        over = occurrence.ended_by.occurred if occurrence.ended_by else self._as_of
        lead_known = self._roster.first_named(
            "lead_cm_id", told_at, min(starts.get("discharged_at", self._as_of), over, self._as_of)
        )
        if lead_known:
            starts["assignment_receipt"] = lead_known[0]
        disposition = stay.replay.discharge.disposition if stay.replay.discharge else ""
        occasion = Occasion(
            event=occurrence.event,
            patient_class=occurrence.patient_class,
            day=day,
            to=self._destination(occurrence, at),
            risk=self._risk(day),
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
            ends=self._ends(at, span),
            not_before=not_before,
        )

    def _assigned(self) -> Iterator[FollowUp]:
        """A new lead care manager during a stay or its follow-up is told of it, from the receipt of the change."""
        stay, start = self._stay, self._stay.stay.admitted_at
        if not stay.is_bed or start is None:
            return
        for new in self._roster.new_leads:
            at = max(start_of_day(new.since, self._zone), start)
            end = stay.ended_at
            over = end + FOLLOW_UP if end else None
            day = local_day(at, self._zone)
            span = self._roster.span_on(day)
            ends = self._ends(end or at, span) if span else []
            closed = ends[0][0] if ends else None
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
                risk=self._risk(day),
                lacks=self._lacks(day, new.received_at),
                left_against_advice=False,
                starts={"first_receipt": max(new.received_at, stay.occurrences[0].told_at)},
            )
            opened = occasion.starts["first_receipt"]
            ends = [end for end in ends if end[1] != "next_stay"]
            yield FollowUp(
                occasion, f"assigned:{new.lead_cm_id}:{stay.stay.stay_id}", at, new.name, opened, (new.name,), stay,
                span.mcp_id, None, ends,
            )  # fmt: skip

    def _destination(self, occurrence: Occurrence, at: Instant) -> Literal["community", "facility", ""]:
        """Where a discharge goes; back to a bed that is held on leave is not home (care-rules §7, 32)."""
        if occurrence.event != "discharged":
            return ""
        held = self._others.ask(Others.holds_bed, at, self._stay)
        return "community" if community(occurrence.disposition) and not held else "facility"

    def _risk(self, day: date) -> str:
        """The roster's tier; a pregnant or delivering member is never at lower risk (S8)."""
        risk = self._roster.risk_on(day)
        return "pregnancy" if risk != "high" and self._others.ask(Others.is_pregnant, self._stay) else risk

    def _lacks(self, day: date, told_at: Instant) -> frozenset[Lack]:
        """What the member had not when the occasion was told: a lead assigned since then is how the lack was met."""
        lacks: set[Lack] = set()
        row = self._roster.assignment_on(day, told_at)
        if row is None or not row.lead_cm_id:
            lacks.add("lead_cm")
        if not self._roster.is_in_ecm(day):
            lacks.add("ecm")
        return frozenset(lacks)

    def _ends(self, at: Instant, span: Span) -> list[End]:
        ends: list[End] = []
        next_bed = self._others.ask(Others.next_bed, at, self._stay)
        if next_bed:
            ends.append((next_bed[0], "next_stay", next_bed[1]))
        if self._death:
            ends.append((self._death.at, "deceased", self._death.name))
        if span.end < FOREVER:
            ends.append((start_of_day(span.end + DAY, self._zone), "coverage_ended", span.name))
        return sorted(ends)


def is_well_baby(stay: Folded) -> bool:
    """A routine newborn has no transition of its own; a sick one has (care-rules §1.2)."""
    newborn = any(s.statement.admission_type == "N" for s in stay.said) or any(c[:3] == "Z38" for c in stay.codes)
    return newborn and not any(c.startswith("P") for c in stay.codes)
