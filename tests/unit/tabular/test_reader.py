"""Tables become facts; a bad row is set aside with its reason and shape, and the rest goes on."""

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.tabular.kinds import TABLES, TableKind, kind_of
from connectors.tabular.reader import TabularReader
from connectors.tabular.records import records
from models.events import CareEvent, Claim, Decision, Facility, RosterRow
from services.intake.reading import Reading
from tests.corpora import corpora

PACIFIC = ZoneInfo("America/Los_Angeles")
NOW = datetime(2025, 3, 7, 20, 0, tzinfo=UTC)


def read(kind: str, body: str | bytes) -> list[Reading]:
    raw = body if isinstance(body, bytes) else body.encode()
    return list(TabularReader(kind, zone=PACIFIC).read("plan-a", NOW, raw))


def facts(kind: str, body: str | bytes) -> list[object]:
    return [event.fact for reading in read(kind, body) for event in reading.events]


def test_a_roster_row_restates_the_member_in_the_form_that_matching_compares() -> None:
    body = (
        "CIN,Member_ID,last_name,first_name,birth_date,mcp_id,coverage_start,coverage_end,risk_tier,shoe size\r\n"
        '90342182a, M1 ,"Río-Vera, Jr.",Ana,02/14/1980,PLANA,2023-01-01,,HIGH,42\r\n'
    )
    assert facts("roster", body) == [
        RosterRow(
            member_id="M1",
            cin="90342182A",
            birth_date=date(1980, 2, 14),
            surname="RIOVERA",
            given="ANA",
            mcp_id="PLANA",
            coverage_start=date(2023, 1, 1),
            risk_tier="high",
        )
    ]


def test_a_facility_is_known_by_its_aliases_npi_and_ccn() -> None:
    body = "facility_id,name,setting,time_zone,npi,aliases\nH1,Hospital One,ACUTE,America/Los_Angeles,123,GH1;GENERAL\n"
    assert facts("facilities", body) == [
        Facility("H1", "Hospital One", "acute", "America/Los_Angeles", aliases=("GH1", "GENERAL", "123"))
    ]


def test_a_claim_keeps_its_codes_in_order_without_dots() -> None:
    body = (
        "claim_id,member_id,service_from,service_to,admit_date,place_of_service,procedure_codes,diagnosis_codes,status\n"
        "C1,M1,03/12/2025,2025-03-12,,11,99495;g2025,I50.9; e11.9 ,\n"
        "C2,M1,,,20250301,21,,,reversed\n"
    )
    assert facts("claims", body) == [
        Claim("M1", "C1", date(2025, 3, 12), date(2025, 3, 12), "paid", ("99495", "G2025"), ("I509", "E119"), "11"),
        Claim("M1", "C2", date(2025, 3, 1), status="reversed", place_of_service="21", admit_date=date(2025, 3, 1)),
    ]


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("2025-03-07T10:00:00-08:00", datetime(2025, 3, 7, 18, 0, tzinfo=UTC)),
        ("2025-03-07T18:00:00Z", datetime(2025, 3, 7, 18, 0, tzinfo=UTC)),
        ("2025-03-07 10:00", datetime(2025, 3, 7, 18, 0, tzinfo=UTC)),  # the zone we were told
        ("3/7/2025 1:05 PM", datetime(2025, 3, 7, 21, 5, tzinfo=UTC)),
        ("2025-03-06", datetime(2025, 3, 7, 7, 59, 59, tzinfo=UTC)),  # the end of that day
        ("2025-03-07", NOW),  # today: no later than its receipt
    ],
)
def test_when_a_care_event_happened(written: str, means: datetime) -> None:
    body = f"member_id,occurred_at,type,actor_id,mode,outcome,detail\nM1,{written},Contact,L1,Phone,reached,\n"
    assert facts("care_events", body) == [CareEvent("M1", means, "contact", "L1", "phone", "reached")]


@pytest.mark.parametrize(
    ("written", "pairs"),
    [
        ("to=lead_cm", (("to", "lead_cm"),)),
        ("task=t1;action=done;text=a; b=c", (("action", "done"), ("task", "t1"), ("text", "a; b=c"))),
        ("practitioner;treatment", (("practitioner", ""), ("treatment", ""))),
        ("", ()),
    ],
)  # fmt: skip
def test_detail_is_pairs_in_order(written: str, pairs: tuple[tuple[str, str], ...]) -> None:
    (fact,) = facts("care_events", f"member_id,occurred_at,type,detail\nM1,2025-03-07T10:00Z,task_note,{written}\n")
    assert isinstance(fact, CareEvent)
    assert fact.detail == pairs


