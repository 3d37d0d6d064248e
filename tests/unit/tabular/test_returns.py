"""Return files in canonical columns and in a plan's own: each row becomes facts of the provider's files to the plan."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.files.sniffing import sniff
from connectors.tabular.reader import TabularReader
from models.events import ReturnRow
from services.intake.reading import Reading
from services.returns.loading import load_maps
from services.returns.maps import ReturnMap
from services.wiring.returns import shipped_maps
from tests.unit.tabular.test_reader import facts, read

NOW = datetime(2025, 7, 9, 20, 0, tzinfo=UTC)
COMBINED = Path(__file__).parents[3] / "services" / "returns" / "catalog" / "examples" / "combined.yaml"
PIPED = """
map: plan_c.rtf
file: rtf
mcp_id: PLANC
format: {type: pipe, dates: MM/DD/YYYY, months: YYYYMM}
due: {month_day: 10}
columns: {CIN: cin, Provider: provider_id, Month: period, Status: ecm_status, "Started On": ecm_start}
codes: {ecm_status: {"1": enrolled, "2": declined}, provider_id: {"1234567893": P1}}
"""


def maps(*texts: str) -> tuple[ReturnMap, ...]:
    pages = [(f"{n}.yaml", text) for n, text in enumerate(texts)]
    loaded = load_maps([*pages, *shipped_maps()], calendars={"ca_state"})
    assert loaded.problems == ()
    return loaded.maps


def mapped(kind: str, body: str, *texts: str) -> list[Reading]:
    reader = TabularReader(kind, zone=ZoneInfo("America/Los_Angeles"), maps=maps(*texts))
    return list(reader.read("plan", NOW, body.encode()))


def stated(readings: list[Reading]) -> list[object]:
    return [event.fact for reading in readings for event in reading.events]


def test_a_canonical_row_keeps_every_other_column_by_its_name() -> None:
    body = (
        "mcp_id,provider_id,period,file_status,cin,ecm_status,care_plan_revised,shoe size\n"
        "PLANA,P1,2025-06,Accepted,9000-0001a1,Enrolled,06/12/2025,\n"
        "PLANA,P1,2025-06,,90000002B,Unable to reach,,42\n"
    )
    assert facts("rtf", body) == [
        ReturnRow(
            "rtf", "PLANA", "P1", "2025-06", "accepted", "90000001A",
            values=(("care_plan_revised", "2025-06-12"), ("ecm_status", "enrolled")),
        ),
        ReturnRow(
            "rtf", "PLANA", "P1", "2025-06", "accepted", "90000002B",
            values=(("ecm_status", "unable_to_reach"), ("shoe_size", "42")),
        ),
    ]  # fmt: skip


def test_a_table_in_canonical_columns_needs_no_map_and_loses_no_column_to_one() -> None:
    (canonical,) = (each for each in maps() if each.id == "canonical.rtf")
    columns = [column for column, _ in canonical.columns]
    body = f"{','.join(columns)},shoe size\n" + ",".join(
        {"mcp_id": "A", "provider_id": "P", "period": "2025-06"}.get(c, "") for c in columns
    )
    (row,) = stated(mapped("rtf", f"{body},42\n"))
    assert isinstance(row, ReturnRow)
    assert row.values == (("shoe_size", "42"),)


@pytest.mark.parametrize(
    ("row", "reason", "where"),
    [
        ("PLANA,P1,June,accepted,90000001A", "bad_month", "period"),
        ("PLANA,P1,2025-13,accepted,90000001A", "bad_month", "period"),
        ("PLANA,P1,0025-06,accepted,90000001A", "bad_month", "period"),
        ("PLANA,,2025-06,accepted,90000001A", "missing", "provider_id"),
        (",P1,2025-06,accepted,90000001A", "missing", "mcp_id"),
        ("PLANA,P1,2025-06,lost,90000001A", "unknown_word", "file_status"),
    ],
)
def test_a_row_without_a_place_waits(row: str, reason: str, where: str) -> None:
    (reading,) = read("otf", f"mcp_id,provider_id,period,file_status,cin\n{row}\n")
    assert reading.problem is not None
    assert (reading.problem.reason, reading.problem.where) == (reason, where)
    assert "90000001A" not in str(reading.problem)


def test_what_a_person_should_look_at_is_marked_and_kept_as_written() -> None:
    body = "mcp_id,provider_id,period,cin,ecm_status,ecm_start,minutes\nPLANA,P1,2025-06,123,asleep,soon,many\n"
    (reading,) = read("rtf", body)
    assert reading.flags == ("bad_shape:ecm_start", "bad_shape:minutes", "unknown_word:ecm_status", "bad_shape:cin")
    (row,) = (event.fact for event in reading.events)
    assert isinstance(row, ReturnRow)
    assert (row.cin, dict(row.values)["ecm_start"]) == ("123", "soon")


def test_a_plans_own_columns_and_codes_are_read_by_its_map() -> None:
    body = "CIN|provider|MONTH|Status|Started  On\n90000001A|1234567893|202506|1|06/02/2025\n90000002B|P9|202506|7|\n"
    assert sniff(body.encode()) is None
    assert sniff(body.encode(), maps(PIPED)) == "rtf"
    one, two = mapped("rtf", body, PIPED)
    assert stated([one, two]) == [
        ReturnRow(
            "rtf", "PLANC", "P1", "2025-06", "accepted", "90000001A",
            values=(("ecm_start", "2025-06-02"), ("ecm_status", "enrolled")),
        ),
        ReturnRow("rtf", "PLANC", "P9", "2025-06", "accepted", "90000002B", values=(("ecm_status", "7"),)),
    ]  # fmt: skip
    assert (one.flags, two.flags) == ((), ("unknown_word:ecm_status",))


def test_a_row_that_is_cut_off_waits_and_the_rest_goes_on() -> None:
    body = 'CIN|Provider|Month|Status|Started On\n9|P1\n"9|P1|202506|1|\n90000001A|P1|202506|1|\n'
    cut, quoted, good = mapped("rtf", body, PIPED)
    assert [r.problem.reason for r in (cut, quoted) if r.problem] == ["too_few_cells", "open_quote"]
    assert good.outcome == "interpreted"


def test_an_outreach_tracker_without_a_month_counts_in_the_month_of_the_attempt() -> None:
    header = (
        "Primary Payer (MCP) Identifier,MCP Name,ECM Provider Name,ECM Provider NPI,ECM Provider TIN,Client Name,"
        "Member Client Index Number,Provider Type,Date of Outreach Attempt,Outreach Attempt Method,"
        "Outreach Attempt Successful,Time Spent Performing Outreach\n"
    )
    body = f"{header}PLANA,,,P1,,,90000001A,,06-30-2025 14:05,In Person,Y,15\nPLANA,,,P1,,,90000001A,,,Phone,N,\n"
    assert sniff(body.encode(), maps()) == "otf"
    told, untold = mapped("otf", body)
    assert stated([told]) == [
        ReturnRow(
            "otf", "PLANA", "P1", "2025-06", "accepted", "90000001A",
            values=(("attempt_at", "2025-06-30T14:05"), ("minutes", "15"), ("mode", "in_person"), ("success", "yes")),
        )
    ]  # fmt: skip
    assert untold.problem is not None
    assert (untold.problem.reason, untold.problem.where) == ("missing", "period")


def test_a_combined_row_tells_of_the_member_and_of_an_attempt_where_there_was_one() -> None:
    text = COMBINED.read_text("utf-8")
    loaded = load_maps([("combined.yaml", text)], calendars={"ca_state"})
    header = dict.fromkeys(column for each in loaded.maps for column, _ in each.columns)
    said = {"Member CIN": "90000001A", "RTF Reporting Period": "06-2025", "ECM Provider NPI": "P1"}
    tried = said | {"Date of Outreach Attempt": "06-03-2025", "Outreach Attempt Method": "Phone"}
    rows = [",".join(row.get(column, "") for column in header) for row in (said, tried)]
    quoted = ",".join(f'"{column}"' for column in header)
    body = "\n".join([quoted, *rows, ""])
    assert sniff(body.encode(), maps(text)) == "rtf"
    member = ReturnRow("rtf", "PLANB", "P1", "2025-06", "accepted", "90000001A")
    attempt = ReturnRow(
        "otf",
        "PLANB",
        "P1",
        "2025-06",
        "accepted",
        "90000001A",
        values=(("attempt_at", "2025-06-03"), ("mode", "phone")),
    )
    assert stated(mapped("rtf", body, text)) == [member, member, attempt]


HEADERS = st.sampled_from([b"CIN|Provider|Month|Status|Started On\n", b"mcp_id,provider_id,period,file_status\n", b""])
ROWS = st.lists(
    st.sampled_from([b"9|P1|202506|1|", b'"', b"\r\n", b"|", b",", b"\xff", b"PLANA,P1,2025-06,,,"]), max_size=8
)
THE_MAPS = maps(PIPED)


@given(HEADERS, st.binary(max_size=60) | ROWS.map(b"".join))
def test_whatever_the_bytes_reading_never_raises(header: bytes, rows: bytes) -> None:
    body = header + rows
    sniff(body, THE_MAPS)
    for kind in ("rtf", "otf"):
        reader = TabularReader(kind, zone=ZoneInfo("America/Los_Angeles"), maps=THE_MAPS)
        for reading in reader.read("plan", NOW, body):
            assert reading.events or reading.problem
