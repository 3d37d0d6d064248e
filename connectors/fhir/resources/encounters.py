"""Encounter, Condition, AllergyIntolerance, Coverage: what someone has or had for a time."""

from collections.abc import Iterator

from connectors.fhir.elements import Json, codes, extensions, node, nodes, number, text, texts
from connectors.fhir.telling import Telling
from connectors.fhir.times import period, stamp_at, when
from models.clinical import Clinical, Ranked
from models.codes import coded

_CATEGORIES = "http://hl7.org/fhir/allergy-intolerance-category"


def encounter(told: Telling) -> Iterator[Clinical]:
    """A visit. Its diagnoses are its own, and those of claims of the same bundle whose items name it."""
    resource = told.resource
    stay = period(node(resource, "period"))
    yield told.clinical(
        "encounter",
        codes=codes(resource, "type"),
        categories=codes(resource, "serviceType"),
        start=stay.start,
        end=stay.end,
        act_class=text(node(resource, "class"), "code"),
        diagnoses=tuple(dict.fromkeys((*_diagnoses(told), *_claimed(told)))),
        reasons=told.reasons(),
        disposition=codes(node(resource, "hospitalization"), "dischargeDisposition"),
    )


def _diagnoses(told: Telling) -> Iterator[Ranked]:
    for diagnosis in nodes(told.resource, "diagnosis"):
        found = told.codes_behind(node(diagnosis, "condition"))
        use = next((text(coding, "code") for coding in nodes(node(diagnosis, "use"), "coding")), "")
        if found:
            rank = number(diagnosis, "rank") or 0
            yield Ranked(found, int(rank) if 0 < rank < 1000 else 0, use)


def _claimed(told: Telling) -> Iterator[Ranked]:
    """Claims number their diagnoses, and items say which of them are theirs."""
    for claim, item in told.around.claimed(told.resource):
        wanted = item.get("diagnosisSequence")
        for diagnosis in nodes(claim, "diagnosis"):
            if isinstance(wanted, list) and diagnosis.get("sequence") in wanted:
                yield from _claim_diagnosis(diagnosis, claim, told)


def _claim_diagnosis(diagnosis: Json, claim: Json, told: Telling) -> Iterator[Ranked]:
    found = codes(diagnosis, "diagnosisCodeableConcept")
    found = found or codes(told.around.referred(node(diagnosis, "diagnosisReference"), claim), "code")
    types = [text(coding, "code") for one in nodes(diagnosis, "type") for coding in nodes(one, "coding")]
    if found:
        yield Ranked(found, 1 if "principal" in types else 0, next(iter(types), ""))


def condition(told: Telling) -> Iterator[Clinical]:
    """A problem or diagnosis."""
    onset, abatement = when(told.resource, "onset"), when(told.resource, "abatement")
    asserted = next((stamp_at(x, "valueDateTime") for x in extensions(told.resource, "condition-asserteddate")), None)
    yield told.clinical(
        "condition",
        status=_status(told.resource, "verificationStatus"),
        activity=_status(told.resource, "clinicalStatus"),
        codes=codes(told.resource, "code"),
        start=onset.start,
        end=abatement.end or abatement.start,
        recorded=stamp_at(told.resource, "recordedDate") or asserted,
        categories=codes(told.resource, "category"),
        site=codes(told.resource, "bodySite"),
    )


def allergy(told: Telling) -> Iterator[Clinical]:
    """An allergy or intolerance."""
    yield told.clinical(
        "allergy",
        status=_status(told.resource, "verificationStatus"),
        activity=_status(told.resource, "clinicalStatus"),
        codes=codes(told.resource, "code"),
        start=when(told.resource, "onset").start,
        recorded=stamp_at(told.resource, "recordedDate"),
        categories=tuple(coded(_CATEGORIES, category) for category in texts(told.resource, "category") if category),
    )


def coverage(told: Telling) -> Iterator[Clinical]:
    """An insurance: what kind of payer, from when to when."""
    covered = period(node(told.resource, "period"))
    yield told.clinical("coverage", codes=codes(told.resource, "type"), start=covered.start, end=covered.end)


def _status(resource: Json, name: str) -> str:
    return next((text(coding, "code") for coding in nodes(node(resource, name), "coding")), "")
