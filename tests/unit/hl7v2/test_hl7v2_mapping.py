"""Every trigger of table 0003, and what its message says to us."""

from datetime import date, datetime

import pytest

from models.events import DeathWord, Diagnosis, Known, PatientEdge, Persona, Statement, VisitMove, VisitRename
from models.time import Stamp
from services.identity.normalise import NEWBORN
from tests.unit.hl7v2.support import PID, adt, events, facts, one, segment, statement

VISIT = {2: "I", 3: "MED^101^A^H2", 19: "v1^^^H1^VN", 44: "20250303140000"}


def wall(text: str, offset: int | None = None, precision: str = "second") -> Stamp:
    return Stamp(datetime.fromisoformat(text), offset, precision)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("trigger", "kind"),
    [
        ("A01", "admit"), ("A02", "transfer"), ("A03", "discharge"), ("A04", "admit"), ("A05", "plan"),
        ("A06", "to_inpatient"), ("A07", "to_outpatient"), ("A08", "update"), ("A09", "note"), ("A10", "note"),
        ("A11", "cancel_admit"), ("A12", "cancel_transfer"), ("A13", "cancel_discharge"), ("A14", "plan"),
        ("A15", "note"), ("A16", "note"), ("A21", "leave"), ("A22", "return"), ("A23", "void"), ("A25", "note"),
        ("A26", "note"), ("A27", "cancel_plan"), ("A31", "update"), ("A32", "note"), ("A33", "note"),
        ("A38", "cancel_plan"), ("A52", "cancel_leave"), ("A53", "cancel_return"), ("A54", "update"),
        ("A55", "update"), ("A61", "update"), ("A62", "update"),
    ],
)  # fmt: skip
def test_a_visit_event_says_one_statement_and_who_the_patient_is(trigger: str, kind: str) -> None:
    known, said = facts(adt(trigger, pv1=VISIT))
    assert isinstance(known, Known)
    assert isinstance(said, Statement)
    assert (said.kind, said.trigger, said.visit) == (kind, trigger, ("H1", "V1"))
    assert known == Known(said.source_patient, said.persona)


@pytest.mark.parametrize("trigger", ["A28", "A29", "A31", "A08"])
def test_a_person_event_without_a_visit_only_describes_the_person(trigger: str) -> None:
    assert [
        type(fact) for fact in facts(adt(trigger, pid={18: "ACC"}, pv1={2: "N"} if trigger == "A31" else None))
    ] == [Known]


def test_a_death_without_a_visit_is_a_fact_of_its_own() -> None:
    known, death = facts(adt("A31", pid={29: "202503021200", 30: "Y"}))
    assert isinstance(known, Known)
    assert death == DeathWord(known.source_patient, True, wall("2025-03-02T12:00", None, "minute"))


@pytest.mark.parametrize("trigger", ["A19", "A20", "A60"])
def test_events_about_no_stay_are_kept_and_not_interpreted(trigger: str) -> None:
    assert one(adt(trigger)).outcome == "not_interpreted"


@pytest.mark.parametrize("trigger", ["A56", "A57", "A58", "A59", "A63", "A99", "ZZZ", ""])
def test_an_unknown_trigger_waits_in_quarantine(trigger: str) -> None:
    problem = one(adt(trigger, evn={})).problem
    assert problem is not None
    assert problem.reason == "unknown_trigger"


def test_other_message_types_are_kept_and_not_interpreted() -> None:
    found = one(adt("A01", f9="ORM^O01"))
    assert (found.outcome, found.label, found.control_id) == ("not_interpreted", "ORM^O01", "C1")


def test_the_trigger_comes_from_evn_when_msh_lacks_it_and_msh_wins_a_conflict() -> None:
    assert one(adt("A01", f9="ADT")).label == "ADT^A01"
    assert one(adt("A01", f9="")).label == "ADT^A01"
    found = one(adt("A01", f9="ADT^A03", pv1=VISIT))
    assert (found.label, found.flags) == ("ADT^A03", ("trigger_conflict",))


