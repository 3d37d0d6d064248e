"""What happened to a member that deadlines may follow from, with what starts their clocks and what ends them.

Source: contract, "Ends of a follow-up" to "Evidence"; care-rules §1.6 and §7.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from models.time import local_day, start_of_day
from services.simulation.believing import Belief, Happening
from services.simulation.deadlines import BEDS, From
from services.simulation.occasion import Occasion
from services.simulation.panel import Panel, Span
from services.simulation.places import ZONE

DAY = timedelta(days=1)
FOLLOW_UP = timedelta(days=30)
EXPIRED = ("20", "40", "41", "42")
NOT_HOME = frozenset({
    "02", "03", "04", "05", "20", "21", "30", "40", "41", "42", "43", "50", "51", "61", "62", "63", "64", "65", "66",
    "70", "82", "83", "84", "85", "87", "88", "89", "90", "91", "92", "93", "94", "95",
})  # fmt: skip
"""Dispositions after which nobody is at home."""


class Occasions:
    """A member's occasions as believed at an instant."""

    def __init__(self, beliefs: Sequence[Belief], panel: Panel, as_of: datetime) -> None:
        self._beliefs, self._panel, self._as_of = beliefs, panel, as_of
        self._spans = panel.spans()
        self._in_bed = [b for b in beliefs if b.legs and b.stay_class in BEDS]
        self._died_at = min((b.discharge.at for b in beliefs if b.discharge and b.disposition in EXPIRED), default=None)

    def all(self) -> Iterator[Occasion]:
        """Everything that happened, and changes of the lead care manager meanwhile."""
        for belief in self._beliefs:
            if belief.visit.newborn:
                continue  # a well baby has no transition of its own
            for happening in belief.happenings:
                if not self._comes_too_late(happening, belief):
                    yield from self._of(happening, belief)
            yield from self._new_leads(belief)

    @staticmethod
    def _comes_too_late(happening: Happening, belief: Belief) -> bool:
        """Nobody is told of an admission that is known no earlier than its discharge."""
        over = belief.discharge
        if happening.event != "admitted" or over is None or over.stay_class not in BEDS:
            return False
        return happening.told_at >= over.told_at

    def _of(self, happening: Happening, belief: Belief) -> Iterator[Occasion]:
        day = local_day(happening.at, ZONE)
        span = self._span_on(day)
        if span is None:
            return
        yield self._occasion(happening, belief, span, happening.told_at, None)
        if happening.event == "discharged":
            for later in self._taking_over(happening, span):
                starts_at = start_of_day(later.first, ZONE)
                told_at = max(happening.told_at, later.told_at)
                if told_at + DAY <= starts_at:
                    told_at = starts_at
                yield self._occasion(happening, belief, later, told_at, starts_at)

    def _span_on(self, day: date) -> Span | None:
        return next((span for span in self._spans if span.first <= day <= span.last), None)

    def _taking_over(self, happening: Happening, span: Span) -> Iterator[Span]:
        """Another plan that takes the member over within thirty days of the discharge, before the next stay."""
        day, plan = local_day(happening.at, ZONE), span.plan
        next_stay = self._next_stay(happening.at, None)
        for later in self._spans:
            if day < later.first <= day + FOLLOW_UP and later.plan != plan:
                plan = later.plan
                if next_stay is None or next_stay > start_of_day(later.first, ZONE):
                    yield later

    def _occasion(
        self, happening: Happening, belief: Belief, span: Span, told_at: datetime,
        not_before: datetime | None,
    ) -> Occasion:  # fmt: skip
        day = local_day(happening.at, ZONE)
        starts: dict[From, datetime] = {"told": told_at}
        if happening.event == "discharged":
            starts["discharged"] = happening.at
        elif happening.event == "admitted" and belief.discharge and not happening.is_retracted:
            starts["discharged"] = belief.discharge.at
        until = min(starts.get("discharged", self._as_of), happening.retracted_at or self._as_of, self._as_of)
        lead_known_at = self._panel.lead_known_at(told_at, until)
        if lead_known_at:
            starts["lead_known"] = lead_known_at
        row = self._panel.assignment(day, told_at)
        return Occasion(
            event=happening.event,
            stay=belief,
            stay_class=happening.stay_class,
            at=happening.at,
            risk=self._risk(belief, day),
            starts=starts,
            ends=self._ends(happening.at, belief, span),
            is_home=happening.event == "discharged" and self._goes_home(happening, belief),
            is_retracted=happening.is_retracted,
            has_lead=bool(row and row.lead),
            gains_lead=lead_known_at is not None,
            in_ecm=self._panel.in_ecm(day),
            against_advice=belief.disposition == "07",
            not_before=not_before,
            faults=frozenset(belief.visit.faults),
        )

    def _goes_home(self, happening: Happening, belief: Belief) -> bool:
        """Home, and not back to a bed that is held."""
        held = any(
            left_at <= happening.at and (back_at is None or happening.at <= back_at)
            for other in self._in_bed
            if other is not belief
            for left_at, back_at in other.leaves
        )
        return happening.disposition not in NOT_HOME and not held

    def _risk(self, belief: Belief, day: date) -> str:
        risk = self._panel.risk(day)
        return "pregnancy" if risk != "high" and self._is_pregnant(belief) else risk

    def _is_pregnant(self, belief: Belief) -> bool:
        """By this stay, or one that ended within the twelve months before it."""
        start = belief.admitted_at
        for other in self._beliefs:
            if not any(code[0] == "O" for code in other.visit.diagnoses):
                continue
            if other is belief:
                return True
            over = other.discharged_at
            if start and over and timedelta(0) <= start - over <= timedelta(days=365):
                return True
        return False

    def _ends(self, at: datetime, belief: Belief, span: Span) -> dict[str, datetime]:
        ends = {}
        next_stay = self._next_stay(at, belief)
        if next_stay:
            ends["next_stay"] = next_stay
        if self._died_at:
            ends["deceased"] = self._died_at
        if span.last < date.max:
            ends["coverage_ended"] = start_of_day(span.last + DAY, ZONE)
        return ends

    def _next_stay(self, at: datetime, belief: Belief | None) -> datetime | None:
        """The next inpatient or SNF bed; one that began during the stay and outlasts it is where the member lies."""
        found = []
        for other in self._in_bed:
            start = other.admitted_at
            if other is belief or start is None:
                continue
            mine = belief.admitted_at if belief else at
            if start >= at:
                found.append(start)
            elif mine and start > mine and (other.discharged_at is None or other.discharged_at > at):
                found.append(at)
        return min(found, default=None)

    def _new_leads(self, belief: Belief) -> Iterator[Occasion]:
        """Another lead care manager during a stay or its open follow-up (the first one is no change)."""
        start, over = belief.admitted_at, belief.discharged_at
        if belief not in self._in_bed or start is None:
            return
        for before, row in zip(self._panel.rows, self._panel.rows[1:], strict=False):
            since = Panel.since(row)
            standing = self._panel.assignment(since)
            if not row.lead or not before.lead or row.lead == before.lead:
                continue
            if not standing or standing.lead != row.lead:
                continue
            at = max(start_of_day(since, ZONE), start)
            day = local_day(at, ZONE)
            span = self._span_on(day)
            if span is None or since < local_day(start, ZONE) or (over and at > over + FOLLOW_UP):
                continue
            ends = self._ends(over or at, belief, span)
            is_over = over is not None and over <= at
            if min(ends.values(), default=at + DAY) <= at or (is_over and belief.disposition in NOT_HOME):
                continue
            yesterday = self._span_on(day - DAY)
            if is_over and yesterday and yesterday.plan != span.plan:
                continue  # the plan that takes over tells its own
            ends.pop("next_stay", None)
            told_at = max(row.received_at, belief.first_told_at)
            yield Occasion(
                "assigned", belief, belief.stay_class, at, self._risk(belief, day), {"told": told_at}, ends,
                faults=frozenset(belief.visit.faults),
            )  # fmt: skip
