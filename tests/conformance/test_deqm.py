"""Our reports beside the published examples of Da Vinci DEQM (HL7, CC0): the same profiles, elements and codes.

What an example has and ours lacks is named here, with its reason.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle

from services.reporting.counting import by_stratum, count
from services.reporting.gaps_bundle import gaps_bundle
from services.reporting.measure_report import individual, subject_list, summary
from tests.corpora import corpora
from tests.unit.reporting.support import ENGAGEMENT, EXCLUDED, HEADING, gap, result, row

ROWS = [row("M1", numerator=1, strata=(("pof", "sud"),)), row("M2"), row("M3", **EXCLUDED)]
NOT_OURS = {
    "http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-certificationIdentifier",  # nobody certified our pages
    "http://hl7.org/fhir/uv/deqm/StructureDefinition/deqm-reportingVendor",  # the reporter computes for itself
}

REPORTS: dict[str, Callable[[], dict[str, Any]]] = {
    "MeasureReport-summ-measurereport02.json": lambda: summary(ENGAGEMENT, HEADING, count(ROWS, HEADING)),
    "MeasureReport-gaps-indv-measurereport01.json": lambda: individual(ENGAGEMENT, HEADING, ROWS[1], result(ROWS[1])),
    "MeasureReport-subjectlist-measurereport01.json": lambda: subject_list(ENGAGEMENT, HEADING, ROWS),
}


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((corpora("fhir") / "davinci-deqm" / name).read_text(encoding="utf-8"))
    return found


def codes(of: list[dict[str, Any]]) -> set[str]:
    return {each["code"]["coding"][0]["code"] for each in of}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_has_what_the_published_one_has(name: str) -> None:
    published, ours = example(name), REPORTS[name]()
    assert published.keys() - ours.keys() - {"text"} == set()
    assert (published["meta"]["profile"], published["type"]) == (ours["meta"]["profile"], ours["type"])
    assert {each["url"] for each in published["extension"]} - NOT_OURS <= {each["url"] for each in ours["extension"]}
    theirs, mine = published["group"][0], ours["group"][0]
    # Their groups and populations are linked to a Measure's by id; ours are told by their codes.
    assert theirs.keys() - {"id", "extension"} <= mine.keys()
    assert codes(theirs["population"]) <= codes(mine["population"])
    for listed in ("evaluatedResource", "contained"):
        for each, own in zip(published.get(listed, ()), ours.get(listed, ()), strict=False):
            assert each.keys() - {"reference", "text"} <= own.keys()


def test_strata_stand_where_the_published_example_has_them() -> None:
    published = example("MeasureReport-summ-medicare-stratification-example.json")["group"][0]["stratifier"][0]
    ours = summary(ENGAGEMENT, HEADING, count(ROWS, HEADING), by_stratum(ROWS, HEADING))["group"][0]["stratifier"][0]
    assert published.keys() - {"extension", "id"} == ours.keys()
    assert published["stratum"][0].keys() - {"extension", "id"} <= ours["stratum"][0].keys()


def test_a_gaps_bundle_has_what_the_published_one_has() -> None:
    published, ours = example("Bundle-single-gaps-open-indv-report01.json"), gaps_bundle("M2", HEADING, [gap("M2")])
    assert published.keys() == ours.keys()
    assert published["meta"] == ours["meta"]
    mine = of_type(ours)
    for kind, theirs in of_type(published).items():
        if kind == "Encounter":  # the evidence itself stays with us; it is named
            continue
        told = {
            "Organization": {"type", "telecom", "address", "active", "meta"},
            "Patient": {"name", "gender", "birthDate"},
        }
        left_out = told.get(kind, set()) | ({"meta", "extension"} if kind == "Patient" else {"text"})
        assert theirs.keys() - left_out <= mine[kind].keys(), kind
        if kind in ("Composition", "DetectedIssue", "MeasureReport"):
            assert theirs["meta"] == mine[kind]["meta"]
    for same in ("type", "status"):
        assert of_type(published)["Composition"][same] == mine["Composition"][same]
    for same in ("modifierExtension", "status", "code"):
        assert of_type(published)["DetectedIssue"][same] == mine["DetectedIssue"][same]
    assert set(of_type(published)["Composition"]["section"][0]) <= set(mine["Composition"]["section"][0])


def test_every_reference_of_a_gaps_bundle_leads_to_one_of_its_entries() -> None:
    bundle = gaps_bundle("M2", HEADING, [gap("M2"), gap("M2", unit="s9")])
    Bundle.model_validate(bundle)
    entries = {f"{each['resource']['resourceType']}/{each['resource']['id']}" for each in bundle["entry"]}
    assert {each["fullUrl"].split("/fhir/")[1] for each in bundle["entry"]} == entries
    outside = {reference for reference in references(bundle) if reference not in entries}
    assert outside == {"Observation/bp1"}  # evidence that another system holds


def of_type(bundle: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["resource"]["resourceType"]: each["resource"] for each in reversed(bundle["entry"])}


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(found := value.get("reference"), str):
            yield found
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)