@pytest.mark.parametrize(
    ("processing", "outcome"), [("P", "interpreted"), ("", "interpreted"), ("T", "test"), ("D^A", "test")]
)
def test_a_listening_feed_takes_production_messages_only(processing: str, outcome: str) -> None:
    body = adt("A01", pv1=VISIT, f11=processing)
    assert one(body, "feeds: {F1: {listen: 0.0.0.0:2575}}").outcome == outcome
    assert one(body).outcome == "interpreted"


def test_a_continued_message_waits_in_quarantine() -> None:
    problem = one(adt("A01", more=("DSC|42",))).problem
    assert problem is not None
    assert problem.reason == "continuation"


def test_the_whole_admission() -> None:
    body = adt(
        "A01",
        evn={1: "A01", 2: "20250303141000", 6: "20250303140500", 7: "H1"},
        pid={3: "M1^^^H1^MR~90342182A^^^DHCS^MC~1EG4-TE5-MK73^^^CMS^MB", 18: "acc9^^^H1^AN"},
        pv1=VISIT | {50: "ALT1"},
        more=(
            "DG1|1||I50.9^Heart failure^I10|||A",
            "DG1|2||E11.9|||W",
            segment("DG1", {1: "3", 3: "Z00", 6: "F", 21: "D"}),
            segment("IN1", {1: "1", 36: "MEM-77"}),
        ),
    )
    said = statement(body)
    assert said == Statement(
        kind="admit",
        trigger="A01",
        feed="F1",
        source_patient="F1|H1|M1",
        persona=Persona(
            (("cin", "90342182A"), ("mbi", "1EG4TE5MK73"), ("plan_member", "MEM77")), date(1980, 2, 14), "RIVERA", "ANA"
        ),
        facilities=("H1", "H2"),
        visit=("H1", "V1"),
        alternate_visit="ALT1",
        account="ACC9",
        patient_class="inpatient",
        location="MED",
        admitted=wall("2025-03-03T14:00:00"),
        diagnoses=(Diagnosis("I509", "A", 1), Diagnosis("E119", "W", 2)),
        occurred=wall("2025-03-03T14:05:00"),
        recorded=wall("2025-03-03T14:10:00"),
    )


@pytest.mark.parametrize(
    ("trigger", "evn", "pv1", "occurred", "recorded", "sent"),
    [
        ("A01", {2: "20250101"}, {44: "20250102"}, "2025-01-02", "2025-01-01", None),
        ("A03", {2: "20250101"}, {44: "20250102", 45: "20250103"}, "2025-01-03", "2025-01-01", None),
        ("A02", {2: "20250101"}, {44: "20250102"}, "2025-01-01", "2025-01-01", None),
        ("A01", {6: "20250104"}, {44: "20250102"}, "2025-01-04", "2025-01-04", None),
        ("A11", {}, {44: "20250102"}, None, None, "2025-03-03T14:12:00"),
    ],
)
def test_clocks_follow_the_ladder(
    trigger: str, evn: dict[int, str], pv1: dict[int, str], occurred: str, recorded: str, sent: str
) -> None:
    said = statement(adt(trigger, evn=evn, pv1={2: "I"} | pv1))
    assert said.occurred == (wall(occurred, None, "day") if occurred else None)
    assert said.recorded == (wall(recorded, None, "day") if recorded else None)
    assert said.sent == (wall(sent) if sent else None)


def test_an_update_tells_its_clocks_beside_the_statement() -> None:
    (_, early), (_, late) = (
        events(adt("A08", evn={2: clock, 6: "20250303"}, pv1=VISIT)) for clock in ("20250304", "20250305")
    )
    assert early.fact == late.fact
    assert early.fact.occurred is early.fact.recorded is early.fact.sent is None  # type: ignore[union-attr]
    assert early.teller.recorded == wall("2025-03-04", None, "day")
    assert early.teller.occurred == wall("2025-03-03", None, "day")
    assert early.teller.sent == wall("2025-03-03T14:12:00")


