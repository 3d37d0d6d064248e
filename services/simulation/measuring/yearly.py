"""Measures of a member's year: blood pressure, HbA1c, depression screening.

Readings of the text: of one test's readings on one day the lowest counts; a depression that began the year before
excludes nobody, since there is no such set of codes; for depression alone coverage need not hold on December 31.

Source: care-rules §4.7, §4.8, §4.10.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from services.simulation.codes import among
from services.simulation.measuring.acute_care import in_acute_care
from services.simulation.measuring.counted import counted
from services.simulation.measuring.follow_up import mental_health_visit
from services.simulation.measuring.known import Known
from services.simulation.results import Result, Test
from services.simulation.truth import TrueMeasure


def blood_pressure(known: Known, year: int) -> Iterator[TrueMeasure]:
    """CBP: the last day's lowest reading, on or after the second visit for hypertension."""
    begins, ends = date(year, 1, 1), date(year, 12, 31)
    visits = sorted({
        claim.first
        for claim in known.claims
        if date(year - 1, 1, 1) <= claim.first <= date(year, 6, 30) and claim.place != "81"
        and among(claim.procedures, "outpatient-or-telehealth") and among(claim.diagnoses, "essential-hypertension")
    })  # fmt: skip
    if len(visits) < 2 or not 18 <= known.age_on(ends) <= 85 or not known.is_enrolled_but(begins, ends):
        return
    if known.is_excluded(year) or _nursed(known, year) or known.diagnosed_on("esrd", date.min, ends):
        return
    if any(among(stay.diagnoses, "pregnancy") and _touches(stay.first, stay.last, year) for stay in known.stays):
        return
    readings = [r for r in known.results if not r.in_emergency and not in_acute_care(known, r.at)]
    latest = _latest(readings, "blood_pressure", max(begins, visits[1]), ends)
    systolic = min((reading.values[0] for reading in latest), default=999)
    diastolic = min((reading.values[1] for reading in latest), default=999)
    yield counted("cbp", year, 1, int(systolic < 140 and diastolic < 90))


def _nursed(known: Known, year: int) -> bool:
    """Admitted to a nursing home in the year."""
    return any(stay.stay_class == "snf" and stay.first.year == year for stay in known.stays)


def _touches(first: date, last: date | None, year: int) -> bool:
    return first.year <= year <= (last or date.max).year


def glycemic_status(known: Known, year: int) -> Iterator[TrueMeasure]:
    """GSD: diabetes by two days of diagnosis, or by one and a drug, this year or the one before."""
    begins, ends = date(year, 1, 1), date(year, 12, 31)
    since = date(year - 1, 1, 1)
    days = known.diagnosed_on("diabetes", since, ends)
    drugs = [f for f in known.fills if since <= f.day <= ends and among((f.drug,), "diabetes-medications", "insulin")]
    if len(days) < 2 and not (days and drugs):
        return
    if not 18 <= known.age_on(ends) <= 75 or not known.is_enrolled_but(begins, ends) or known.is_excluded(year):
        return
    latest = _latest(known.results, "hba1c", begins, ends)
    level = min((reading.values[0] for reading in latest), default=None)
    yield counted("gsd.lt8", year, 1, int(level is not None and level < 8))
    yield counted("gsd.gt9", year, 1, int(level is None or level > 9))


def depression(known: Known, year: int) -> Iterator[TrueMeasure]:
    """DSF-E: screened by December 1; and of those first found positive, who was followed up."""
    begins, ends = date(year, 1, 1), date(year, 12, 31)
    if known.age_on(begins) < 12 or not known.is_covered_but(begins, ends) or known.is_excluded(year):
        return
    if known.diagnosed_on("bipolar-disorder", date.min, date(year - 1, 12, 31)):
        return
    screened = [r for r in known.results if r.test in ("phq2", "phq9") and begins <= r.day <= date(year, 12, 1)]
    yield counted("dsf.screening", year, 1, int(bool(screened)))
    positive = min((reading.day for reading in screened if _is_positive(reading)), default=None)
    if positive:
        same_day = any(r.test == "phq9" and r.day == positive and r.values[0] < 10 for r in screened)
        brief = any(r.test == "phq2" and r.day == positive and _is_positive(r) for r in screened)
        seen = mental_health_visit(known, positive, positive + timedelta(days=30), by_provider=False)
        yield counted("dsf.follow_up", year, 1, int(seen or (same_day and brief)))


def _is_positive(reading: Result) -> bool:
    return reading.values[0] >= (3 if reading.test == "phq2" else 10)


def _latest(results: Iterable[Result], test: Test, first: date, last: date) -> list[Result]:
    """All readings of the last day that has any."""
    found = [r for r in results if r.test == test and first <= r.day <= last]
    day = max((reading.day for reading in found), default=None)
    return [reading for reading in found if reading.day == day]
