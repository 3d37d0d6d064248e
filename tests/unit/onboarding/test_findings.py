"""What a sample shows: each story is a habit of some sender, and what an engineer must be told of it."""

from datetime import UTC, datetime

import msgspec
import pytest

from models.events import Facility
from services.onboarding.linting import Lint
from services.onboarding.sample import Line
from tests.unit.hl7v2.support import book
from tests.unit.onboarding.support import NOW, gate, lint, message, question


def test_a_sound_feed_passes_what_a_sample_can_decide() -> None:
    stays = [
        message(trigger, patient=n, pv1={36: "01", 45: "202503051000"} if trigger == "A03" else {})
        for n in range(1, 4)
        for trigger in ("A01", "A08", "A03")
    ]
    report = lint(*stays, registry={"H1": Facility("H1")})
    verdicts = {one.name: one.verdict for one in report.gates}
    assert verdicts == {
        "parse clean": "pass", "facility resolved": "pass", "discharge time": "pass",
        "match precision": "unknown", "p99 of answers": "unknown",
    }  # fmt: skip
    assert report.passes
    assert str(report.traffic.updates) == "3 of 9 (33.3 %)"
    assert [(one.word, one.count) for one in report.traffic.triggers] == [
        ("ADT A01", 3),
        ("ADT A03", 3),
        ("ADT A08", 3),
    ]


def test_without_a_registry_the_facility_gate_stays_open_unless_nobody_states_one() -> None:
    assert gate(lint(message("A01")), "facility resolved").verdict == "unknown"
    nowhere = message("A01", f4="", pv1={3: "MED"})
    assert gate(lint(nowhere), "facility resolved").verdict == "fail"


def test_a_facility_that_the_registry_lacks_fails_the_gate_and_is_named() -> None:
    report = lint(*(message("A01", patient=n, f4="H9", pv1={3: ""}) for n in (1, 2)), registry={"H1": Facility("H1")})
    assert gate(report, "facility resolved").verdict == "fail"
    assert [one.word for one in report.places.resolution.unresolved] == ["H9"]


def test_facilities_of_the_last_five_percent_may_be_unknown() -> None:
    usual = [message("A01", patient=n) for n in range(1, 97)]
    rare = [message("A01", patient=n, f4="H9", pv1={3: ""}) for n in range(97, 101)]
    assert gate(lint(*usual, *rare, registry={"H1": Facility("H1")}), "facility resolved").verdict == "pass"


def test_a_discharge_without_any_time_of_its_own_fails_and_one_from_the_event_passes() -> None:
    from_event = message("A03", evn={1: "A03", 2: "202503051000"})
    assert gate(lint(from_event), "discharge time").verdict == "pass"
    relay_only = message("A03", evn={1: "A03"})
    assert gate(lint(relay_only), "discharge time").verdict == "fail"


def test_a_patient_who_is_still_there_is_no_discharge() -> None:
    assert gate(lint(message("A03", pv1={36: "30"}, evn={1: "A03"})), "discharge time").verdict == "unknown"


def test_what_would_be_set_aside_is_told_by_reason_with_ordinals() -> None:
    report = lint(message("A01"), message("A57"), message("A03", pv1={45: "20259999"}), b"PID|1||X\r")
    reasons = {(one.reason, one.where): one.examples for one in report.traffic.quarantine}
    assert reasons == {("unknown_trigger", "MSH-9.2"): [2], ("bad_time", "PV1-45"): [3], ("no_msh", "MSH"): [4]}
    assert report.traffic.unknown_triggers == {"A57": 1}
    assert gate(report, "parse clean").verdict == "fail"


def test_test_traffic_is_judged_and_told() -> None:
    config = "feeds: {west: {processing_ids: [P]}}"
    report = lint(message("A01", f11="T"), message("A01", patient=2), config=config)
    assert (report.traffic.test, report.traffic.clean.count, report.visits.visits) == (1, 2, 2)


def test_repeats_control_ids_used_again_and_relayed_content_are_told_apart() -> None:
    first = message("A01")
    same_id = message("A01", pv1={3: "ICU^1^A^H1"})
    relayed = message("A01", f10="RELAY7", f7="20250303150000")
    next_week = message("A01", f10="RELAY8", f7="20250313150000")
    wire = lint(first, first, same_id, relayed, next_week).wire
    assert (wire.messages, wire.repeats.count) == (5, 1)
    assert wire.control_id_reuse_examples == [3]
    assert wire.content_repeat_examples == [4]


def test_bytes_that_are_not_what_the_header_declares_are_told() -> None:
    plain = message("A01", f18="ASCII", pid={5: "Muñoz^Ana"})
    report = lint(plain, plain.decode().encode("cp1252"), message("A01", patient=2))
    wire = report.wire
    assert (wire.not_ascii, wire.ascii_denied, wire.charset_guesses) == (2, 2, 1)
    assert {one.word for one in wire.charsets} == {"ASCII / utf-8", "ASCII / cp1252", "none / ascii"}


@pytest.mark.parametrize(("end", "name"), [(b"\r", "CR"), (b"\n", "LF"), (b"\r\n", "CRLF")])
def test_line_ends_are_told(end: bytes, name: str) -> None:
    assert lint(message("A01").replace(b"\r", end)).wire.line_ends == {name: 1}


def test_an_emergency_that_becomes_an_admission_raises_the_question_of_pv1_44() -> None:
    kept = [m for n in (1, 2) for m in (message("A04", patient=n, pv1={2: "E"}), message("A06", patient=n))]
    fresh = [message("A04", patient=3, pv1={2: "E"}), message("A06", patient=3, pv1={44: "202503031200"})]
    asked = question(lint(*kept, *fresh), "PV1-44")
    assert asked.raised
    assert asked.evidence == ["PV1-44 on A06 repeats the A04's time in 2 of 3: ED arrival"]


