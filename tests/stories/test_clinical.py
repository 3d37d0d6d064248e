"""Whom clinical facts belong to: FHIR resources and results find their member as ADT messages do."""

import json
from typing import Any

from tests.scribe import Line, Scribe, moment
from tests.timeline import Told
from tests.wire import cin

MEDICAID = "http://hl7.org/fhir/sid/us-medicaid"
Known = dict[str, tuple[tuple[str, ...], tuple[str, ...]]]


def fhir(when: str, resource: dict[str, Any], feed: str = "EHR") -> Line:
    return {"received_at": moment(when).isoformat(), "feed": feed, "kind": "fhir", "body": json.dumps(resource)}


def weighed(**subject: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]}
    return {"resourceType": "Observation", "id": "o1", "status": "final", "code": code, "subject": subject}


def patient(member: str, **more: Any) -> dict[str, Any]:
    identifier = {"system": MEDICAID, "value": cin(member)}
    return {"resourceType": "Patient", "id": "p1", "identifier": [identifier]} | more


def told(*lines: Line) -> Told:
    return Told([*Scribe().opening(["M1", "M2"]), *lines])


def members(found: Told, when: str, key: str = "EHR|Patient|p1") -> tuple[str, ...]:
    return found.known(moment(when))[key][0]


def test_an_observation_told_before_its_patient_belongs_to_the_member_once_that_is_known() -> None:
    found = told(
        fhir("06-01 10:00", weighed(reference="Patient/p1")),
        fhir("06-02 10:00", patient("M1")),
    )
    assert members(found, "06-01 12:00") == ()
    assert members(found, "06-02 12:00") == ("M1",)


def test_an_identifier_alone_is_enough() -> None:
    found = told(fhir("06-01 10:00", weighed(identifier={"system": MEDICAID, "value": cin("M2")})))
    assert members(found, "06-01 12:00", f"EHR|CIN|{cin('M2')}") == ("M2",)


def test_a_second_factor_that_differs_keeps_the_patient_apart_and_asks_for_a_look() -> None:
    found = told(fhir("06-01 10:00", patient("M1", birthDate="1931-01-02", name=[{"family": "Other"}])))
    assert found.known(moment("06-01 12:00"))["EHR|Patient|p1"] == ((), ("second_factor_differs",))


def test_a_patient_replaced_by_another_is_that_member() -> None:
    old = {"resourceType": "Patient", "id": "p0", "active": False}
    link = [{"other": {"reference": "Patient/p1"}, "type": "replaced-by"}]
    found = told(
        fhir("06-01 10:00", weighed(reference="Patient/p0")),
        fhir("06-02 10:00", patient("M1")),
        fhir("06-03 10:00", old | {"link": link}),
    )
    assert members(found, "06-02 12:00", "EHR|Patient|p0") == ()
    assert members(found, "06-03 12:00", "EHR|Patient|p0") == ("M1",)