def test_a_relay_that_restamps_msh_7_says_the_same_thing() -> None:
    first, second = (statement(adt("A01", pv1=VISIT, f7=sent)) for sent in ("20250303141200", "20250303150000"))
    assert first == second


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20250303", wall("2025-03-03", None, "day")), ("2025030314", wall("2025-03-03T14:00", None, "hour")),
        ("202503031405", wall("2025-03-03T14:05", None, "minute")), ("20250303140506", wall("2025-03-03T14:05:06")),
        ("20250303140506.5", wall("2025-03-03T14:05:06.500000")), ("20250303-0800", wall("2025-03-03", None, "day")),
        ("20250303140506-0800", wall("2025-03-03T14:05:06", -480)),
        ("202503031405+0530", wall("2025-03-03T14:05", 330, "minute")),
        ("2025-03-03T14:05:06Z", wall("2025-03-03T14:05:06", 0)), ("20250303240000", wall("2025-03-04T00:00:00")),
        ("", None), ('""', None), ("00000000", None), ("19000101", None), ("19010101120000", None), ("20991231", None),
        ("99991231", None), ("18000101", None), ("2025", None), ("202503", None),
    ],
)  # fmt: skip
def test_times_keep_what_was_written(text: str, expected: Stamp | None) -> None:
    assert statement(adt("A01", pv1=VISIT | {44: text})).admitted == expected


def test_msh_7_lends_its_offset_to_times_but_not_to_dates() -> None:
    said = statement(adt("A03", pv1=VISIT | {45: "20250306"}, f7="20250303141200-0800"))
    assert said.admitted == wall("2025-03-03T14:00:00", -480)
    assert said.discharged == wall("2025-03-06", None, "day")


@pytest.mark.parametrize("text", ["20250230", "tomorrow", "20250303256000", "2025030314050", "20250303140506+9900"])
def test_an_impossible_discharge_time_waits_in_quarantine(text: str) -> None:
    found = one(adt("A03", pv1=VISIT | {45: text}))
    assert found.problem is not None
    assert (found.problem.reason, found.problem.where) == ("bad_time", "PV1-45")
    assert text not in str(found.problem)


def test_an_impossible_clock_elsewhere_is_absent_and_flagged() -> None:
    found = one(adt("A01", evn={2: "20250230", 6: "x"}, pv1=VISIT))
    assert (found.outcome, found.flags) == ("interpreted", ("bad_time",))


def test_a_discharge_without_a_time_is_flagged_and_one_of_a_stayer_is_no_discharge() -> None:
    assert statement(adt("A03", pv1=VISIT)).flags == ("discharge_time_derived",)
    said = statement(adt("A03", pv1=VISIT | {36: "30", 45: "20250306"}))
    assert (said.kind, said.discharged, said.flags, said.may_close) == ("update", None, ("still_patient",), False)


@pytest.mark.parametrize(("written", "expected"), [("1", "01"), ("01", "01"), ("06", "06"), ("hm", "HM"), ("", "")])
def test_dispositions_get_two_digits(written: str, expected: str) -> None:
    assert statement(adt("A03", pv1=VISIT | {36: written, 45: "20250306"})).disposition == expected


def test_a_feeds_own_dispositions_are_mapped() -> None:
    text = "{profile: west, options: {disposition_map: {hm: '1'}}}\n---\nfeeds: {F1: {profile: west}}"
    assert statement(adt("A03", pv1=VISIT | {36: "HM", 45: "20250306"}), text).disposition == "01"


def test_two_quotes_delete_the_discharge_and_empty_does_not() -> None:
    assert statement(adt("A13", pv1=VISIT | {45: '""'})).discharge_deleted
    assert not statement(adt("A13", pv1=VISIT)).discharge_deleted
    snapshot = "{profile: p, options: {snapshot: true}}\n---\nfeeds: {F1: {profile: p}}"
    assert statement(adt("A08", pv1=VISIT), snapshot).discharge_deleted
    assert not statement(adt("A01", pv1=VISIT), snapshot).discharge_deleted


