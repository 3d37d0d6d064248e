"""The shipped pages: all that the contract binds, each told in the reference, each proved by its own cases."""

from pathlib import Path

import pytest

from services.measures.cases import check_cases
from services.measures.loading import load_measures
from services.measures.proving import prove

ROOT = Path(__file__).parents[3]
FILES = [(path.name, path.read_text()) for path in sorted((ROOT / "services/measures/catalog").rglob("*.yaml"))]
LOADED = load_measures(FILES)
OURS = {one.measure.id: one for one in LOADED.pages if not one.measure.id.startswith("cms")}
BINDING = {
    "trc.notification", "trc.discharge_information", "trc.engagement", "trc.medication_reconciliation", "pcr.observed",
    "fum.7d", "fum.30d", "fua.7d", "fua.30d", "fuh.7d", "fuh.30d", "amb_ed", "cbp", "gsd.lt8", "gsd.gt9",
    "pdc.diabetes", "pdc.rasa", "pdc.statins", "dsf.screening", "dsf.follow_up",
    "tcs.cm_contact_7d", "tcs.ambulatory_visit_7d",
    "ecm.outreach_10", "ecm.careplan_90", "ecm.enrolment_90", "ecm.bp_documented", "ecm.satisfaction",
    "ecm.rtf_on_time", "ecm.otf_on_time",
}  # fmt: skip
"""Source: contract, "Measures"."""

LOADABLE = {
    "aud-oud-medications", "behavioral-health-visit", "bipolar-disorder", "blood-pressure-panel",
    "community-mental-health-center", "diabetes", "diabetes-medications", "diastolic", "drug-overdose", "esrd",
    "essential-hypertension", "hba1c-or-gmi", "hospice", "independent-laboratory", "insulin", "intentional-self-harm",
    "maintenance-chemotherapy", "medication-reconciliation", "mental-health-provider", "mental-illness",
    "organ-transplant-status", "outpatient-or-telehealth", "outpatient-place", "palliative-care",
    "partial-hospitalization-place", "perinatal-conditions", "phq2-total", "phq9-total", "pregnancy", "ras-antagonists",
    "rehabilitation", "sacubitril-valsartan", "statins", "substance-use-disorder", "systolic", "telehealth-place",
    "transitional-care-management",
}  # fmt: skip
"""The sets that a page may require: those that an operator of this project is told to load first."""


def test_every_measure_that_the_contract_binds_is_shipped_and_no_page_has_a_mistake() -> None:
    assert LOADED.problems == ()
    assert set(OURS) == BINDING


def test_a_page_requires_only_sets_that_operators_are_told_to_load() -> None:
    needs = LOADED.needs()
    assert {name for measure in OURS for name in needs[measure][0]} <= LOADABLE


def test_the_reference_tells_of_every_measure() -> None:
    told = (ROOT / "docs/reference/measures.md").read_text()
    assert [measure for measure in OURS if f"`{measure}`" not in told] == []


@pytest.mark.parametrize("measure", sorted(OURS))
def test_a_page_says_where_it_comes_from_and_its_cases_hold(measure: str) -> None:
    page = OURS[measure]
    assert page.measure.source.document
    assert page.measure.source.read_on
    assert check_cases(page, LOADED.libraries) == []


@pytest.mark.parametrize("measure", sorted(OURS))
def test_no_small_change_of_a_page_goes_unnoticed(measure: str) -> None:
    (proved,) = prove(LOADED, measure)
    assert proved.survivors == ()
    assert proved.stale == ()
