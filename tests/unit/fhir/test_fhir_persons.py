"""Whom a resource is about, and what is said of that person."""

from datetime import date

import pytest

from models.clinical import Demographics
from models.events import DeathWord, Known, PatientEdge, Persona
from tests.unit.fhir.support import at, bundle, concept, facts, observation, one, problem, read

MEDICAID, MBI = "http://hl7.org/fhir/sid/us-medicaid", "http://hl7.org/fhir/sid/us-mbi"
RACE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
CDC = "urn:oid:2.16.840.1.113883.6.238"


def about(**subject: object) -> str:
    return one(observation(subject=subject)).source_patient


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/p1",
        "https://ehr.example/fhir/Patient/p1",
        "Patient/p1/_history/3",
        "https://h/r4/Patient/p1/_history/2",
    ],
)
def test_a_reference_names_a_patient_within_the_feed_wherever_its_server_is(reference: str) -> None:
    assert about(reference=reference) == "F1|Patient|p1"


def test_an_identifier_alone_names_a_patient_whom_identity_can_find() -> None:
    known, said = facts(observation(subject={"identifier": {"system": MEDICAID, "value": " 96116060a "}}))
    assert known == Known("F1|CIN|96116060A", Persona((("cin", "96116060A"),)))
    assert said.source_patient == "F1|CIN|96116060A"
    known, _ = facts(observation(subject={"identifier": {"system": MBI, "value": "1EG4-TE5-MK73"}}))
    assert known.source_patient == "F1|MBI|1EG4TE5MK73"


def test_an_identifier_of_another_system_names_a_patient_of_that_system() -> None:
    assert about(identifier={"system": "urn:oid:1.2.3", "value": "m|7"}) == "F1|urn:oid:1.2.3|M%7C7"


def test_a_conditional_reference_is_an_identifier() -> None:
    assert about(reference=f"Patient?identifier={MEDICAID}|96116060A") == "F1|CIN|96116060A"


def test_a_reference_with_an_identifier_says_both() -> None:
    known, _ = facts(
        observation(subject={"reference": "Patient/p1", "identifier": {"system": MEDICAID, "value": "96116060A"}})
    )
    assert known == Known("F1|Patient|p1", Persona((("cin", "96116060A"),)))


def test_a_patient_referred_to_by_the_url_of_its_entry_is_that_patient() -> None:
    patient = {"resourceType": "Patient", "id": "p9"}
    body = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"fullUrl": "urn:uuid:aaa", "resource": patient, "request": {"method": "POST", "url": "Patient"}},
            {"resource": observation(subject={"reference": "urn:uuid:aaa"}), "request": {"method": "POST", "url": "O"}},
        ],
    }
    assert one(body).source_patient == "F1|Patient|p9"
    assert about(reference="urn:uuid:bbb") == "F1|Patient|bbb"


def test_a_contained_patient_is_whom_its_identifiers_name() -> None:
    patient = {
        "resourceType": "Patient",
        "id": "c",
        "birthDate": "1980-02-14",
        "identifier": [{"system": MEDICAID, "value": "96116060A"}],
    }
    known, said = facts(observation(subject={"reference": "#c"}, contained=[patient]))
    assert known == Known("F1|CIN|96116060A", Persona((("cin", "96116060A"),), date(1980, 2, 14)))
    assert said.source_patient == "F1|CIN|96116060A"


def test_a_resource_that_names_nobody_waits_in_quarantine() -> None:
    body = observation()
    del body["subject"]
    found = problem(bundle(body))
    assert (found.reason, found.where) == ("no_subject", "Bundle.entry[0].resource.subject")


def test_what_is_about_a_group_or_a_place_is_counted_only() -> None:
    (reading,) = read(observation(subject={"reference": "Group/g1"}))
    assert (reading.outcome, reading.flags) == ("not_interpreted", ("no_patient",))


def test_a_patient_says_who_it_is_and_what_measures_are_stratified_by() -> None:
    patient = {
        "resourceType": "Patient",
        "id": "p1",
        "gender": "female",
        "birthDate": "1980-02-14",
        "meta": {"lastUpdated": "2025-05-01T00:00:00Z"},
        "identifier": [
            {"system": MEDICAID, "value": "96116060A"},
            {"system": MBI, "value": "1EG4-TE5-MK73"},
            {"type": {"coding": [{"code": "MB"}]}, "system": "urn:plan", "value": "pm-1"},
            {"type": {"coding": [{"code": "MR"}]}, "system": "urn:ehr", "value": "77"},
        ],
        "name": [{"use": "old", "family": "Before"}, {"use": "official", "family": "O'Rivera", "given": ["Ana", "M"]}],
        "deceasedDateTime": "2025-04-30T08:00:00-07:00",
        "communication": [
            {"language": {"coding": [{"code": "en"}]}},
            {"language": {"coding": [{"code": "es"}]}, "preferred": True},
        ],
        "extension": [
            {
                "url": RACE,
                "extension": [
                    {"url": "ombCategory", "valueCoding": {"system": CDC, "code": "2106-3"}},
                    {"url": "detailed", "valueCoding": {"system": CDC, "code": "2108-9"}},
                    {"url": "text", "valueString": "White"},
                ],
            }
        ],
    }
    identifiers = (("cin", "96116060A"), ("mbi", "1EG4TE5MK73"), ("plan_member", "PM1"))
    assert facts(patient) == [
        Known("F1|Patient|p1", Persona(identifiers, date(1980, 2, 14), "ORIVERA", "ANA")),
        DeathWord("F1|Patient|p1", True, at("2025-04-30T08:00:00", -420)),
        Demographics("F1|Patient|p1", "female", (f"{CDC}|2106-3", f"{CDC}|2108-9"), (), "es"),
    ]
    (reading,) = read(patient)
    assert [event.teller.recorded for event in reading.events] == [None, at("2025-05-01T00:00:00", 0), None]


def test_a_patient_that_another_replaces_is_merged_into_it() -> None:
    link = {"other": {"reference": "Patient/p2"}, "type": "replaced-by"}
    assert PatientEdge("merge", "F1|Patient|p1", "F1|Patient|p2", "Patient.link") in facts(
        {"resourceType": "Patient", "id": "p1", "link": [link]}
    )


def test_a_patient_who_lives_is_said_to_live_and_silence_says_nothing() -> None:
    living = facts({"resourceType": "Patient", "id": "p1", "deceasedBoolean": False})
    assert DeathWord("F1|Patient|p1", died=False) in living
    assert facts({"resourceType": "Patient", "id": "p1"}) == [Known("F1|Patient|p1", Persona())]


LONG = "9" * 201


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        (observation(subject={"identifier": {"system": "urn:x", "value": LONG}}), "identifier.value"),
        (observation(subject={"identifier": {"system": f"urn:{LONG}", "value": "1"}}), "identifier.system"),
        (observation(subject={"reference": f"urn:{LONG}"}), "identifier.value"),
        (observation(id=None, identifier=[{"value": LONG}]), "Observation.id"),
        (
            {"resourceType": "Patient", "id": "p1", "communication": [{"language": concept("urn:x", LONG)}]},
            "Patient.communication.language",
        ),
    ],
)
def test_a_resource_with_a_name_that_is_too_long_for_a_key_waits_in_quarantine(
    resource: dict[str, object], where: str
) -> None:
    found = problem({key: value for key, value in resource.items() if value is not None})
    assert (found.reason, found.where) == ("too_long", where)
    assert LONG not in str(found)