def test_an_update_may_close_a_stay_unless_the_feed_says_no() -> None:
    body = adt("A08", pv1=VISIT | {45: "20250306"})
    assert statement(body).may_close
    assert not statement(adt("A08", pv1=VISIT)).may_close
    no = "{profile: p, options: {infer_discharge: false}}\n---\nfeeds: {F1: {profile: p}}"
    assert not statement(body, no).may_close


@pytest.mark.parametrize(
    ("pv1", "expected"),
    [
        ({2: "I"}, "inpatient"), ({2: "e"}, "emergency"), ({2: "O"}, "outpatient"), ({2: "R"}, "outpatient"),
        ({2: "O", 18: "OBS"}, "observation"), ({2: "O", 10: "Observation"}, "observation"), ({2: "OBS"}, "observation"),
        ({2: ""}, ""), ({2: "U"}, ""), ({2: "N"}, ""), ({2: "B"}, "other"), ({2: "XYZ"}, "other"),
    ],
)  # fmt: skip
def test_an_unknown_class_is_never_taken_for_an_outpatient(pv1: dict[int, str], expected: str) -> None:
    assert statement(adt("A01", pv1=pv1)).patient_class == expected


@pytest.mark.parametrize(
    ("pid", "expected"),
    [
        ({3: "m1^^^H1^MR"}, "F1|H1|M1"), ({3: "90342182A^^^DHCS^MC~M1^^^H1&1.2&ISO^PI"}, "F1|H1|M1"),
        ({3: "M1^^^&1.2.3&ISO^MR"}, "F1|1.2.3|M1"), ({3: "M1"}, "F1|H1|M1"), ({3: "X^^^Z^SS"}, "F1|Z|X"),
        ({3: "", 2: "P2"}, "F1|H1|P2"), ({3: "", 4: "P4"}, "F1|H1|P4"), ({3: r"a\F\b%^^^H1^MR"}, "F1|H1|A%7CB%25"),
        ({3: "1EG4TE5MK73~M1"}, "F1|H1|M1"),
    ],
)  # fmt: skip
def test_the_source_patient_is_the_medical_record_number(pid: dict[int, str], expected: str) -> None:
    assert statement(adt("A01", pid=pid, pv1={2: "I"})).source_patient == expected


def test_a_patient_without_any_number_is_named_by_the_message() -> None:
    found = one(adt("A01", pid={3: ""}, pv1=VISIT))
    assert found.events[0].fact.source_patient == f"F1||sha256:{found.name}"  # type: ignore[union-attr]


def test_a_cut_number_is_never_used() -> None:
    body = adt("A01", pid={3: "M1#^^^H1^MR~M12#~M123^^^H1^MR"}, pv1=VISIT).replace(b"^~\\&", b"^~\\&#")
    assert statement(body).source_patient == "F1|H1|M123"
    cut = adt("A01", pid={3: "M12#", 2: "P2"}).replace(b"^~\\&", b"^~\\&#")
    assert statement(cut).source_patient == "F1|H1|P2"


@pytest.mark.parametrize(
    ("pid", "expected"),
    [
        ({5: "O'Brien-Núñez III^Zoë"}, Persona((), date(1980, 2, 14), "OBRIENNUNEZ", "ZOE")),
        ({5: "DOE^JANE"}, Persona((), date(1980, 2, 14), "", "")),
        ({5: "UNKNOWN^PATIENT"}, Persona((), date(1980, 2, 14), "", "")),
        ({5: "ZZTEST^ONE"}, Persona((), date(1980, 2, 14), "", "")),
        ({5: "Rivera^BABY BOY"}, Persona((), date(1980, 2, 14), "RIVERA", NEWBORN)),
        ({5: "Rivera^BG"}, Persona((), date(1980, 2, 14), "RIVERA", NEWBORN)),
        ({7: "19000101"}, Persona((), None, "RIVERA", "ANA")), ({7: "1980"}, Persona((), None, "RIVERA", "ANA")),
        ({7: "198002141200"}, Persona((), date(1980, 2, 14), "RIVERA", "ANA")),
        ({7: "19800230"}, Persona((), None, "RIVERA", "ANA")), ({31: "Y"}, Persona()),
    ],
)  # fmt: skip
def test_placeholders_are_absent_from_the_persona(pid: dict[int, str], expected: Persona) -> None:
    assert statement(adt("A01", pid=pid, pv1=VISIT)).persona == expected


