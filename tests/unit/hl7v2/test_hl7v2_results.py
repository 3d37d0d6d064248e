"""ORU^R01: every type of value, pressures as pairs, corrections and withdrawals."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.clinical import Clinical, Part
from models.events import Known
from models.time import Stamp
from services.intake.reading import Reading
from tests.unit.hl7v2.support import PID, facts, msh, one, segment

SENT = {"f9": "ORU^R01"}
BP = "85354-9^Blood pressure panel^LN"
OBR = {1: "1", 2: "P7", 3: "F7^LAB", 4: "4548-4^HbA1c^LN", 7: "20250301080000", 22: "20250302090000", 25: "F"}
A1C = {1: "1", 2: "NM", 3: "4548-4^HbA1c^LN", 5: "7.2", 6: "%", 11: "F"}


def oru(*segments: str, pv1: dict[int, str] | None = None, pid: bool = True) -> bytes:
    head = [msh("R01", **SENT)] + [segment("PID", PID)] * pid + ([segment("PV1", pv1)] if pv1 else [])
    return "\r".join([*head, *segments, ""]).encode()


def obr(**more: str) -> str:
    return segment("OBR", OBR | fields(more))


def obx(**more: str) -> str:
    return segment("OBX", A1C | fields(more))


def fields(more: dict[str, str]) -> dict[int, str]:
    return {int(key.removeprefix("f")): value for key, value in more.items()}


def observations(*segments: str, **more: Any) -> list[Clinical]:
    return [fact for fact in facts(oru(*segments, **more)) if isinstance(fact, Clinical)]


def pressure(code: str, value: str, sub: str = "", status: str = "F") -> str:
    return obx(f3=f"{code}^x^LN", f4=sub, f5=value, f6="mm[Hg]^^UCUM", f11=status)


def wall(text: str) -> Stamp:
    return Stamp(datetime.fromisoformat(text))


def test_a_result_is_an_observation_of_the_adt_patient() -> None:
    known, found = facts(oru(obr(), obx()))
    assert isinstance(known, Known)
    assert isinstance(found, Clinical)
    assert found.source_patient == known.source_patient == "F1|H1|M1"
    assert (found.kind, found.resource, found.status) == ("observation", "ORU/F7^LAB/4548-4/", "final")
    assert (found.codes, found.number, found.unit) == (("loinc|4548-4",), 7.2, "%")
    assert (found.start, found.updated) == (wall("2025-03-01T08:00"), wall("2025-03-02T09:00"))


def test_the_observations_own_time_is_nearer_than_the_orders() -> None:
    (found,) = observations(obr(), obx(f14="202503010715"))
    assert found.start == Stamp(datetime.fromisoformat("2025-03-01T07:15"), None, "minute")


@pytest.mark.parametrize(
    ("kind", "value", "unit", "number", "answers", "answered"),
    [
        ("NM", "7.2", "%", 7.2, (), True),
        ("NM", "75", "mmol/mol", 9.013, (), True),
        ("NM", "<4.0", "%", 4.0, (), True),
        ("NM", "pending", "%", None, (), True),
        ("SN", ">^14", "%", 14.0, (), True),
        ("SN", "^1^/^8", "", 0.125, (), True),
        ("SN", "^4^-^6", "%", None, (), True),
        ("ST", "7.2", "%", 7.2, (), True),
        ("ST", "see note", "", None, (), True),
        ("CWE", "260385009^Negative^SCT^N^No^L", "", None, ("snomed|260385009", "l|N"), True),
        ("CE", "^Negative", "", None, (), False),
        ("NM", "", "", None, (), False),
        ("NM", '""', "%", None, (), False),
    ],
)
def test_every_type_of_value(
    kind: str, value: str, unit: str, number: float | None, answers: tuple[str, ...], answered: bool
) -> None:
    (found,) = observations(obr(), obx(f2=kind, f5=value, f6=unit))
    assert (found.number, found.answers, found.answered) == (number, answers, answered)


@pytest.mark.parametrize(
    ("status", "meant"),
    [("F", "final"), ("C", "corrected"), ("P", "preliminary"), ("I", "preliminary"), ("D", "entered-in-error"),
     ("W", "entered-in-error"), ("X", "cancelled"), ("f", "final"), ("Z", "unknown"), ("", "final")],
)  # fmt: skip
def test_the_status_of_a_result(status: str, meant: str) -> None:
    (found,) = observations(obr(), obx(f11=status))
    assert (found.status, found.refused) == (meant, meant == "cancelled")


def test_a_correction_is_another_version_of_the_same_result() -> None:
    (first,) = observations(obr(), obx())
    (second,) = observations(obr(f22="20250303090000"), obx(f5="7.9", f11="C"))
    assert first.resource == second.resource
    assert first.updated is not None
    assert second.updated is not None
    assert first.updated.wall < second.updated.wall


def test_two_pressures_under_one_order_are_one_observation_of_two_parts() -> None:
    (found,) = observations(obr(f4=BP), pressure("8480-6", "132"), pressure("8462-4", "84"))
    assert found.codes == ("loinc|85354-9",)
    assert found.parts == (Part(("loinc|8480-6",), 132.0), Part(("loinc|8462-4",), 84.0))
    assert (found.number, found.status) == (None, "final")


def test_pairs_of_pressures_are_told_apart_by_their_sub_id() -> None:
    lines = [pressure(code, value, sub) for sub in "12" for code, value in (("8480-6", f"13{sub}"), ("8462-4", "80"))]
    found = observations(obr(f4="VITALS^Vital signs^L"), *lines)
    assert [one.parts[0].number for one in found] == [131.0, 132.0]
    assert len({one.resource for one in found}) == 2
    assert found[0].codes == ("l|VITALS", "loinc|85354-9")


def test_a_withdrawn_pressure_withdraws_its_pair_even_alone() -> None:
    (told,) = observations(obr(f4=BP), pressure("8480-6", "132"), pressure("8462-4", "84"))
    (withdrawn,) = observations(obr(f4=BP), pressure("8480-6", "132", status="W"))
    assert (withdrawn.resource, withdrawn.status) == (told.resource, "entered-in-error")


def test_a_pressure_alone_is_an_observation_of_its_own() -> None:
    (found,) = observations(obr(f4=BP), pressure("8480-6", "132"))
    assert (found.codes, found.number, found.parts) == (("loinc|8480-6",), 132.0, ())


def test_orders_and_patients_are_told_apart_by_position() -> None:
    other = segment("PID", PID | {3: "M2^^^H1^MR"})
    body = oru(obr(), obx(), obr(f3="F8^LAB"), obx(f5="8"), other, obr(f3="F9^LAB"), obx(f5="9"))
    found = [fact for fact in facts(body) if isinstance(fact, Clinical)]
    assert [(one.source_patient, one.resource.split("/")[1], one.number) for one in found] == [
        ("F1|H1|M1", "F7^LAB", 7.2), ("F1|H1|M1", "F8^LAB", 8.0), ("F1|H1|M2", "F9^LAB", 9.0),
    ]  # fmt: skip


def test_an_order_without_number_takes_the_common_orders_else_the_specimens_time() -> None:
    orc = segment("ORC", {1: "RE", 3: "C5"})
    (found,) = observations(orc, obr(f2="", f3=""), obx())
    assert found.resource == "ORU/C5/4548-4/"
    (found,) = observations(obr(f2="", f3=""), obx())
    assert found.resource == "ORU/@20250301080000/4548-4/"


def test_several_answers_to_one_question_are_one_observation() -> None:
    lines = [obx(f2="CWE", f3="32624-9^Race^LN", f5=f"{code}^x^LN") for code in ("LA1-1", "LA2-2")]
    (found,) = observations(obr(), *lines)
    assert found.answers == ("loinc|LA1-1", "loinc|LA2-2")


@pytest.mark.parametrize(("code", "meant"), [("E", "EMER"), ("I", "IMP"), ("O", "AMB"), ("", ""), ("B", "")])
def test_the_visit_says_where_it_was_measured(code: str, meant: str) -> None:
    (found,) = observations(obr(), obx(), pv1={2: code, 3: "W1"})
    assert found.act_class == meant


def read(*segments: str) -> Reading:
    return one(oru(*segments))


def test_what_is_left_open_is_flagged_without_any_value() -> None:
    assert read(obr(), obx(f5="0.07", f6="1")).flags == ("unknown_unit:OBX-6",)
    assert read(obr(), obx(f6="")).flags == ("no_unit:OBX-6",)
    assert read(obr(), obx(f5="pending")).flags == ("bad_number",)
    assert read(obr(), obx(f14="soon")).flags == ("bad_time",)


def test_results_of_nobody_wait_in_quarantine() -> None:
    problem = one(oru(obr(), obx(), pid=False)).problem
    assert problem is not None
    assert problem.reason == "no_pid"


def test_other_results_are_kept_and_not_interpreted() -> None:
    body = oru(obr(), obx()).replace(b"ORU^R01", b"ORU^R30")
    assert one(body).outcome == "not_interpreted"


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(["OBR", "OBX", "ORC", "PID", "PV1", "NTE"]), max_size=6),
    st.lists(st.text("|^~&\\<>=/-.0179FMNWSCELloinc", max_size=40), min_size=6, max_size=6),
)
def test_whatever_a_result_looks_like_it_is_read_without_a_defect_of_ours(names: list[str], texts: list[str]) -> None:
    lines = [f"{name}|{text}" for name, text in zip(names, texts, strict=False)]
    for found in [one(oru(*lines)), one(oru(obr(), *lines, obx(f5=texts[0], f2=texts[1][:2])))]:
        assert found.problem is None or found.problem.reason != "unreadable"
