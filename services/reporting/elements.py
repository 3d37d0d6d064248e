"""The FHIR elements that our reports share: ids, references, codes, population counts.

Source: FHIR R4 (data types); Da Vinci DEQM (extensions and profiles); HL7 terminology (code systems).
"""

import re
from fractions import Fraction
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from services.measures.verdicts import Because, Population
from services.reporting.counting import Populations
from services.reporting.heading import Measure, Reporter

Json = dict[str, Any]

URN = "urn:warmhandoff"
"""Our own identifiers, code systems and extensions: nobody has to resolve them."""
BASE = "http://warmhandoff.invalid/fhir"
"""What the full URLs of a bundle begin with, so that its relative references resolve inside it, and nowhere else."""
DEQM = "http://hl7.org/fhir/uv/deqm/StructureDefinition"
_CRITERIA = "http://hl7.org/fhir/StructureDefinition/cqf-criteriaReference"
_TERMS = "http://terminology.hl7.org/CodeSystem"
_NAMESPACE = UUID("0f0d9a5c-6a0f-5d0e-9c56-6d2f4a8f1b7e")
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_TITLES: dict[Population, str] = {
    "initial-population": "Initial Population",
    "denominator": "Denominator",
    "denominator-exclusion": "Denominator Exclusion",
    "denominator-exception": "Denominator Exception",
    "numerator": "Numerator",
}
_RESOURCES = {
    "stay": "Encounter", "encounter": "Encounter", "visit": "Encounter", "claim": "Claim", "condition": "Condition",
    "observation": "Observation", "procedure": "Procedure", "order": "MedicationRequest",
    "service-order": "ServiceRequest", "device-order": "DeviceRequest", "fill": "MedicationDispense",
    "administration": "MedicationAdministration", "coverage": "Coverage", "communication": "Communication",
    "device": "Device", "allergy": "AllergyIntolerance", "immunization": "Immunization", "event": "Communication",
}  # fmt: skip
"""The FHIR type that a kind of fact would be; where it was not told as FHIR, only an identifier can be given."""


def profile(name: str) -> Json:
    """`meta` of a resource that follows a profile of DEQM."""
    return {"profile": [f"{DEQM}/{name}"]}


def resource_id(*parts: str) -> str:
    """An id that the same parts always give."""
    return str(uuid5(_NAMESPACE, "\x1f".join(parts)))


def patient_id(member_id: str) -> str:
    """The member's id where FHIR allows it as one, else an id made of it."""
    return member_id if _ID.fullmatch(member_id) else resource_id("member", member_id)


def organization_id(reporter: Reporter) -> str:
    """The reporter's id where FHIR allows it as one, else an id made of it."""
    return reporter.id if _ID.fullmatch(reporter.id) else resource_id("organization", reporter.id)


def organization(reporter: Reporter) -> Json:
    """The reporter as a reference."""
    named = {"display": reporter.name} if reporter.name else {}
    return {"reference": f"Organization/{organization_id(reporter)}", **named}


def canonical(measure: Measure) -> str:
    """The measure page as a canonical: its URN and version."""
    return f"{URN}:measure:{quote(measure.id)}|{quote(measure.version)}"


def concept(system: str, code: str, display: str = "") -> Json:
    """A CodeableConcept of one coding."""
    coding = {"system": system, "code": code}
    return {"coding": [coding | {"display": display} if display else coding]}


def improvement(measure: Measure) -> Json:
    """Which way is better."""
    return concept(f"{_TERMS}/measure-improvement-notation", measure.improvement)


def scoring(measure: Measure) -> Json:
    """DEQM's extension for how the measure is scored: a rate per thousand is a ratio, every other a proportion."""
    code = "proportion" if measure.per == 1 else "ratio"
    return {"url": f"{DEQM}/deqm-measureScoring", "valueCodeableConcept": concept(f"{_TERMS}/measure-scoring", code)}


def population(name: Population, counted: int) -> Json:
    """A population and its count."""
    return {"code": concept(f"{_TERMS}/measure-population", name, _TITLES[name]), "count": counted}


def populations(measure: Measure, counted: Populations) -> list[Json]:
    """The populations that a measure has, in FHIR's order."""
    return [population(name, counted.of(name)) for name in measure.populations]


def score(measure: Measure, rate: Fraction | None) -> Json:
    """`measureScore`, as a member to be merged: nothing when the rate is undefined."""
    if rate is None:
        return {}
    unit = {} if measure.per == 1 else {"unit": f"per {measure.per}"}
    return {"measureScore": {"value": float(rate * measure.per), **unit}}


def evidence(because: Because, asked: list[Population]) -> Json:
    """A fact as `evaluatedResource`: which criteria it was evidence of, and the messages that told it."""
    criteria = [{"url": _CRITERIA, "valueString": name} for name in asked]
    told = [{"url": f"{URN}:message-sha256", "valueString": name} for name in because.names]
    return {"extension": [*criteria, *told], **fact(because)}


def fact(because: Because) -> Json:
    """A reference to a fact: by its FHIR address where it has one, else by an identifier of ours."""
    on = f" of {because.day.isoformat()}" if because.day else ""
    shown = {"display": f"{because.kind}{on}"}
    kind, slash, key = because.id.partition("/")
    if slash and kind.isalpha() and _ID.fullmatch(key):
        return {"reference": because.id, **shown}
    system, value = f"{URN}:{because.kind}", because.id.removeprefix(f"{because.kind}:")
    found = _RESOURCES.get(because.kind)
    return {**({"type": found} if found else {}), "identifier": {"system": system, "value": value}, **shown}
