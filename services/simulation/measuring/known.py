"""What is known of a member at an instant, as measures ask for it: local days, stays with the diagnoses that count.

Readings of the text: a stay's diagnoses are those of the newest unreversed final bill of that stay, else what the
hospital said. Of a stay that no hospital told of only days are known. A death is a discharge with disposition 20 or 40
to 42.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from models.time import local_day
from services.simulation import claims as bills
from services.simulation import fills as pharmacy
from services.simulation import results as laboratory
from services.simulation.believing import Belief
from services.simulation.claims import Claim
from services.simulation.codes import among
from services.simulation.deadlines import BEDS
from services.simulation.deeds import Deed
from services.simulation.dossier import Dossier
from services.simulation.fills import Fill
from services.simulation.occasions import EXPIRED
from services.simulation.panel import Panel, Span
from services.simulation.people import Person
from services.simulation.places import ZONE
from services.simulation.results import Result

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay by its local days; `last` is None while it goes on. `diagnoses` begin with the principal one.

    `begins_at` and `ends_at` are its instants, where a clock was told.
    """

    stay_class: str
    first: date
    last: date | None
    disposition: str
    diagnoses: tuple[str, ...]
    begins_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def is_bed(self) -> bool:
        """Inpatient, acute or not."""
        return self.stay_class in BEDS

    def is_for(self, *names: str) -> bool:
        """Whether the principal diagnosis is in one of some sets."""
        return among(self.diagnoses[:1], *names)


@dataclass(frozen=True, slots=True)
class Known:
    """What had been received of a member by an instant, on the local day `today`; `unseen` stays are among `stays`."""

    person: Person
    today: date
    panel: Panel
    spans: Sequence[Span]
    stays: Sequence[Stay]
    unseen: Sequence[Stay]
    claims: Sequence[Claim]
    fills: Sequence[Fill]
    results: Sequence[Result]
    deeds: Sequence[Deed]
    died_on: date | None

    @classmethod
    def at(
        cls,
        at: datetime,
        person: Person,
        panel: Panel,
        beliefs: Sequence[Belief],
        deeds: Iterable[Deed],
        dossier: Dossier,
    ) -> "Known":
        """Everything about a member that had been received by an instant."""
        claims = bills.standing(dossier.claims, at)
        stays = [_stay(belief, claims) for belief in beliefs if belief.legs and not belief.visit.newborn]
        unseen = [lost for claim in claims if (lost := _unseen(claim, beliefs))]
        stays += unseen
        died = [stay.last for stay in stays if stay.last and stay.disposition in EXPIRED]
        return cls(
            person=person,
            today=local_day(at, ZONE),
            panel=panel,
            spans=panel.spans(),
            stays=sorted(stays, key=lambda stay: (stay.first, stay.last or date.max)),
            unseen=unseen,
            claims=claims,
            fills=pharmacy.standing(dossier.fills, at),
            results=laboratory.standing(dossier.results, at),
            deeds=[deed for deed in deeds if deed.received_at <= at and deed.what != "claim"],
            died_on=min(died, default=None),
        )

    # -- the person ---------------------------------------------------------------------------------------------------

    def age_on(self, day: date) -> int:
        """Whole years."""
        born = self.person.born
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))

    def span_on(self, day: date) -> Span | None:
        """The coverage of a day."""
        return next((span for span in self.spans if span.first <= day <= span.last), None)

    def is_enrolled(self, first: date, last: date) -> bool:
        """Without a gap, in the plan of the last day."""
        span = self.span_on(last)
        return span is not None and span.first <= first

    def is_enrolled_but(self, first: date, last: date, gap_days_max: int = 45) -> bool:
        """The same with one gap, at the beginning, of so many days at most: a plan covers from some day on."""
        span = self.span_on(last)
        return span is not None and (span.first - first).days <= gap_days_max

    def is_covered_but(self, first: date, last: date, gap_days_max: int = 45) -> bool:
        """With one gap of so many days at most, which may be at the end; then by whatever plans there were."""
        if self.span_on(last):
            return self.is_enrolled_but(first, last, gap_days_max)
        gaps, day = [], first
        for span in sorted(self.spans, key=lambda span: span.first):
            if day <= span.last and span.first <= last:
                gaps += [(span.first - day).days] if span.first > day else []
                day = span.last + DAY
        gaps.append((last - day).days + 1)
        return len(gaps) == 1 and gaps[0] <= gap_days_max

    # -- the year -----------------------------------------------------------------------------------------------------

    def is_excluded(self, year: int) -> bool:
        """In hospice, or dead, at any time of the year."""
        return self.in_hospice(year) or (self.died_on is not None and self.died_on.year == year)

    def in_hospice(self, year: int) -> bool:
        """A hospice service in the year."""
        return any(among(claim.procedures, "hospice") for claim in self.claims if claim.first.year == year)

    # -- what happened ------------------------------------------------------------------------------------------------

    def has_visit(self, first: date, last: date) -> bool:
        """An outpatient, telehealth or transitional-care visit that began on one of some days."""
        sets = ("outpatient-or-telehealth", "transitional-care-management")
        return any(among(claim.procedures, *sets) for claim in self.claims if first <= claim.first <= last)

    def diagnosed_on(self, code_set: str, first: date, last: date) -> set[date]:
        """The days of bills with a diagnosis; laboratories do not diagnose."""
        return {
            claim.first
            for claim in self.claims
            if first <= claim.first <= last and claim.place != "81" and among(claim.diagnoses, code_set)
        }


def _unseen(claim: Claim, beliefs: Sequence[Belief]) -> Stay | None:
    """The stay that a bill alone tells of."""
    if claim.admitted_on is None or claim.discharged_on is None:
        return None
    if any(_is_of(claim, belief) for belief in beliefs):
        return None
    return Stay(_class_of(claim), claim.admitted_on, claim.discharged_on, claim.disposition, claim.diagnoses)


def _class_of(claim: Claim) -> str:
    """Of a stay's bill."""
    return "snf" if claim.bill_type.startswith("2") else "inpatient"


def _stay(belief: Belief, claims: Sequence[Claim]) -> Stay:
    begins_at = belief.legs[0].at if belief.stay_class == "emergency" else belief.admitted_at
    assert begins_at is not None
    over = local_day(belief.discharged_at, ZONE) if belief.discharged_at else None
    final = [claim for claim in claims if claim.is_final and _is_of(claim, belief)]
    newest = max(final, key=lambda claim: claim.received_at, default=None)
    diagnoses = newest.diagnoses if newest else belief.visit.diagnoses
    clocks = (None, None) if belief.visit.as_dates else (begins_at, belief.discharged_at)
    return Stay(belief.stay_class, local_day(begins_at, ZONE), over, belief.disposition, diagnoses, *clocks)


def _is_of(claim: Claim, belief: Belief) -> bool:
    """The same class, and admitted at most a day apart."""
    if claim.admitted_on is None or not belief.legs or belief.stay_class != _class_of(claim):
        return False
    assert belief.admitted_at is not None
    return abs((local_day(belief.admitted_at, ZONE) - claim.admitted_on).days) <= 1