ROSTER = "member_id,mcp_id,coverage_start,birth_date"
CARE = "member_id,occurred_at,type"
CLAIMS = "claim_id,member_id,service_from,status"
TWO = "22 characters, digits and signs"
FACILITIES = "facility_id,setting,time_zone"


@pytest.mark.parametrize(
    ("kind", "header", "row", "reason", "where", "shape"),
    [
        ("roster", ROSTER, "M1,PLANA,1stOfMay,", "bad_date", "coverage_start", "8 characters, letters and digits"),
        ("roster", ROSTER, "M1,PLANA,2025-02-30,", "bad_date", "coverage_start", "10 characters, digits and signs"),
        ("roster", ROSTER, "M1,PLANA,,13/13/1980", "bad_date", "birth_date", "10 characters, digits and signs"),
        ("roster", ROSTER, " ,PLANA,2025-01-01,", "missing", "member_id", "empty"),
        ("roster", ROSTER, "M1,PLANA", "too_few_cells", "row", "2 cells, 4 columns"),
        ("roster", ROSTER, "M1,PLANA,2025-01-01,,Doe", "too_many_cells", "row", "5 cells, 4 columns"),
        ("roster", ROSTER, 'M1,"PLANA,2025-01-01,', "open_quote", "row", "21 characters"),
        ("roster", ROSTER, 'M1,"PLANA"x,2025-01-01,', "open_quote", "row", "23 characters"),
        ("roster", ROSTER, "M1," + "x" * 140_000 + ",,", "cell_too_long", "row", "140005 characters"),
        ("care_events", CARE, "M1,yesterday,contact", "bad_time", "occurred_at", "9 characters, letters"),
        ("care_events", CARE, "M1,13/40/2025 1:00,x", "bad_time", "occurred_at", "15 characters, digits and signs"),
        ("care_events", CARE, "M1,0001-01-01 00:00+14:00,x", "bad_time", "occurred_at", TWO),
        ("care_events", CARE, "M1,99991231,x", "bad_time", "occurred_at", "8 characters, digits"),
        ("care_events", CARE, "M1,,contact", "missing", "occurred_at", "empty"),
        ("care_events", CARE, "M1,2025-03-07T10:00Z,", "missing", "type", "empty"),
        ("claims", CLAIMS, ",M1,2025-03-07,paid", "missing", "claim_id", "empty"),
        ("claims", CLAIMS, "C1,M1,2025-03-07,pending", "unknown_word", "status", "7 characters, letters"),
        ("facilities", FACILITIES, "H1,hospital,", "unknown_word", "setting", "8 characters, letters"),
        ("facilities", FACILITIES, "H1,acute,Pacific", "bad_time_zone", "time_zone", "7 characters, letters"),
    ],
)  # fmt: skip
def test_a_bad_row_is_set_aside_by_shape_and_the_rest_goes_on(
    kind: str, header: str, row: str, reason: str, where: str, shape: str
) -> None:
    good = {
        "roster": "M2,PLANA,2025-01-01,",
        "care_events": "M2,2025-03-07T10:00Z,contact",
        "claims": "C2,M2,2025-03-07,paid",
        "facilities": "H2,snf,",
    }[kind]
    first, bad, last = read(kind, f"{header}\n{good}\n{row}\n{good}\n")
    assert (first.outcome, last.outcome) == ("interpreted", "interpreted")
    assert (bad.outcome, bad.ordinal, bad.events) == ("quarantined", 2, ())
    assert bad.problem is not None
    assert (bad.problem.reason, bad.problem.where, bad.problem.shape) == (reason, where, shape)
    assert bad.problem.fix


GOOD = {
    "member_id": "M1", "mcp_id": "PLANA", "coverage_start": "2025-01-01", "occurred_at": "2025-03-07T10:00Z",
    "type": "contact", "claim_id": "C1", "service_from": "", "fill_id": "F1", "fill_date": "", "facility_id": "H1",
    "provider_id": "P1", "period": "2025-06", "program": "qip", "provider": "P1", "key": "cost", "value": "1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        ("facilities", "facility_id"), ("roster", "member_id"), ("roster", "mcp_id"), ("roster", "ecm_provider_id"),
        ("roster", "lead_cm_id"), ("roster", "plan_member"), ("roster", "language"), ("roster", "race/ethnicity"),
        ("roster", "pof"), ("care_events", "member_id"), ("claims", "claim_id"), ("claims", "member_id"),
        ("fills", "fill_id"), ("fills", "member_id"), ("rtf", "mcp_id"), ("otf", "provider_id"),
        ("program_inputs", "program"), ("program_inputs", "provider"),
    ],
)  # fmt: skip
def test_a_row_with_a_name_that_is_too_long_for_a_key_is_set_aside(kind: TableKind, column: str) -> None:
    header = dict.fromkeys((*TABLES[kind].required, column))
    rows = [",".join({**GOOD, column: name}[each] for each in header) for name in ("M7", "9" * 200, "é" * 101)]
    plain, longest, bad = read(kind, "\n".join([",".join(header), *rows]))
    assert (plain.problem, longest.problem) == (None, None)
    assert bad.problem is not None
    assert (bad.problem.reason, bad.problem.fix) == ("too_long", "Write at most 200 bytes.")
    assert bad.problem.where == column
    assert bad.problem.shape in ("101 characters, letters", "202 bytes")


