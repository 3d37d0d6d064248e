"""Observations and questionnaires: every form of a value, parts, setting, and what was not done."""

from typing import Any

import pytest

from models.clinical import Part
from tests.unit.fhir.support import (
    LOINC,
    ME,
    SNOMED,
    at,
    bundle,
    clinical,
    concept,
    day,
    loinc,
    observation,
    one,
    quantity,
    read,
)


@pytest.mark.parametrize(
    ("value", "number", "unit", "answers", "answered"),
    [
        ({"valueQuantity": quantity(7.2, "%")}, 7.2, "%", (), True),
        ({"valueQuantity": quantity(75, "mmol/mol")}, 9.013, "%", (), True),
        ({"valueQuantity": {"value": 14, "comparator": ">", "unit": "%"}}, 14, "%", (), True),
        ({"valueCodeableConcept": concept(SNOMED, "1", "2")}, None, "", ("snomed|1", "snomed|2"), True),
        ({"valueCodeableConcept": {"text": "positive"}}, None, "", (), True),
        ({"valueBoolean": False}, None, "", ("false",), True),
        ({"valueInteger": 0}, 0.0, "", (), True),
        ({"valueString": "clear"}, None, "", (), True),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 8}}}, 0.125, "", (), True),
        ({"valueDateTime": "2025-01-01"}, None, "", (), True),
        ({"dataAbsentReason": concept("x", "unknown")}, None, "", (), False),
        ({}, None, "", (), False),
    ],
)
def test_every_form_of_a_value(
    value: dict[str, Any], number: float | None, unit: str, answers: tuple[str, ...], answered: bool
) -> None:
    found = one(observation(**value))
    assert (found.number, found.unit, found.answers, found.answered) == (number, unit, answers, answered)


def test_a_unit_that_leaves_the_number_open_is_flagged_without_any_value() -> None:
    (reading,) = read(observation(valueQuantity=quantity(0.072, "1")))
    (_, found) = [event.fact for event in reading.events]
    assert (found.number, found.unit, found.answered) == (None, "1", True)
    assert reading.flags == ("unknown_unit:Observation.valueQuantity",)


def pressure(systolic: float, diastolic: float, **more: Any) -> dict[str, Any]:
    parts = [
        {"code": concept(LOINC, code), "valueQuantity": quantity(number, "mm[Hg]")}
        for code, number in (("8480-6", systolic), ("8462-4", diastolic))
    ]
    return observation("85354-9", component=parts, **more)


def test_a_pressure_has_two_parts() -> None:
    assert one(pressure(132, 84)).parts == (Part((loinc("8480-6"),), 132), Part((loinc("8462-4"),), 84))


def test_an_observation_of_a_contained_encounter_knows_its_setting() -> None:
    encounter = {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "EMER"}}
    found = one(pressure(120, 70, encounter={"reference": "#e"}, contained=[encounter]))
    assert (found.encounter, found.act_class) == ("", "EMER")


def test_an_encounter_of_the_same_bundle_gives_its_setting_too() -> None:
    encounter = {"resourceType": "Encounter", "id": "e1", "status": "finished", "class": {"code": "IMP"}, **ME}
    found = clinical(bundle(encounter, observation(encounter={"reference": "Encounter/e1"})))[1]
    assert (found.encounter, found.act_class) == ("Encounter/e1", "IMP")


def test_times_issue_and_version_are_kept_as_written() -> None:
    found = one(
        observation(
            effectivePeriod={"start": "2025-01-01T00:00:00Z", "end": "2025-01"},
            effectiveDateTime=None,
            issued="2025-01-02T08:00:00.000+01:00",
            meta={"lastUpdated": "2025-01-03T00:00:00Z"},
        )
    )
    assert (found.start, found.end) == (at("2025-01-01T00:00:00", 0), day("2025-01-31"))
    assert (found.recorded, found.updated) == (at("2025-01-02T08:00:00", 60), at("2025-01-03T00:00:00", 0))


def test_an_observation_not_done_is_refused_with_its_reason() -> None:
    url = "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-notDoneReason"
    extension = [{"url": url, "valueCodeableConcept": concept(SNOMED, "183932001")}]
    found = one(observation(status="cancelled", extension=extension))
    assert (found.refused, found.reasons) == (True, ("snomed|183932001",))
    assert not one(observation(status="entered-in-error")).refused


def answer(link: str, **value: Any) -> dict[str, Any]:
    return {"linkId": link, "answer": [value]}


def response(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    head = {"resourceType": "QuestionnaireResponse", "id": "q1", "status": "completed", "authored": "2025-05-01"}
    return head | ME | {"item": list(items)} | more


def test_each_answered_item_is_an_observation_of_its_loinc_code() -> None:
    group = {"linkId": "g", "item": [answer("/g/44250-9", valueCoding={"system": LOINC, "code": "LA6569-3"})]}
    found = clinical(response(group, answer("/44261-6", valueDecimal=12), answer("note", valueString="x")))
    assert [(x.resource, x.codes, x.number, x.answers, x.status, x.start) for x in found] == [
        (
            "QuestionnaireResponse/q1#/g/44250-9",
            (loinc("44250-9"),),
            None,
            (loinc("LA6569-3"),),
            "final",
            day("2025-05-01"),
        ),
        ("QuestionnaireResponse/q1#/44261-6", (loinc("44261-6"),), 12.0, (), "final", day("2025-05-01")),
    ]


def test_a_questionnaire_at_hand_says_what_its_items_are() -> None:
    asked = {
        "resourceType": "Questionnaire",
        "id": "x",
        "url": "http://q/phq",
        "status": "active",
        "item": [{"linkId": "total", "type": "decimal", "code": [{"system": LOINC, "code": "44261-6"}]}],
    }
    (found,) = clinical(bundle(asked, response(answer("total", valueInteger=3), questionnaire="http://q/phq|2.0")))
    assert (found.codes, found.number) == ((loinc("44261-6"),), 3.0)


def test_an_answer_with_several_choices_is_one_observation() -> None:
    item = {"linkId": "32624-9", "answer": [{"valueCoding": {"system": LOINC, "code": c}} for c in ("LA1-1", "LA2-2")]}
    (found,) = clinical(response(item, status="amended"))
    assert (found.answers, found.status) == ((loinc("LA1-1"), loinc("LA2-2")), "amended")
