"""Laws: whatever arrives, reading it gives readings, one for every entry, and never raises."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.fhir.bundle import read_bundle
from connectors.fhir.reader import FhirReader
from tests.unit.fhir.support import ME, SNOMED, concept, observation, quantity

NOW = datetime(2025, 6, 1, tzinfo=UTC)
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["2025-02-30", "9999-12-31", "Patient/", "#x", "urn:uuid:", "Patient?identifier=|"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
)
SEEDS: list[dict[str, Any]] = [
    observation(
        "85354-9",
        valueQuantity=quantity(7.1, "%"),
        component=[{"code": concept(SNOMED, "1"), "valueInteger": 1}],
        encounter={"reference": "Encounter/e"},
        meta={"lastUpdated": "2025-01-01T00:00:00Z"},
    ),
    {
        "resourceType": "Patient",
        "id": "p1",
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-mbi", "value": "1"}],
        "name": [{"family": "A", "given": ["B"]}],
        "birthDate": "1980-01-01",
        "deceasedBoolean": False,
        "extension": [{"url": "us-core-race", "extension": [{"url": "t", "valueCoding": {"code": "1"}}]}],
        "link": [{"other": {"reference": "Patient/2"}, "type": "replaced-by"}],
        "communication": [{"language": concept("urn:ietf:bcp:47", "es")}],
    },
    {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "class": {"code": "IMP"},
        **ME,
        "period": {"start": "2025", "end": "2025-01"},
        "diagnosis": [{"condition": {"reference": "Condition/c"}, "rank": 1}],
    },
    {
        "resourceType": "Condition",
        "id": "c",
        **ME,
        "code": concept(SNOMED, "1"),
        "onsetPeriod": {"start": "2025-01-01"},
    },
    {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        **ME,
        "medicationReference": {"reference": "#d"},
        "contained": [{"resourceType": "Medication", "id": "d"}],
        "dispenseRequest": {"quantity": {"value": 30}, "numberOfRepeatsAllowed": 1},
        "dosageInstruction": [
            {
                "doseAndRate": [{"doseQuantity": {"value": 1}}],
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            }
        ],
    },
    {
        "resourceType": "QuestionnaireResponse",
        "id": "q",
        "status": "completed",
        **ME,
        "authored": "2025-01-01",
        "item": [{"linkId": "/44261-6", "answer": [{"valueInteger": 3, "item": [{"linkId": "x"}]}]}],
    },
    {
        "resourceType": "Claim",
        "status": "active",
        "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": {}}],
        "item": [{"diagnosisSequence": [1], "encounter": [{"reference": "Encounter/e"}]}],
    },
    {
        "resourceType": "Task",
        "id": "t",
        "status": "failed",
        "focus": {"reference": "Encounter/e"},
        "executionPeriod": {"start": "2025-01-01"},
    },
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return found + [place for key, part in items for place in places(part, (*path, key))]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """The seeds as a bundle, with a few elements replaced by something else or left out."""
    body: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}
    body["entry"] = [{"fullUrl": f"urn:uuid:{n}", "resource": seed} for n, seed in enumerate(SEEDS)]
    body = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 4))):
        *way, last = draw(st.sampled_from(places(body)))
        holder = body
        for step in way:
            holder = holder[step]
        if draw(st.booleans()) and isinstance(holder, dict):
            del holder[last]
        else:
            holder[last] = draw(JUNK)
        if not places(body):
            break
    return body


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_a_mutated_bundle_is_read_without_a_defect_of_ours(body: dict[str, Any]) -> None:
    readings = list(FhirReader().read("F1", NOW, json.dumps(body).encode()))
    assert readings
    assert not [one for one in readings if one.problem and one.problem.reason == "unreadable"]
    read_bundle(body)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read(body: bytes) -> None:
    assert list(FhirReader().read("F1", NOW, body))