@pytest.mark.parametrize(
    ("pid", "deceased"),
    [
        ({30: "Y"}, [True]),
        ({29: "20250301"}, [True]),
        ({29: "20250301", 30: "N"}, [False]),
        ({29: "00000000"}, []),
        ({}, []),
    ],
)
def test_death_is_said_by_indicator_or_time(pid: dict[int, str], deceased: list[bool]) -> None:
    told = facts(adt("A01", pid=pid, pv1=VISIT))
    assert [fact.died for fact in told if isinstance(fact, DeathWord)] == deceased


def edges(body: bytes) -> list[tuple[str, str, str]]:
    return [(fact.kind, fact.source, fact.target) for fact in facts(body) if isinstance(fact, PatientEdge)]


@pytest.mark.parametrize("trigger", ["A18", "A30", "A34", "A36", "A39", "A40", "A43", "A46", "A47", "A48"])
def test_a_merge_retires_the_number_in_mrg(trigger: str) -> None:
    body = adt(trigger, more=("MRG|OLD^^^H1^MR",))
    assert edges(body) == [("merge", "F1|H1|OLD", "F1|H1|M1")]
    (edge,) = (fact for fact in facts(body) if isinstance(fact, PatientEdge))
    assert edge.recorded == wall("2025-03-03T14:10:00")


def test_every_retired_repetition_and_every_group_counts() -> None:
    second = segment("PID", PID | {3: "M2^^^H2^MR"})
    body = adt("A40", more=("MRG|OLD^^^H1^MR~OLDER^^^H1~90342182A^^^DHCS^MC", second, "MRG|X2"))
    assert edges(body) == [
        ("merge", "F1|H1|OLD", "F1|H1|M1"), ("merge", "F1|H1|OLDER", "F1|H1|M1"), ("merge", "F1|H2|X2", "F1|H2|M2"),
    ]  # fmt: skip


def test_a_merge_with_itself_says_nothing_and_one_without_mrg_waits() -> None:
    assert edges(adt("A40", more=("MRG|M1^^^H1^MR",))) == []
    problem = one(adt("A40")).problem
    assert problem is not None
    assert problem.reason == "no_mrg"


@pytest.mark.parametrize(("trigger", "kind"), [("A24", "link"), ("A37", "unlink")])
def test_two_patients_are_linked_without_direction(trigger: str, kind: str) -> None:
    second = segment("PID", PID | {3: "A0^^^H1^MR"})
    assert edges(adt(trigger, more=(second,))) == [(kind, "F1|H1|A0", "F1|H1|M1")]
    assert one(adt(trigger)).outcome == "quarantined"


@pytest.mark.parametrize(
    ("trigger", "mrg", "field", "old", "new"),
    [
        ("A35", {3: "OA"}, "account", "OA", "NA"), ("A36", {1: "OLD", 3: "OA"}, "account", "OA", "NA"),
        ("A41", {1: "M1", 3: "OA"}, "account", "OA", "NA"), ("A49", {3: "OA"}, "account", "OA", "NA"),
        ("A42", {5: "OV"}, "visit", "OV", "NV"), ("A50", {5: "OV"}, "visit", "OV", "NV"),
        ("A51", {6: "OX"}, "alternate_visit", "OX", "NX"),
    ],
)  # fmt: skip
def test_a_number_changes(trigger: str, mrg: dict[int, str], field: str, old: str, new: str) -> None:
    body = adt(trigger, pid={18: "NA"}, pv1={19: "NV", 50: "NX"}, more=(segment("MRG", mrg),))
    renames = [fact for fact in facts(body) if isinstance(fact, VisitRename)]
    assert renames == [VisitRename("F1|H1|M1", field, ("", old), ("", new), trigger)]  # type: ignore[arg-type]
    assert bool(edges(body)) is (trigger == "A36")


