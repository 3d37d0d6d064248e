"""From files to dollars: what plans and providers send, loaded by the command, is money that the command explains."""

import json
from pathlib import Path

import pytest

from tests.end_to_end.running import House

PAGE = """\
program: mine
version: "1"
effective: {from: 2025-01-01, to: 2025-12-31}
source: {document: D, section: S, read_on: 2025-01-10}
parties: {mcp_id: PLANA, provider: any}
period: quarter
model: gated_rates
form: proportional
base_per_member_month: "10.00"
gates: [ecm.rtf_on_time, ecm.otf_on_time]
eligible: {file: rtf, status: [outreach, enrolled]}
measures:
  - {measure: ecm.outreach_10, weight: "0.40"}
  - {measure: ecm.careplan_90, weight: "0.30"}
cases: [{eligible: {"2025-01": 10}, rates: {ecm.outreach_10: "0.5"}, expect: {earned: "20.00"}}]
"""
ROSTER = (
    "member_id,cin,birth_date,mcp_id,coverage_start,ecm_provider_id,ecm_status,ecm_start,lead_cm_id,risk_tier,"
    "assigned_on"
)
NOW = "2025-04-25T12:00:00-07:00"


def line(received_at: str, kind: str, head: str, rows: list[str]) -> str:
    body = "\n".join((head, *rows, ""))
    return json.dumps({"received_at": received_at, "feed": "PLANA", "kind": kind, "body": body})


def files(month: str, received: dict[str, str], members: int) -> list[str]:
    places = "mcp_id,provider_id,period,file_status,cin"
    rtf = [f"PLANA,P1,{month},accepted,9000000{n}A,{'enrolled' if n < 4 else 'outreach'}" for n in range(members)]
    otf = [f"PLANA,P1,{month},accepted,90000001A,{month}-11,phone,Y"]
    return [
        line(received["rtf"], "rtf", f"{places},ecm_status", rtf),
        line(received["otf"], "otf", f"{places},attempt_at,mode,success", otf),
    ]


def journal() -> str:
    """Five members: four were tried within ten days; of three that enrolled one has a care plan. February was late."""
    roster = [
        f"M{n},9000000{n}A,1970-01-0{n + 1},PLANA,2025-01-01,P1,{'enrolled' if n < 3 else 'outreach'},"
        f"{'2025-02-01' if n < 3 else ''},L1,high,2025-01-06"
        for n in range(5)
    ]
    attempts = [f"M{n},2025-01-1{n}T10:00:00-08:00,outreach_attempt,L1,phone,no_answer," for n in range(4)]
    care = "member_id,occurred_at,type,actor_id,mode,outcome,detail"
    plan = ["M1,2025-02-25T10:00:00-08:00,care_plan_completed,L1,,,"]
    both = "2025-02-05T08:00:00-08:00", "2025-04-05T08:00:00-07:00"
    lines = [
        line("2025-01-06T08:00:00-08:00", "roster", ROSTER, roster),
        line("2025-01-20T08:00:00-08:00", "care_events", care, attempts),
        line("2025-02-26T08:00:00-08:00", "care_events", care, plan),
        *files("2025-01", dict.fromkeys(("rtf", "otf"), both[0]), 3),
        *files("2025-02", {"rtf": "2025-03-05T08:00:00-08:00", "otf": "2025-03-12T08:00:00-07:00"}, 4),
        *files("2025-03", dict.fromkeys(("rtf", "otf"), both[1]), 5),
    ]
    return "".join(f"{one}\n" for one in lines)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    found = House(tmp_path_factory.mktemp("programs"))
    found.write("mine.yaml", PAGE)
    found.config("programs: [mine.yaml]\n")
    found.ok("load", found.write("journal.ndjson", journal()))
    return found


def test_model_a_pays_for_files_in_time_by_what_was_counted(house: House) -> None:
    (paid,) = house.json("programs", "--period", "2025-Q1", "--as-of", NOW)["programs"]
    assert {one["measure"]: one["rate"] for one in paid["measures"]} == {
        "ecm.outreach_10": "4/5",
        "ecm.careplan_90": "1/3",
    }
    # Three members in January and five in March at ten dollars; 0.40 x 4/5 + 0.30 x 1/3 of it.
    assert paid["earned"] == "33.60"
    assert [gate["cost"] for gate in paid["gates"] if gate["on_time"] is False] == ["16.80"]
    assert {one["measure"]: one["one_more"] for one in paid["measures"]} == {
        "ecm.outreach_10": "6.40",
        "ecm.careplan_90": "8.00",
    }


def test_what_if_the_file_had_been_in_time(house: House) -> None:
    words = ("programs", "what-if", "--period", "2025-Q1", "--as-of", NOW, "--set", "otf:2025-02=on_time")
    (pair,) = house.json(*words)["programs"]
    assert (pair["before"]["earned"], pair["after"]["earned"]) == ("33.60", "50.40")
    (pair,) = house.json(*words, "--set", "ecm.outreach_10=1")["programs"]
    assert pair["after"]["earned"] == "60.00"


def test_before_the_files_came_nothing_is_earned(house: House) -> None:
    (paid,) = house.json("programs", "--as-of", "2025-02-01T12:00:00-08:00")["programs"]
    assert paid["earned"] == "0.00"
    assert {gate["on_time"] for gate in paid["gates"]} == {None}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["programs", "--program", "mines"], "--program: 'mines' is not listed. Did you mean mine?"),
        (["programs", "--period", "Q1"], "--period: 'Q1' is no period."),
        (["programs", "what-if", "--set", "ecm.outreach=1"], "no measure of these programs"),
        (["programs", "what-if", "--set", "ecm.outreach_10=x"], "--set: 'x' is no exact number."),
        (["programs", "what-if", "--set", "otf:2025-02=early"], "'early' is no state of a file."),
        (["programs", "what-if", "--set", "otf:2024-02=late"], "nobody's payment waits for otf:2024-02"),
        (["programs", "check", "nowhere"], "There is no program, file or folder 'nowhere'."),
    ],
)
def test_what_cannot_be_asked_is_told(house: House, words: list[str], told: str) -> None:
    done = house.run(*words)
    assert done.returncode == 2
    assert told in done.stderr.decode()


def test_check_lists_every_mistake_by_line(house: House, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(PAGE.replace("mine", "bad").replace('"10.00"', "10.5").replace("0.40", "0.80"))
    done = house.run("programs", "check", tmp_path)
    assert done.returncode == 2
    said = done.stderr.decode()
    assert "bad.yaml:9: base_per_member_month" in said
    assert "bad.yaml:12: measures" in said
    assert house.ok("programs", "check").endswith("all hold.\n")
