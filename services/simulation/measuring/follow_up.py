"""Visits that follow up on mental illness or substance use."""

from datetime import date

from services.simulation.claims import Claim
from services.simulation.codes import among
from services.simulation.measuring.known import Known

_PLACES = ("outpatient-place", "telehealth-place", "partial-hospitalization-place", "community-mental-health-center")


def mental_health_visit(known: Known, first: date, last: date, *, by_provider: bool) -> bool:
    """A behavioural-health visit for mental illness; `by_provider`: or with a mental-health provider, for anything."""
    return any(
        among(claim.diagnoses, "mental-illness", "intentional-self-harm")
        or (by_provider and among((claim.specialty,), "mental-health-provider"))
        for claim in known.claims
        if first <= claim.first <= last and _is_behavioral(claim)
    )


def substance_visit(known: Known, first: date, last: date) -> bool:
    """The same for substance use or an overdose, or a drug for it handed over."""
    visited = any(
        among(claim.diagnoses, "substance-use-disorder", "drug-overdose")
        or among((claim.specialty,), "mental-health-provider")
        for claim in known.claims
        if first <= claim.first <= last and _is_behavioral(claim)
    )
    return visited or any(
        among((fill.drug,), "aud-oud-medications") for fill in known.fills if first <= fill.day <= last
    )


def _is_behavioral(claim: Claim) -> bool:
    """In a place for it; an outpatient visit, a call or a telehealth visit anywhere."""
    behavioral = among(claim.procedures, "behavioral-health-visit") and among((claim.place,), *_PLACES)
    return behavioral or among(claim.procedures, "outpatient-or-telehealth")