def test_an_account_or_a_visit_moves_to_the_right_patient() -> None:
    (move,) = (
        fact for fact in facts(adt("A44", pid={18: "ACC"}, more=("MRG|OLD||ACC",))) if isinstance(fact, VisitMove)
    )
    assert (move.source, move.target, move.visit, move.account) == ("F1|H1|OLD", "F1|H1|M1", None, "ACC")
    body = adt(
        "A45", more=("MRG|OLD||ACC||V7^^^H1", "PV1||I|||||||||||||||||V8^^^H1", "MRG|OLD", "PV1||I|||||||||||||||||V9")
    )
    said = facts(body)
    assert [(one.visit, one.account) for one in said if isinstance(one, VisitMove)] == [
        (("H1", "V7"), "ACC"),
        (("", "V9"), ""),
    ]
    assert [one.new for one in said if isinstance(one, VisitRename)] == [("H1", "V8")]
    assert one(adt("A45", pv1=VISIT)).outcome == "quarantined"


def test_a_swap_moves_two_patients() -> None:
    second = segment("PID", PID | {3: "M2^^^H1^MR"})
    body = adt("A17", pv1=VISIT, more=(second, segment("PV1", {2: "I", 3: "ICU", 19: "V2"})))
    said = [fact for fact in facts(body) if isinstance(fact, Statement)]
    assert [(one.kind, one.source_patient, one.location) for one in said] == [
        ("update", "F1|H1|M1", "MED"), ("update", "F1|H1|M2", "ICU"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mrg", "expected"), [({5: "E1^^^H1"}, (("H1", "E1"),)), ({3: "ACC0"}, (("", "ACC0"),)), ({5: "V1", 3: "ACC"}, ())]
)
def test_a_class_change_names_the_earlier_number(mrg: dict[int, str], expected: tuple[tuple[str, str], ...]) -> None:
    body = adt("A06", pid={18: "ACC"}, pv1=VISIT, more=(segment("MRG", {1: "M1"} | mrg),))
    assert statement(body).old_visits == expected


def test_a_plan_has_its_expected_day() -> None:
    body = adt("A05", pv1={2: "P", 19: "V1"}, more=("PV2||||||||20250401",))
    assert statement(body).expected == wall("2025-04-01", None, "day")


def test_a_message_without_a_patient_waits() -> None:
    problem = one(b"MSH|^~\\&|A|H1|||2025||ADT^A01|C|P|2.5\rPV1||I\r").problem
    assert problem is not None
    assert problem.reason == "no_pid"


LONG = "9" * 201


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (adt("A08", pid={3: f"{LONG}^^^H1^MR"}), "PID-3"),
        (adt("A08", pid={3: f"M1^^^{LONG}^MR"}), "PID-3.4"),
        (adt("A08", more=(segment("IN1", {36: LONG}),)), "IN1-36"),
        (adt("A08", pid={2: LONG, 3: ""}), "PID-2"),
        (adt("A08", pid={3: "M1"}, pv1={2: "I", 39: LONG}), "PV1-39"),  # which stands for the authority
        (adt("A40", more=(f"MRG|{LONG}^^^H1^MR",)), "MRG-1"),
        (adt("A40", more=(f"MRG|M2^^^{LONG}^MR",)), "MRG-1.4"),
    ],
)
def test_a_patient_whose_name_is_too_long_for_a_key_waits_in_quarantine(body: bytes, where: str) -> None:
    problem = one(body).problem
    assert problem is not None
    assert (problem.reason, problem.where, problem.shape) == ("too_long", where, "201 bytes")
    assert one(body.replace(LONG.encode(), LONG[1:].encode())).outcome == "interpreted"
