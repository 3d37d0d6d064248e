"""A gap says what is missing, until when, and what it is worth."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest
from fhir.resources.R4B.bundle import Bundle

from services.measures.verdicts import Because, Missing, Status, UnitResult, Verdict
from services.reporting.counting import Row
from services.reporting.gaps import Gap, Worth, gaps_of, key_of
from services.reporting.gaps_bundle import gaps_bundle, sentences
from tests.unit.reporting.support import ENGAGEMENT, EXCLUDED, HEADING, POOR_CONTROL, gap, result, row

MEASURES = {each.id: each for each in (ENGAGEMENT, POOR_CONTROL)}


def gaps(of: Row, told: UnitResult | None = None, today: date = HEADING.today) -> list[Gap]:
    return list(gaps_of(MEASURES, [of], {key_of(of): told} if told else {}, {}, today))


def test_an_open_gap_says_what_is_missing_and_until_when() -> None:
    of = row("M1")
    (found,) = gaps(of, result(of))
    (told,) = sentences(found.missing)
    first, second = told.split("; or ")
    assert first == "One of these (until 2025-07-05): a visit outside the hospital (until 2025-07-05)"
    assert second == "a transitional care management visit."
    assert (found.until, found.late) == (date(2025, 7, 5), False)


def test_after_the_last_day_only_evidence_can_close_it() -> None:
    of = row("M1")
    (found,) = gaps(of, result(of), date(2025, 7, 6))
    assert found.late


@pytest.mark.parametrize("counts", [{"numerator": 1}, EXCLUDED, {"exception": 1}, {"denominator": 0}])
def test_what_is_met_or_does_not_count_is_no_gap(counts: dict[str, int]) -> None:
    assert gaps(row("M1", **counts)) == []


@pytest.mark.parametrize(("status", "is_gap"), [("open", 1), ("closed", 1), ("final", 0), ("retracted", 0)])
def test_what_is_settled_for_good_is_no_gap(status: Status, is_gap: int) -> None:
    of = row("M1")
    told = msgspec.structs.replace(result(of), status=(("numerator", status),))
    assert len(gaps(of, told)) == is_gap


def test_of_several_things_that_are_missing_the_first_day_to_pass_is_the_last_to_act() -> None:
    of = row("M1")
    missing = (Missing("A reading.", date(2025, 12, 31)), Missing("A visit.", date(2025, 6, 30)))
    (found,) = gaps(of, msgspec.structs.replace(result(of), verdicts=(Verdict("numerator", False, missing=missing),)))
    assert found.until == date(2025, 6, 30)


def test_of_an_inverse_measure_the_gap_is_what_was_found() -> None:
    of = row("M1", measure="gsd.gt9", unit="", numerator=1)
    against = Verdict("numerator", True, (Because("observation", "Observation/a1c", date(2025, 4, 2), "latest"),))
    (found,) = gaps(of, msgspec.structs.replace(result(of), verdicts=(against,)))
    assert list(sentences(found.missing)) == ["The observation of 2025-04-02 (latest) counts against the measure."]
    assert gaps(row("M1", measure="gsd.gt9", unit="", numerator=0)) == []


def test_what_happened_cannot_be_undone_and_is_no_gap() -> None:
    assert gaps(row("M1", measure="gsd.gt9", unit="a readmission", numerator=1)) == []


def test_without_evidence_a_gap_says_at_least_that_it_is_there() -> None:
    (found,) = gaps(row("M1"))
    assert list(sentences(found.missing)) == ["Engagement after discharge is not met (until 2025-07-05)."]


def test_a_bundle_is_a_document_with_an_issue_for_each_gap() -> None:
    bundle = gaps_bundle("M1", HEADING, [gap("M1"), gap("M1", unit="s2")])
    Bundle.model_validate(bundle)
    kinds = [each["resource"]["resourceType"] for each in bundle["entry"]]
    assert kinds == ["Composition", *["MeasureReport", "DetectedIssue"] * 2, "Patient", "Organization"]
    issue = bundle["entry"][2]["resource"]
    worth = next(each for each in issue["extension"] if each["url"].endswith("gap-worth"))
    assert worth["extension"][1] == {"url": "amount", "valueMoney": {"value": 41.67, "currency": "USD"}}
    assert "plan_a.qip pays 41.67 dollars more" in bundle["entry"][0]["resource"]["section"][0]["text"]["div"]


def test_a_member_without_gaps_has_a_report_that_says_so() -> None:
    bundle = gaps_bundle("M1", HEADING, [])
    Bundle.model_validate(bundle)
    assert bundle["entry"][0]["resource"]["section"][0]["title"] == "No open gaps"


def test_what_a_page_or_program_says_does_not_become_markup() -> None:
    of = msgspec.structs.replace(gap("M1"), worth=(Worth("x", Decimal(1), "<b>1 & 2</b>"),))
    (section,) = gaps_bundle("M1", HEADING, [of])["entry"][0]["resource"]["section"]
    assert "&lt;b&gt;1 &amp; 2&lt;/b&gt;" in section["text"]["div"]


def test_a_member_id_that_fhir_does_not_allow_is_told_as_identifier() -> None:
    bundle = gaps_bundle("A/7 ñ", HEADING, [gap("A/7 ñ")])
    Bundle.model_validate(bundle)
    assert bundle["entry"][-2]["resource"]["identifier"][0]["value"] == "A/7 ñ"
