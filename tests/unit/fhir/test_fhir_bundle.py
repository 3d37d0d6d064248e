"""Reading a bundle for `evaluate`: the same facts as the live path, without its cost."""

import json
from datetime import date

import pytest

from connectors.fhir.bundle import PatientRecord, read_bundle
from models.errors import MessageIsWrong
from tests.unit.fhir.support import at, bundle, clinical, observation

PATIENT = {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1960-05-04",
           "deceasedDateTime": "2025-05-05T00:00:00Z"}  # fmt: skip


def test_a_bundle_is_a_patient_and_what_is_known_of_them() -> None:
    body = bundle(PATIENT, observation(), {"resourceType": "Practitioner", "id": "x"})
    record = read_bundle(json.dumps(body).encode())
    assert (record.patient, record.birth_date, record.gender) == ("bundle|Patient|p1", date(1960, 5, 4), "female")
    assert (record.died, record.died_at) == (True, at("2025-05-05T00:00:00", 0))
    assert [one.resource for one in record.clinical] == ["Observation/o1"]
    assert record.skipped == ("Practitioner",)
    assert read_bundle(body) == record


def test_the_facts_are_those_of_the_live_path() -> None:
    body = bundle(PATIENT, observation())
    (live,) = clinical(body)
    (ours,) = read_bundle(body).clinical
    assert live.codes == ours.codes
    assert (live.start, live.number, live.resource) == (ours.start, ours.number, ours.resource)


def test_an_empty_bundle_is_nobodys() -> None:
    assert read_bundle({"resourceType": "Bundle"}) == PatientRecord()


def test_an_entry_that_names_nobody_is_told_and_the_rest_is_read() -> None:
    lost = observation(id="x")
    del lost["subject"]
    record = read_bundle(bundle(PATIENT, lost, observation()))
    assert [one.reason for one in record.problems] == ["no_subject"]
    assert len(record.clinical) == 1


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(MessageIsWrong, match="bad_json"):
        read_bundle(b"[1]")
