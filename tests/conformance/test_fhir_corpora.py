"""Resources that nobody here wrote: public bundles of measures, examples of profiles, made-up patients (SOURCES.md)."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connectors.fhir.bundle import read_bundle
from connectors.fhir.facts import INTERPRETED
from connectors.fhir.reader import FhirReader
from connectors.hl7v2 import Hl7v2Reader
from connectors.hl7v2.book import read_book
from models.clinical import Clinical
from models.codes import coded
from services.intake.reading import Reading
from tests.corpora import corpora

NOW = datetime(2026, 1, 1, tzinfo=UTC)

NOT_READ = {
    "Condition.severity": "no measure asks for it",
    "Coverage.relationship": "who pays for whom",
    "Coverage.identifier.type": "identity rests on the patient's identifiers",
    "Coverage.class.type": "plan and group numbers",
    "Encounter.participant.type": "who else took part",
    "Encounter.hospitalization.admitSource": "where from; the stay says it",
    "MedicationDispense.type": "a first fill or a refill",
    "MedicationRequest.courseOfTherapyType": "acute or continuous; the days say more",
    "MedicationRequest.dosageInstruction": "what the days are worked out from",
    "Observation.component.dataAbsentReason": "that there is no answer is what counts",
    "Observation.interpretation": "what the laboratory thinks of the number",
    "Observation.referenceRange": "what the laboratory thinks of the number",
    "ServiceRequest.identifier.type": "order numbers",
    "ServiceRequest.performerType": "who should do it",
    "AllergyIntolerance.reaction": "how it shows",
}
"""Reviewed: coded elements of interpreted types that no fact keeps, and why."""


def documents() -> Iterator[tuple[str, bytes]]:
    for path in sorted(corpora("fhir").glob("*/*.json")):
        yield path.name, path.read_bytes()
    for path in bundles():
        yield f"{path.parent.parent.name}/{path.parent.name}", path.read_bytes()
    for path in sorted(corpora("synthea").glob("*.json.gz")):
        yield path.name, gzip.decompress(path.read_bytes())


def bundles() -> list[Path]:
    return sorted(corpora("ecqm").glob("*/*/bundle.json"))


def resources(document: Any) -> Iterator[dict[str, Any]]:
    """Every resource of a document, found without our reader."""
    kind = document.get("resourceType")
    if kind == "Bundle":
        for entry in document.get("entry", []):
            if "resource" in entry:
                yield from resources(entry["resource"])
            else:
                yield {}
    elif kind == "Parameters":
        for parameter in document.get("parameter", []):
            yield from resources(parameter.get("resource", {"resourceType": "Parameters"}))
    else:
        yield document


def codings(value: Any, path: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(path of the concept, coding) of every Coding, extensions and contained resources apart."""
    if isinstance(value, list):
        for one in value:
            yield from codings(one, path)
    elif isinstance(value, dict):
        if "code" in value and "system" in value and "value" not in value:
            yield path, value
        for name, part in value.items():
            if name not in {"extension", "modifierExtension", "contained", "meta", "text"}:
                yield from codings(part, path if name == "coding" else f"{path}.{name}")


@cache
def everything() -> list[tuple[str, Any, list[Reading]]]:
    """(file, document, readings) of all corpora."""
    reader = FhirReader()
    return [(name, json.loads(body), list(reader.read("corpus", NOW, body))) for name, body in documents()]


def test_every_resource_is_one_reading_and_none_is_set_aside() -> None:
    outcomes: Counter[str] = Counter()
    for name, document, found in everything():
        expected = [one.get("resourceType", "entry") for one in resources(document)]
        labels = [one.label for one in found]
        assert labels == (expected or [document["resourceType"]]), name
        assert [one.problem for one in found if one.problem] == [], name
        assert all(one.events for one in found if one.outcome == "interpreted"), name
        outcomes.update(one.label for one in found if one.label in INTERPRETED and one.outcome != "interpreted")
    # Software and a device in stock are no patient's.
    assert outcomes == {"Device": 2}


def test_every_code_of_an_interpreted_resource_is_kept_or_reviewed() -> None:
    """As `system|code`, or bare where the standard binds the system: statuses, classes, uses."""
    lost: dict[str, str] = {}
    for name, document, found in everything():
        for resource, reading in zip(resources(document), found, strict=False):
            if not reading.events or reading.label == "Patient":
                continue
            kept = str([event.fact for event in reading.events])
            for path, coding in codings(resource, resource.get("resourceType", "")):
                if coded(coding["system"], coding["code"]) not in kept and repr(coding["code"]) not in kept:
                    lost.setdefault(path, name)
    assert {path: name for path, name in lost.items() if not path.startswith(tuple(NOT_READ))} == {}
    assert [reviewed for reviewed in NOT_READ if not any(path.startswith(reviewed) for path in lost)] == []


def test_every_number_of_an_observation_is_kept() -> None:
    for name, document, found in everything():
        for resource, reading in zip(resources(document), found, strict=False):
            if reading.label != "Observation":
                continue
            numbers = [value for value in (resource.get("valueQuantity", {}).get("value"), resource.get("valueInteger"))
                       if value is not None]  # fmt: skip
            (fact,) = [event.fact for event in reading.events if isinstance(event.fact, Clinical)]
            assert (fact.number is not None) == bool(numbers), name
            inner = [part for part in resource.get("component", []) if "valueQuantity" in part]
            assert sum(part.number is not None for part in fact.parts) >= len(inner), name


def test_a_measures_bundle_says_the_same_without_the_check() -> None:
    live_readings = {name: found for name, _, found in everything()}
    for path in bundles():
        found = live_readings[f"{path.parent.parent.name}/{path.parent.name}"]
        live = [e.fact for one in found for e in one.events if isinstance(e.fact, Clinical)]
        record = read_bundle(path.read_bytes())
        assert record.problems == ()
        assert record.birth_date is not None
        assert [(one.resource, one.codes, one.start) for one in record.clinical] == [
            (one.resource, one.codes, one.start) for one in live
        ]


def test_refusals_of_the_corpora_have_their_reasons() -> None:
    refused: Counter[tuple[str, bool]] = Counter()
    for path in bundles():
        refused.update((one.kind, bool(one.reasons)) for one in read_bundle(path.read_bytes()).clinical if one.refused)
    assert refused["observation", True] == 14
    assert refused["service-order", True] == 21
    assert refused["order", True] == 4


@pytest.mark.parametrize("kind", ["ORU"])
def test_every_result_message_gives_an_observation_for_each_thing_observed(kind: str) -> None:
    ours = Hl7v2Reader(read_book().profile_of)
    counted: Counter[str] = Counter()
    for line in (corpora("hl7v2") / "INDEX.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if not str(row["type"]).startswith(f"{kind}^R01"):
            continue
        for one in ours.read("corpus", NOW, (corpora("hl7v2") / row["file"]).read_bytes()):
            counted[one.outcome] += 1
            counted["observations"] += sum(isinstance(event.fact, Clinical) for event in one.events)
            assert not (one.problem and one.problem.reason == "unreadable"), row["file"]
    assert counted["interpreted"] > 600
    assert counted["observations"] > 2_900
