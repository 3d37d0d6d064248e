"""Small resources, and what is read from them."""

import json
from datetime import UTC, datetime
from typing import Any

from connectors.fhir.reader import FhirReader
from models.clinical import Clinical
from models.codes import coded
from models.time import Precision, Stamp
from services.intake.reading import Reading

NOW = datetime(2025, 6, 1, tzinfo=UTC)
LOINC, SNOMED = "http://loinc.org", "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
ME = {"subject": {"reference": "Patient/p1"}}


def read(*documents: Any) -> list[Reading]:
    """Readings of a document, or of several as NDJSON."""
    body = b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in documents)
    return list(FhirReader().read("F1", NOW, body))


def facts(*documents: Any) -> list[Any]:
    readings = read(*documents)
    assert [one.problem for one in readings if one.problem] == []
    return [event.fact for one in readings for event in one.events]


def clinical(*documents: Any) -> list[Clinical]:
    return [fact for fact in facts(*documents) if isinstance(fact, Clinical)]


def one(*documents: Any) -> Clinical:
    (found,) = clinical(*documents)
    return found


def problem(*documents: Any) -> Any:
    found = [each.problem for each in read(*documents) if each.problem]
    assert len(found) == 1
    return found[0]


def bundle(*resources: dict[str, Any], type_: str = "collection") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type_, "entry": [{"resource": resource} for resource in resources]}


def concept(system: str, *codes: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for code in codes]}


def observation(code: str = "4548-4", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "id": "o1", "status": "final", "code": concept(LOINC, code), **ME,
        "effectiveDateTime": "2025-05-01T10:00:00-07:00",
    } | more  # fmt: skip


def quantity(value: float, unit: str, *, system: str = UCUM) -> dict[str, Any]:
    return {"value": value, "unit": unit} | ({"system": system, "code": unit} if system else {})


def loinc(code: str) -> str:
    return coded(LOINC, code)


def at(text: str, offset: int | None = None, precision: Precision = "second") -> Stamp:
    return Stamp(datetime.fromisoformat(text), offset, precision)


def day(text: str) -> Stamp:
    return at(text, None, "day")