@pytest.mark.parametrize(("key", "most"), [("source_patient", 602), ("member_id", 200), ("by", 200)])
def test_a_decision_with_a_name_that_is_too_long_for_a_key_is_set_aside(key: str, most: int) -> None:
    decision = {
        "at": "2025-03-07T10:00Z",
        "by": "ana",
        "action": "review",
        "source_patient": "F1|H1|1",
        "member_id": "M1",
    }
    lines = [json.dumps({**decision, key: "9" * size}) for size in (most, most + 1)]
    fine, bad = read("decisions", "\n".join(lines))
    assert fine.problem is None
    assert bad.problem is not None
    assert (bad.problem.reason, bad.problem.where) == ("too_long", key)


def test_a_problem_never_shows_what_a_cell_says() -> None:
    (bad,) = read("care_events", "member_id,occurred_at,type\nM-SECRET,Kowalska,Kowalska\n")
    assert "Kowalska" not in str(bad.problem)
    assert "SECRET" not in str(bad.problem)


@pytest.mark.parametrize(
    ("kind", "body", "reason", "where"),
    [
        ("roster", "member_id,cin\nM1,1\nM2,2\n", "missing_column", "mcp_id"),
        ("roster", "", "missing_column", "member_id"),
        ("roster", "member_id,mcp_id,coverage_start,Member ID\n", "column_twice", "member_id"),
        ("claims", "x" * 200_000, "missing_column", "claim_id"),
    ],
)
def test_a_wrong_header_is_one_reading_for_the_whole_line(kind: str, body: str, reason: str, where: str) -> None:
    (bad,) = read(kind, body)
    assert bad.problem is not None
    assert (bad.outcome, bad.problem.reason, bad.problem.where) == ("quarantined", reason, where)


@pytest.mark.parametrize("written", ["00/00/0000", "1900-01-01", "01/01/1901", "2099-12-31", ""])
def test_a_placeholder_birth_date_is_absent_and_no_mistake(written: str) -> None:
    (fact,) = facts("roster", f"member_id,mcp_id,coverage_start,birth_date\nM1,PLANA,,{written}\n")
    assert isinstance(fact, RosterRow)
    assert fact.birth_date is None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_line_ends_marks_and_blank_lines_do_not_matter(end: str, mark: bytes) -> None:
    body = mark + end.join(["member_id,mcp_id,coverage_start", "M1,PLANA,2025-01-01", "", ",,", "M2,PLANA,"]).encode()
    assert [reading.outcome for reading in read("roster", body)] == ["interpreted", "interpreted"]


def test_windows_text_is_read_and_flagged() -> None:
    head = b"member_id,mcp_id,coverage_start,last_name\n"
    (guessed,) = read("roster", head + "M1,PLANA,,Muñoz\n".encode("cp1252"))
    (plain,) = read("roster", head + "M1,PLANA,,Muñoz\n".encode())
    assert guessed.events == plain.events
    assert (guessed.flags, plain.flags) == (("charset_guess",), ())
    (any_byte,) = read("roster", head + b"M1,PLANA,,Mu\x81oz\n")
    assert any_byte.outcome == "interpreted"


def test_a_row_is_named_by_what_it_says_not_by_how_its_columns_stand() -> None:
    (one,) = read("roster", "member_id,mcp_id,coverage_start,pof\nM1,PLANA,2025-01-01,\n")
    (two,) = read("roster", 'coverage_start,mcp_id,member_id\r\n"2025-01-01", PLANA ,M1')
    (three,) = read("roster", "member_id,mcp_id,coverage_start\nM1,PLANB,2025-01-01\n")
    assert one.name == two.name != three.name
    assert one.events[0].teller.name == one.name
    assert (one.events[0].teller.feed, one.events[0].teller.received_at) == ("plan-a", NOW)


