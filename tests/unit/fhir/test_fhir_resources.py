"""What each other type says."""

from typing import Any

import pytest

from models.clinical import Ranked
from tests.unit.fhir.support import ME, SNOMED, at, bundle, clinical, concept, day, one

ICD, RXNORM = "http://hl7.org/fhir/sid/icd-10-cm", "http://www.nlm.nih.gov/research/umls/rxnorm"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
US_QUALITY = "http://fhir.org/guides/astp/us-quality-core/StructureDefinition/us-quality-core-"


def encounter(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"system": ACT, "code": "IMP"},
        **ME,
        "type": [concept(SNOMED, "183452005")],
        "period": {"start": "2025-01-01T10:00:00Z", "end": "2025-01-04"},
    } | more


def condition(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": "c1", **ME, "code": concept(ICD, "F32.9")} | more


def order(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        **ME,
        "medicationCodeableConcept": concept(RXNORM, "197606"),
        "authoredOn": "2025-01-01",
    } | more


def test_an_encounter_knows_its_diagnoses_by_rank_and_where_it_went() -> None:
    disposition = concept("https://www.nubc.org/CodeSystem/PatDischargeStatus", "3")
    diagnosis = {"condition": {"reference": "Condition/c1"}, "rank": 1, "use": concept("u", "billing")}
    body = bundle(condition(), encounter(diagnosis=[diagnosis], hospitalization={"dischargeDisposition": disposition}))
    found = clinical(body)[1]
    assert found.diagnoses == (Ranked(("icd10cm|F329",), 1, "billing"),)
    assert (found.disposition, found.act_class, found.codes) == (("disposition|03",), "IMP", ("snomed|183452005",))
    assert (found.start, found.end) == (at("2025-01-01T10:00:00", 0), day("2025-01-04"))


def test_a_diagnosis_told_elsewhere_is_kept_by_its_name() -> None:
    (found,) = clinical(encounter(diagnosis=[{"condition": {"reference": "Condition/c9"}, "rank": 1}]))
    assert found.diagnoses == (Ranked(("reference|Condition/c9",), 1),)


def test_a_claim_gives_the_diagnoses_of_the_encounter_that_its_items_name() -> None:
    claim = {
        "resourceType": "Claim",
        "id": "x",
        "status": "active",
        "diagnosis": [
            {"sequence": 1, "diagnosisCodeableConcept": concept(ICD, "I21.9"), "type": [concept("t", "principal")]},
            {"sequence": 2, "diagnosisCodeableConcept": concept(ICD, "I10")},
        ],
        "item": [{"sequence": 1, "diagnosisSequence": [1], "encounter": [{"reference": "Encounter/e1"}]}],
    }
    (found,) = clinical(bundle(encounter(), claim))
    assert found.diagnoses == (Ranked(("icd10cm|I219",), 1, "principal"),)


def test_a_condition_has_an_onset_an_abatement_and_two_statuses() -> None:
    found = one(
        condition(
            onsetDateTime="2019-05",
            abatementDateTime="2020",
            clinicalStatus=concept("s", "resolved"),
            verificationStatus=concept("s", "confirmed"),
            recordedDate="2019-06-01",
            bodySite=[concept(SNOMED, "7771000")],
        )
    )
    assert (found.start, found.end, found.recorded) == (day("2019-05-01"), day("2020-12-31"), day("2019-06-01"))
    assert (found.status, found.activity, found.site) == ("confirmed", "resolved", ("snomed|7771000",))


def test_an_absent_verification_is_left_empty() -> None:
    assert one(condition()).status == ""


@pytest.mark.parametrize(
    ("dispense", "dosage", "days"),
    [
        ({"expectedSupplyDuration": {"value": 30, "code": "d"}, "numberOfRepeatsAllowed": 2}, [], 90),
        ({"expectedSupplyDuration": {"value": 3, "unit": "months"}}, [], 90),
        (
            {"quantity": {"value": 60}},
            [
                {
                    "doseAndRate": [{"doseQuantity": {"value": 1}}],
                    "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
                }
            ],
            30,
        ),
        (
            {"quantity": {"value": 56}, "numberOfRepeatsAllowed": 1},
            [
                {
                    "doseAndRate": [{"doseRange": {"low": {"value": 1}, "high": {"value": 2}}}],
                    "timing": {"repeat": {"frequency": 1, "period": 12, "periodUnit": "h"}},
                }
            ],
            28,
        ),
        (
            {"quantity": {"value": 30}},
            [
                {
                    "doseAndRate": [{"doseQuantity": {"value": 1}}],
                    "timing": {"repeat": {"timeOfDay": ["08:00:00", "20:00:00"]}},
                }
            ],
            15,
        ),
        ({"quantity": {"value": 30}}, [{"timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}], None),
        ({}, [], None),
    ],
)
def test_a_prescription_lasts_as_cms_counts_it(
    dispense: dict[str, Any], dosage: list[dict[str, Any]], days: int | None
) -> None:
    assert one(order(dispenseRequest=dispense, dosageInstruction=dosage)).days == days


def test_a_drug_is_found_in_the_bundle_or_inside_the_request() -> None:
    drug = {
        "resourceType": "Medication",
        "id": "d",
        "code": concept(RXNORM, "1"),
        "ingredient": [{"itemCodeableConcept": {"text": "Metformin"}}],
    }
    request = order()
    del request["medicationCodeableConcept"]
    for body in (
        bundle(drug, request | {"medicationReference": {"reference": "Medication/d"}}),
        request | {"medicationReference": {"reference": "#d"}, "contained": [drug]},
    ):
        found = one(body)
        assert (found.codes, found.ingredients) == (("rxnorm|1",), ("ingredient|metformin",))


def test_a_bound_dosage_ends_the_order() -> None:
    repeat = {"boundsPeriod": {"start": "2025-01-01", "end": "2025-03-31"}}
    found = one(order(dosageInstruction=[{"timing": {"repeat": repeat}}]))
    assert (found.start, found.end, found.recorded) == (day("2025-01-01"), day("2025-03-31"), day("2025-01-01"))


def test_a_fill_and_an_administration() -> None:
    fill = {
        "resourceType": "MedicationDispense",
        "id": "f",
        "status": "completed",
        **ME,
        "whenHandedOver": "2025-02-03",
        "medicationCodeableConcept": concept(RXNORM, "1"),
        "daysSupply": {"value": 84, "code": "d"},
    }
    given = {
        "resourceType": "MedicationAdministration",
        "id": "a",
        "status": "not-done",
        **ME,
        "medicationCodeableConcept": concept(RXNORM, "1"),
        "effectiveDateTime": "2025-02-03",
        "statusReason": [concept(SNOMED, "105480006")],
    }
    one_, two = clinical(bundle(fill, given))
    assert (one_.kind, one_.start, one_.days) == ("fill", day("2025-02-03"), 84)
    assert (two.kind, two.refused, two.reasons) == ("administration", True, ("snomed|105480006",))


def test_an_order_that_shall_not_be_done_is_refused_wherever_that_is_said() -> None:
    reason = [{"url": US_QUALITY + "doNotPerformReason", "valueCodeableConcept": concept(SNOMED, "183932001")}]
    service = {
        "resourceType": "ServiceRequest",
        "id": "s",
        "status": "completed",
        "intent": "order",
        **ME,
        "code": concept(SNOMED, "385763009"),
        "authoredOn": "2025-01-01",
        "doNotPerform": True,
        "extension": reason,
    }
    device = {
        "resourceType": "DeviceRequest",
        "id": "d",
        "status": "completed",
        "intent": "order",
        **ME,
        "codeCodeableConcept": concept(SNOMED, "183240000"),
        "authoredOn": "2025-01-01",
        "modifierExtension": [{"url": "http://x/qicore-doNotPeform", "valueBoolean": True}],
    }
    found = clinical(bundle(service, device, order(doNotPerform=True, reasonCode=[concept(SNOMED, "1")])))
    assert [(x.kind, x.refused, x.reasons) for x in found] == [
        ("service-order", True, ("snomed|183932001",)),
        ("device-order", True, ()),
        ("order", True, ("snomed|1",)),
    ]


def test_a_task_is_about_whom_its_request_is_about_and_what_that_asks_for() -> None:
    task = {
        "resourceType": "Task",
        "id": "t",
        "status": "rejected",
        "intent": "order",
        "code": concept("http://hl7.org/fhir/CodeSystem/task-code", "fulfill"),
        "focus": {"reference": "MedicationRequest/m1"},
        "statusReason": concept(SNOMED, "31438003"),
        "executionPeriod": {"start": "2025-01-01", "end": "2025-01-02"},
    }
    found = clinical(bundle(order(), task))[1]
    assert (found.kind, found.source_patient, found.refused) == ("task", "F1|Patient|p1", True)
    assert "rxnorm|197606" in found.codes
    assert found.reasons == ("snomed|31438003",)


def test_acts_that_were_done_and_not_done() -> None:
    procedure = {
        "resourceType": "Procedure",
        "id": "p",
        "status": "not-done",
        **ME,
        "code": concept(SNOMED, "1"),
        "performedPeriod": {"start": "2025-01-01", "end": "2025-01-02"},
        "statusReason": concept(SNOMED, "2"),
        "extension": [{"url": US_QUALITY + "recorded", "valueDateTime": "2025-01-03"}],
    }
    vaccine = {
        "resourceType": "Immunization",
        "id": "i",
        "status": "completed",
        "patient": {"reference": "Patient/p1"},
        "vaccineCode": concept("http://hl7.org/fhir/sid/cvx", "03"),
        "occurrenceDateTime": "2025-01-01",
    }
    word = {
        "resourceType": "Communication",
        "id": "w",
        "status": "completed",
        **ME,
        "topic": concept(SNOMED, "371530004"),
        "sent": "2025-01-01T10:00:00Z",
        "received": "2025-01-01T11:00:00Z",
    }
    did, gave, told = clinical(bundle(procedure, vaccine, word))
    assert (did.refused, did.reasons, did.recorded) == (True, ("snomed|2",), day("2025-01-03"))
    assert (gave.codes, gave.start, gave.refused) == (("cvx|03",), day("2025-01-01"), False)
    assert (told.codes, told.start, told.end) == (
        ("snomed|371530004",),
        at("2025-01-01T10:00:00", 0),
        at("2025-01-01T11:00:00", 0),
    )


def test_what_someone_has() -> None:
    patient = {"reference": "Patient/p1"}
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": patient,
        "code": concept(RXNORM, "6809"),
        "clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active"),
        "category": ["medication"],
        "onsetDateTime": "2010",
    }
    cover = {
        "resourceType": "Coverage",
        "id": "v",
        "status": "active",
        "beneficiary": patient,
        "payor": [patient],
        "type": concept("https://nahdo.org/sopt", "2"),
        "period": {"start": "2025-01-01"},
    }
    device = {
        "resourceType": "Device",
        "id": "d",
        "status": "active",
        "patient": patient,
        "type": concept(SNOMED, "360030002"),
    }
    intolerance, insurance, worn = clinical(bundle(allergy, cover, device))
    assert (intolerance.activity, intolerance.start) == ("active", day("2010-01-01"))
    assert (insurance.codes, insurance.start, insurance.end) == (("sopt|2",), day("2025-01-01"), None)
    assert (worn.kind, worn.codes) == ("device", ("snomed|360030002",))
