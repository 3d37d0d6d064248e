"""The reader: entries, names, what is set aside and what is only counted."""

import json
import sys
from subprocess import run

from models.events import Known
from tests.unit.fhir.support import bundle, observation, problem, read


def outcomes(*documents: object) -> list[tuple[str, str]]:
    return [(one.label, one.outcome) for one in read(*documents)]


def test_every_entry_is_a_reading_in_order() -> None:
    found = read(bundle(observation(id="a"), {"resourceType": "Goal"}, observation(id="b")))
    assert [(one.ordinal, one.control_id, one.outcome) for one in found] == [
        (1, "Observation/a", "interpreted"), (2, "", "not_interpreted"), (3, "Observation/b", "interpreted"),
    ]  # fmt: skip
    assert len({one.name for one in found}) == 3


def test_lines_and_a_bundle_of_them_are_the_same_readings() -> None:
    resources = [observation(id="a"), observation(id="b")]
    assert [[e.fact for e in one.events] for one in read(*resources)] == [
        [e.fact for e in one.events] for one in read(bundle(*resources))
    ]


def test_a_bad_entry_waits_and_the_rest_goes_on() -> None:
    bad = observation(id="b", component=[{"valueQuantity": {"value": "a secret"}}])
    found = read(bundle(observation(id="a"), bad, observation(id="c")))
    assert [one.outcome for one in found] == ["interpreted", "quarantined", "interpreted"]
    wrong = found[1].problem
    assert wrong is not None
    assert wrong.reason == "not_r4"
    assert wrong.where.startswith("Bundle.entry[1].resource.component[0]")
    assert "secret" not in str(wrong)


def test_an_unknown_element_is_named_only_when_it_can_be_an_elements_name() -> None:
    assert problem(observation(colour="x")).where == "Observation.colour"
    assert problem(observation(**{"Ana Rivera 1980": "x"})).where == "Observation.?"


def test_what_is_no_json_is_one_quarantined_reading() -> None:
    for body in (b"", b"{", b"[]", b"not json", b'"x"', b"\xff\xfe"):
        (one,) = read(body)
        assert one.problem is not None
        assert one.problem.reason == "bad_json"


def test_a_bad_line_among_good_ones_waits_alone() -> None:
    assert [each.outcome for each in read(observation(), b"{oops", observation(id="z"))] == [
        "interpreted", "quarantined", "interpreted",
    ]  # fmt: skip


def test_an_entry_that_is_no_object_or_has_no_type_waits() -> None:
    body = {"resourceType": "Bundle", "type": "collection", "entry": [7, {"resource": {"id": "x"}}]}
    reasons = [one.problem.reason for one in read(body) if one.problem]
    assert reasons == ["bad_entry", "no_type"]


def test_entries_without_resource_and_empty_bundles_are_counted() -> None:
    deletion = {"request": {"method": "DELETE", "url": "Observation/bp1"}}
    assert outcomes({"resourceType": "Bundle", "type": "transaction", "entry": [deletion]}) == [
        ("entry", "not_interpreted")
    ]
    assert outcomes({"resourceType": "Bundle", "type": "searchset", "total": 0}) == [("Bundle", "not_interpreted")]
    assert outcomes({"resourceType": "Bundle", "type": "history", "entry": None}) == [("Bundle", "not_interpreted")]


def test_a_message_gives_the_facts_of_what_it_carries() -> None:
    header = {"resourceType": "MessageHeader", "eventCoding": {"code": "admit"}, "source": {"endpoint": "http://x"}}
    assert outcomes(bundle(header, observation(), type_="message")) == [
        ("MessageHeader", "not_interpreted"), ("Observation", "interpreted"),
    ]  # fmt: skip


def test_a_history_tells_when_each_version_was_made() -> None:
    body = {"resourceType": "Bundle", "type": "history", "entry": [
        {"resource": observation(), "request": {"method": "PUT", "url": "Observation/o1"},
         "response": {"status": "200", "lastModified": "2025-05-02T00:00:00Z"}},
    ]}  # fmt: skip
    (one,) = read(body)
    assert one.events[1].fact.updated.wall.isoformat() == "2025-05-02T00:00:00"


def test_bundles_inside_bundles_and_parameters_are_opened() -> None:
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": observation()}]}
    assert [one.label for one in read(bundle(bundle(observation()), parameters))] == ["Observation", "Observation"]


def test_the_same_resource_again_is_the_same_fact_and_name() -> None:
    one, two = read(observation()), read(observation())
    assert (one[0].name, one[0].events[1].fact) == (two[0].name, two[0].events[1].fact)


def test_a_resource_without_id_is_called_by_its_identifier_or_its_content() -> None:
    named = observation(identifier=[{"system": "urn:lab", "value": "7"}])
    del named["id"]
    (one,) = read(named)
    assert (one.events[1].fact.resource, one.control_id) == ("Observation/urn:lab#7", "")
    nameless = observation()
    del nameless["id"]
    (two,) = read(nameless)
    assert two.events[1].fact.resource.startswith("Observation/sha256:")


def test_everybody_spoken_of_is_known_even_without_a_patient_resource() -> None:
    (one,) = read(observation())
    assert isinstance(one.events[0].fact, Known)


def test_the_model_of_fhir_is_not_loaded_before_it_is_needed() -> None:
    """The command line starts without it; it takes a fifth of a second."""
    code = "import sys, connectors.fhir.reader, connectors.fhir.bundle; print('fhir.resources' in sys.modules)"
    out = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def test_deep_nesting_is_a_problem_and_no_crash() -> None:
    body = b'{"resourceType":"Bundle","entry":[' * 3 + b"]}" * 3
    assert [one.problem is None or one.problem.reason for one in read(body)]
    deep = json.loads('{"resourceType":"Observation","x":' + "[" * 300 + "]" * 300 + "}")
    assert read(deep)[0].outcome == "quarantined"
