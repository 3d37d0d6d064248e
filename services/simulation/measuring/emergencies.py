"""Measures of emergency visits: follow-up after mental illness and substance use, visits a thousand member months.

Readings of the text: an emergency visit is a local day, that of arrival, with the diagnoses that a stay would have:
those of the newest bill of a hospital, else those that messages told, else those of the newest bill. For `amb_ed` all
causes count, and hospice takes no month away: the contract asks for a covered fifteenth.

Source: care-rules §4.3, §4.6; contract, "ED visits", "Diagnosis of a stay".
"""

from collections.abc import Iterator
from datetime import date, timedelta

from services.simulation.claims import Claim
from services.simulation.codes import among
from services.simulation.measuring.acute_care import emergency_bills
from services.simulation.measuring.counted import counted, in_event_window, tally
from services.simulation.measuring.follow_up import mental_health_visit, substance_visit
from services.simulation.measuring.known import Known
from services.simulation.truth import TrueMeasure

MONTH = timedelta(days=30)
THINNED = timedelta(days=31)


def emergency_days(known: Known) -> dict[date, list[tuple[str, ...]]]:
    """The days on which the member came to an emergency department and went home, and the diagnoses of each visit."""
    told: dict[date, list[tuple[str, ...]]] = {}
    for stay in known.stays:
        if stay.stay_class == "emergency":
            told.setdefault(stay.first, []).append(stay.diagnoses)
    billed: dict[date, list[Claim]] = {}
    for claim in emergency_bills(known):
        billed.setdefault(claim.first, []).append(claim)
    beds = [(stay.first, stay.last or known.today) for stay in known.stays if stay.is_bed]
    return {
        day: _diagnosed(told.get(day, []), billed.get(day, []))
        for day in sorted({*told, *billed})
        if not any(first <= day <= last for first, last in beds)
    }


def _diagnosed(told: list[tuple[str, ...]], bills: list[Claim]) -> list[tuple[str, ...]]:
    """A day's bills are of its first visit, and the hospital's own weigh more than what was said there."""
    newest = sorted(bills, key=lambda claim: claim.received_at, reverse=True)
    if hospital := [claim.diagnoses for claim in newest if claim.bill_type]:
        return [tuple(code for diagnoses in hospital for code in diagnoses), *told[1:]]
    return told or [newest[0].diagnoses]


def mental_illness(known: Known, year: int) -> Iterator[TrueMeasure]:
    """FUM."""
    days = _kept(known, year, 6, "mental-illness", "intentional-self-harm")
    for window in (7, 30):
        until = timedelta(days=window)
        met = (mental_health_visit(known, day, day + until, by_provider=False) for day in days)
        yield tally(f"fum.{window}d", year, met)


def substance_use(known: Known, year: int) -> Iterator[TrueMeasure]:
    """FUA."""
    days = _kept(known, year, 13, "substance-use-disorder", "drug-overdose")
    for window in (7, 30):
        met = (substance_visit(known, day, day + timedelta(days=window)) for day in days)
        yield tally(f"fua.{window}d", year, met)


def _kept(known: Known, year: int, age: int, principal: str, anywhere: str) -> list[date]:
    """Visits for a cause that no admission follows within thirty days; the first, and the next 31 days on."""
    admissions = [stay.first for stay in known.stays if stay.is_bed]
    kept: list[date] = []
    for day, told in emergency_days(known).items():
        if (
            in_event_window(day, year)
            and any(among(dx[:1], principal) or among(dx, anywhere) for dx in told)
            and known.age_on(day) >= age
            and known.is_enrolled(day, day + MONTH)
            and not known.is_excluded(year)
            and not any(day <= first <= day + MONTH for first in admissions)
            and (not kept or day >= kept[-1] + THINNED)
        ):
            kept.append(day)
    return kept


def emergency_use(known: Known, year: int) -> Iterator[TrueMeasure]:
    """AMB-ED: months with a covered fifteenth that is past, and the visits in them."""
    months, visits = 0, 0
    days = emergency_days(known)
    for month in range(1, 13):
        fifteenth = date(year, month, 15)
        if fifteenth >= known.today or not known.span_on(fifteenth):
            continue
        if known.died_on is None or fifteenth <= known.died_on:
            months += 1
            visits += sum((day.year, day.month) == (year, month) for day in days)
    yield counted("amb_ed", year, months, visits)