def test_observation_by_a_local_code_is_asked_about_and_a_mapped_one_is_not() -> None:
    local = [message("A01", patient=n, pv1={2: "O", 18: "OBV"}) for n in (1, 2)]
    asked = question(lint(*local), "observation")
    assert (asked.raised, asked.evidence) == (True, ["PV1-18 OBV beside PV1-2 O: 2, read as outpatient"])
    usual = [message("A01", patient=n, pv1={2: "O", 18: "OBS"}) for n in (1, 2)]
    assert not question(lint(*usual), "observation").raised


def test_obstetrics_is_no_observation() -> None:
    assert lint(*(message("A01", patient=n, pv1={10: "OB"}) for n in (1, 2))).places.observation == []


def test_visit_numbers_are_checked_for_absence_change_sharing_and_reuse() -> None:
    report = lint(
        message("A01", visit="V1"),
        message("A08", visit="V1B"),  # the same admission under another number
        message("A01", patient=2, visit="V1"),  # another patient's number
        message("A01", patient=3, visit="V3"),
        message("A03", patient=3, visit="V3", pv1={45: "202503040800"}),
        message("A01", patient=3, visit="V3", number=1, pv1={44: "202503100800"}),  # given again
        message("A01", patient=4, pv1={19: '""'}),
    )
    visits = report.visits
    assert (visits.numbered.count, visits.numbered.of) == (6, 7)
    assert (visits.unstable.count, visits.shared.count, visits.reused.count) == (1, 1, 1)


def test_cancels_and_discharges_without_what_they_answer_are_told_with_an_example() -> None:
    report = lint(message("A11"), message("A13", patient=2), message("A03", patient=3), message("A01", patient=3))
    alone = {one.trigger: (one.share.count, one.examples) for one in report.visits.orphans}
    assert alone == {"A11": (1, [1]), "A13": (1, [2]), "A03": (0, [])}


def test_a_discharge_told_again_at_another_time_and_one_told_by_an_update_are_questions() -> None:
    asked = question(
        lint(
            message("A03", pv1={45: "202503051000"}),
            message("A03", number=1, pv1={45: "202503061000"}),
            message("A08", patient=2, pv1={45: "202503061000"}),
        ),
        "cancels",
    )
    assert "A03 comes again with another PV1-45, without A13, in 1 of 1 (100 %) visits" in asked.evidence
    assert "an update states PV1-45, and no A03 came, in 1 of 2 (50.0 %) visits" in asked.evidence


def test_times_are_told_by_precision_offset_placeholder_and_whether_they_lie_ahead() -> None:
    report = lint(
        message("A01", pv1={44: "20250303"}),
        message("A01", patient=2, pv1={44: "20250303080000-0800"}, f7="20250303141200-0800"),
        message("A01", patient=3, pv1={44: "19000101"}),
        message("A01", patient=4, pv1={44: "202503040000"}),
    )
    times = next(one for one in report.clocks.places if one.where == "PV1-44" and "A01" in one.of)
    assert (times.stated.count, times.offset, times.midnight, times.placeholder, times.ahead) == (4, 1, 1, 1, 1)
    assert times.precision == {"day": 1, "minute": 1, "second": 1}


def test_a_journal_knows_how_late_messages_came_and_files_do_not() -> None:
    body = message("A01", f7="20250303141200-0800")
    linter = Lint("west", book().profile_of("west"), registry={})
    linter.read([Line("hl7v2", body, datetime(2025, 3, 3, 22, 13, tzinfo=UTC))], NOW)
    assert linter.report().clocks.receiving.max == 60
    assert lint(body).clocks.receiving_note.startswith("not computable")


def test_member_ids_are_found_wherever_they_stand() -> None:
    body = message("A01", pid={2: "90001234A", 3: "M0001^^^H1^MR~90001234A^^^DHCS^XX"}, more=("ZID|1|1EG4-TE5-MK73",))
    found = {(one.where, one.kind, one.type) for one in lint(body).patients.member_ids}
    assert found == {("PID-2", "cin", ""), ("PID-3", "cin", "XX"), ("ZID-2", "mbi", "")}


def test_placeholders_of_names_and_birth_dates_are_counted() -> None:
    report = lint(
        message("A01", pid={5: "DOE^JOHN", 7: "19000101"}),
        message("A01", patient=2, pid={5: "Rivera^BABY BOY"}),
        message("A01", patient=3, pid={7: "19800101"}),
    ).patients
    assert (report.placeholder_names.count, report.birth_date_absent.count, report.first_of_january.count) == (2, 1, 2)


def test_unmapped_codes_are_listed() -> None:
    stays = [message("A03", patient=n, pv1={2: "Q", 36: "HOME", 45: "202503051000"}) for n in (1, 2)]
    places = lint(*stays).places
    assert [one.word for one in places.unknown_classes] == ["Q"]
    assert [one.word for one in places.unknown_dispositions] == ["HOME"]


def test_deletes_are_told_by_place() -> None:
    asked = question(lint(message("A13", pv1={45: '""'})), "mean delete")
    assert asked.evidence == ["PV1-45: 1 messages"]


def test_a_report_survives_json() -> None:
    report = lint(message("A01"), strict=1)
    assert msgspec.json.decode(msgspec.json.encode(report))["wire"]["messages"] == 1