@pytest.mark.parametrize("kind", ["fills", "rtf", "otf", "program_inputs"])
def test_a_table_without_the_columns_of_its_kind_waits_whole(kind: str) -> None:
    (reading,) = read(kind, "a,b\n1,2\n3\n")
    assert reading.outcome == "quarantined"
    assert reading.problem is not None
    assert reading.problem.reason == "missing_column"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("roster", "member_id,mcp_id,coverage_start\n@files|PLANA|P1,PLANA,2025-01-01\n"),
        ("care_events", "member_id,occurred_at,type\n@x,2025-01-01,contact\n"),
        ("claims", "claim_id,member_id,service_from\nC1,@x,2025-01-01\n"),
        ("fills", "fill_id,member_id,fill_date\nC1,@x,2025-01-01\n"),
        ("rtf", "mcp_id,provider_id,period,member_id\nPLANA,P1,2025-01,@x\n"),
    ],
)
def test_nobody_is_called_like_what_is_no_member(kind: str, body: str) -> None:
    (reading,) = read(kind, body)
    assert reading.problem is not None
    assert (reading.problem.reason, reading.problem.where) == ("bad_id", "member_id")


def test_decisions_are_facts_and_notes_are_care_events() -> None:
    at = "2025-03-07T10:00:00-08:00"
    lines = [
        {"at": at, "by": "ana", "action": "link", "source_patient": "F1|H1|7", "member_id": "M1", "reason": "seen"},
        {"at": at, "by": "ana", "action": "review", "source_patient": "F1|H1|8", "member_id": None},
        {"at": at, "by": "ana", "action": "task", "member_id": "M1", "task": "tcm.contact_2bd", "task_action": "done"},
    ]
    when = datetime(2025, 3, 7, 18, 0, tzinfo=UTC)
    assert facts("decisions", "\n\n".join(map(json.dumps, lines))) == [
        Decision(when, "ana", "link", "F1|H1|7", "M1", "seen"),
        Decision(when, "ana", "review", "F1|H1|8", ""),
        CareEvent("M1", when, "task_note", "ana", detail=(("action", "done"), ("task", "tcm.contact_2bd"))),
    ]


@pytest.mark.parametrize(
    ("line", "reason", "where"),
    [
        ("{", "bad_json", "line"),
        ("[1]", "bad_json", "line"),
        ('{"at":"2025-03-07T10:00Z","by":"a","action":"no","source_patient":"x"}', "unknown_word", "action"),
        (
            '{"at":"2025-03-07T10:00Z","by":"a","action":"review","source_patient":"x","member_id":"@x"}',
            "bad_id",
            "member_id",
        ),
        ('{"at":"soon","by":"a","action":"link","source_patient":"x","member_id":"M1"}', "bad_time", "at"),
        ('{"at":"2025-03-07T10:00Z","by":"a","action":"link","source_patient":"x"}', "missing", "member_id"),
        ('{"at":"2025-03-07T10:00Z","by":7,"action":"link","source_patient":"x","member_id":"M1"}', "not_text", "by"),
        ('{"at":"2025-03-07T10:00Z","by":"a","action":"task","member_id":"M1"}', "missing", "task"),
    ],
)  # fmt: skip
def test_a_bad_decision_waits_and_the_next_is_read(line: str, reason: str, where: str) -> None:
    good = '{"at":"2025-03-07T10:00Z","by":"a","action":"unlink","source_patient":"x","member_id":"M1"}'
    bad, fine = read("decisions", f"{line}\n{good}\n")
    assert bad.problem is not None
    assert (bad.problem.reason, bad.problem.where, fine.outcome) == (reason, where, "interpreted")


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("facility_id,name,setting,time_zone", "facilities"),
        ("member_id,cin,mcp_id,coverage_start", "roster"),
        ("type,occurred_at,member_id", "care_events"),
        ("Claim ID,Member ID,Service From", "claims"),
        ("fill_id,member_id,fill_date,ndc", "fills"),
        ("mcp_id,provider_id,period,file_status,cin,ecm_status", "rtf"),
        ("mcp_id,provider_id,period,file_status,member_id", "otf"),
        ("program,period,provider,key,value", "program_inputs"),
        ("a,b,c", None),
    ],
)
def test_a_header_tells_its_kind(header: str, kind: str | None) -> None:
    assert kind_of(header.split(",")) == kind


@given(st.binary(max_size=300) | st.text(alphabet='a,"\n\r', max_size=60).map(str.encode))
def test_whatever_the_bytes_records_are_the_body_and_reading_never_raises(body: bytes) -> None:
    assert b"".join(records(body)) == body
    for kind in ("roster", "decisions", "fills"):
        assert all(reading.outcome != "test" for reading in read(kind, body))


def test_every_table_of_the_shared_scenarios_is_read() -> None:
    scenarios = corpora("hl7v2").parents[1] / "scenarios"
    for journal in scenarios.glob("*.json"):
        for line in json.loads(journal.read_text())["journal"]:
            if line["kind"] not in ("hl7v2", "fhir"):
                outcomes = {reading.outcome for reading in read(line["kind"], line["body"])}
                assert outcomes <= {"interpreted"}, journal
