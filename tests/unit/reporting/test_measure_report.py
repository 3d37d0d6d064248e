"""MeasureReports are FHIR, keep excluded units in the denominator, and say what they rest on."""

from typing import Any

import pytest
from fhir.resources.R4B.measurereport import MeasureReport

from services.reporting.counting import Populations, by_stratum, count
from services.reporting.heading import Measure
from services.reporting.measure_report import individual, subject_list, summary
from tests.unit.reporting.support import ED_VISITS, ENGAGEMENT, EXCLUDED, HEADING, result, row

STRATA = (("age_band", "18-64"), ("pof", "sud"))
ROWS = [
    row("M1", numerator=1, strata=STRATA),
    row("M2", strata=(("age_band", "65+"),)),
    row("M3", **EXCLUDED, strata=STRATA),
    row("M4", exception=1),
]


def is_fhir(report: dict[str, Any]) -> None:
    MeasureReport.model_validate(report)


def counts(group: dict[str, Any]) -> dict[str, int]:
    return {each["code"]["coding"][0]["code"]: each["count"] for each in group["population"]}


def whole(measure: Measure = ENGAGEMENT) -> dict[str, Any]:
    return summary(measure, HEADING, count(ROWS, HEADING), by_stratum(ROWS, HEADING))


def test_the_denominator_keeps_excluded_units_and_the_score_leaves_them_out() -> None:
    (group,) = whole()["group"]
    assert counts(group) == {
        "initial-population": 4,
        "denominator": 4,
        "denominator-exclusion": 1,
        "denominator-exception": 1,
        "numerator": 1,
    }
    assert group["measureScore"] == {"value": 0.5}
    assert group["code"]["coding"][0]["code"] == "trc.engagement"


def test_without_a_denominator_there_is_no_score() -> None:
    excluded = row("M3", **EXCLUDED)
    report = individual(ENGAGEMENT, HEADING, excluded)
    assert "measureScore" not in report["group"][0]
    assert counts(report["group"][0])["denominator"] == 1
    assert count([], HEADING).rate is None


def test_a_rate_per_thousand_says_so() -> None:
    visits = row("M1", measure="amb_ed", unit="2025-03", numerator=2)
    report = individual(ED_VISITS, HEADING, visits)
    assert report["group"][0]["measureScore"] == {"value": 2000.0, "unit": "per 1000"}
    is_fhir(report)


def test_strata_stand_beside_the_whole() -> None:
    stratifiers = whole()["group"][0]["stratifier"]
    shown = {
        (each["code"][0]["coding"][0]["code"], stratum["value"]["text"]): counts(stratum)["denominator"]
        for each in stratifiers
        for stratum in each["stratum"]
    }
    assert shown == {("age_band", "18-64"): 2, ("age_band", "65+"): 1, ("pof", "sud"): 2}


def test_an_individual_report_names_its_evidence_once_with_every_population_it_proves() -> None:
    told = row("M1", numerator=1)
    report = individual(ENGAGEMENT, HEADING, told, result(told))
    stay, reading = report["evaluatedResource"]
    assert stay["identifier"] == {"system": "urn:warmhandoff:stay", "value": "s1"}
    assert stay["type"] == "Encounter"
    assert [each["valueString"] for each in stay["extension"]] == ["initial-population", "denominator", "ab" * 32]
    assert reading["reference"] == "Observation/bp1"
    is_fhir(report)


def test_the_list_of_a_population_holds_the_individual_reports_that_are_in_it() -> None:
    report = subject_list(ENGAGEMENT, HEADING, ROWS)
    lists = {each["id"]: len(each.get("entry", ())) for each in report["contained"]}
    assert lists == counts(report["group"][0])
    (met,) = next(each["entry"] for each in report["contained"] if each["id"] == "numerator")
    assert met["item"]["reference"] == f"MeasureReport/{individual(ENGAGEMENT, HEADING, ROWS[0])['id']}"


@pytest.mark.parametrize("rows", [ROWS, ROWS[2:3], []])
def test_every_report_is_fhir(rows: list[Any]) -> None:
    is_fhir(summary(ENGAGEMENT, HEADING, count(rows, HEADING), by_stratum(rows, HEADING)))
    is_fhir(subject_list(ENGAGEMENT, HEADING, rows))
    for each in rows:
        is_fhir(individual(ENGAGEMENT, HEADING, each, result(each)))


def test_a_provider_s_files_are_a_subject_without_a_patient() -> None:
    report = individual(Measure("ecm.rtf_on_time", "local-2025"), HEADING, row("@files|PLANA|P1", unit="2025-03"))
    assert report["subject"] == {"identifier": {"system": "urn:warmhandoff:subject", "value": "files|PLANA|P1"}}
    is_fhir(report)


def test_the_same_counts_make_the_same_report() -> None:
    assert whole() == whole()
    assert summary(ENGAGEMENT, HEADING, Populations())["id"] == whole()["id"]
