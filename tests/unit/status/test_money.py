"""Programs over a real store: files in and out of time, who is eligible, what was stated, and who was served."""

import json
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest

from models.measure import PageInfo
from services.programs.inputs import Inputs
from services.programs.ledger import Asked, Attribution, gather
from services.programs.loading import load_programs
from services.programs.periods import span_named
from services.programs.telling import Result
from services.status.counting import Counting
from services.status.money import Money
from services.status.money_shapes import program_json
from services.status.payees import spans, standings
from services.wiring.programs import shipped_programs
from tests.scribe import ZONE, Line
from tests.worlds import Live, setup

PROGRAMS = {program.id: program for program in load_programs(shipped_programs()).programs}
ROSTER = (
    "member_id,cin,last_name,first_name,birth_date,mcp_id,coverage_start,ecm_provider_id,ecm_status,ecm_start,"
    "lead_cm_id,risk_tier,assigned_on"
)
RTF = "mcp_id,provider_id,period,file_status,cin,member_id,ecm_status"
OTF = "mcp_id,provider_id,period,file_status,cin,member_id,attempt_at,mode,success"
CARE = "member_id,occurred_at,type,actor_id,mode,outcome,detail"
INPUTS = "program,period,provider,key,value"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def line(received: str, kind: str, head: str, *rows: str) -> Line:
    return {
        "received_at": at(received).isoformat(),
        "feed": "PLANA",
        "kind": kind,
        "body": "\n".join((head, *rows, "")),
    }


def member(number: int, status: str, start: str = "") -> str:
    return (
        f"M{number},9000000{number}A,DOE,JO,1970-01-0{number},PLANA,2025-01-01,P1,{status},{start},L1,high,2025-01-06"
    )


def rtf(month: str, *statuses: str, accepted: str = "accepted") -> tuple[str, ...]:
    return tuple(f"PLANA,P1,{month},{accepted},9000000{n}A,M{n},{status}" for n, status in enumerate(statuses, 1))


def otf(month: str) -> str:
    return f"PLANA,P1,{month},accepted,90000001A,M1,{month}-11,phone,Y"


STORY = [
    line("2025-01-06 08:00", "roster", ROSTER, *(member(n, "enrolled", "2025-02-01") for n in (1, 2)),
         *(member(n, "outreach") for n in (3, 4))),
    line("2025-01-20 08:00", "care_events", CARE,
         "M1,2025-01-10T10:00:00-08:00,outreach_attempt,L1,phone,reached,",
         *(f"M3,2025-01-1{n}T10:00:00-08:00,outreach_attempt,L1,text,no_answer," for n in range(5)),
         "M4,2025-01-11T10:00:00-08:00,outreach_attempt,L1,mass_mail,sent,"),
    line("2025-02-05 08:00", "rtf", RTF, *rtf("2025-01", "enrolled", "enrolled", "outreach", "declined")),
    line("2025-02-05 08:00", "otf", OTF, otf("2025-01")),
    line("2025-02-20 08:00", "care_events", CARE, "M1,2025-02-12T10:00:00-08:00,contact,L1,phone,reached,",
         "M2,2025-02-12T10:00:00-08:00,contact,L1,phone,no_answer,"),
    line("2025-03-05 08:00", "rtf", RTF, *rtf("2025-02", "enrolled", accepted="rejected")),
    line("2025-03-09 08:00", "rtf", RTF, *rtf("2025-02", "enrolled", "enrolled")),
    line("2025-03-12 08:00", "otf", OTF, otf("2025-02")),
    line("2025-03-20 08:00", "rtf", RTF, *rtf("2025-02", "enrolled", "enrolled", "outreach")),
    line("2025-04-05 08:00", "rtf", RTF, *rtf("2025-03", "enrolled", "enrolled", "outreach", "outreach")),
    line("2025-04-05 08:01", "program_inputs", INPUTS, "plan_b.points,2025,P1,reimbursement,412500",
         "ga_withhold,2025,,capitation,1000"),
    line("2025-04-06 08:00", "program_inputs", INPUTS, "plan_b.points,2025,P1,reimbursement,500000.50"),
]  # fmt: skip


@pytest.fixture(scope="module")
def live() -> Iterator[Live]:
    story = Live()
    story.take(STORY, bulk=True)
    yield story
    story.close()


def money(live: Live, when: str) -> Money:
    pages = [PageInfo("ecm.outreach_10", "1")]
    return Money(live.store, setup().reference, pages, setup().maps, at(when))


def inputs(live: Live, program: str, period: str, when: str, provider: str = "P1") -> Inputs:
    named = span_named(period)
    assert named is not None
    page = PROGRAMS[program].page
    asked = Asked(program, "PLANA", provider, named[1], page.attribution, at(when))
    return gather(PROGRAMS[program], money(live, when), asked)


def gates(found: Inputs) -> dict[str, bool | None]:
    return {gate.key: gate.on_time for gate in found.gates}


def test_the_first_accepted_version_says_whether_a_file_was_in_time(live: Live) -> None:
    found = gates(inputs(live, "plan_a.qip", "2025-Q1", "2025-04-07 12:00"))
    assert found == {
        "rtf:2025-01": True, "otf:2025-01": True,
        "rtf:2025-02": True, "otf:2025-02": False,
        "rtf:2025-03": True, "otf:2025-03": None,
    }  # fmt: skip


def test_a_file_that_is_not_here_is_late_when_its_day_is_over(live: Live) -> None:
    assert gates(inputs(live, "plan_a.qip", "2025-Q1", "2025-04-10 23:00"))["otf:2025-03"] is None
    assert gates(inputs(live, "plan_a.qip", "2025-Q1", "2025-04-11 00:00"))["otf:2025-03"] is False


def test_the_newest_accepted_version_says_who_is_eligible(live: Live) -> None:
    known = {
        when: inputs(live, "plan_a.qip", "2025-Q1", when).eligible for when in ("2025-03-06 12:00", "2025-04-07 12:00")
    }
    assert known["2025-03-06 12:00"] == {"2025-01": 3}
    assert known["2025-04-07 12:00"] == {"2025-01": 3, "2025-02": 3, "2025-03": 4}
    assert inputs(live, "plan_a.qip", "2025-Q1", "2025-03-10 12:00").eligible["2025-02"] == 2


def test_a_quarter_without_files_yet_stakes_as_many_members_as_there_were_last(live: Live) -> None:
    found = inputs(live, "plan_a.qip", "2025-Q2", "2025-04-07 12:00")
    assert found.eligible_before == 4
    most = PROGRAMS["plan_a.qip"].pay_at_best(found)
    assert most.earned == 10 * 3 * 4
    assert PROGRAMS["plan_a.qip"].pay(found).earned == 0


def test_a_number_that_is_stated_again_replaces_the_one_before(live: Live) -> None:
    stated = [inputs(live, "plan_b.points", "2025", when).amounts for when in ("2025-04-05 12:00", "2025-04-07 12:00")]
    assert stated == [{"reimbursement": Fraction(412500)}, {"reimbursement": Fraction("500000.50")}]


def test_the_plan_s_own_numbers_are_nobody_else_s(live: Live) -> None:
    assert inputs(live, "ga_withhold", "2025", "2025-04-07 12:00", "").amounts == {"capitation": 1000}
    assert inputs(live, "ga_withhold", "2025", "2025-04-07 12:00", "P1").amounts == {}


def test_engaged_is_enrolled_and_served(live: Live) -> None:
    assert inputs(live, "pmpm", "2025-02", "2025-04-07 12:00").engaged == {"2025-02": 1}
    assert sum(inputs(live, "pmpm", "2025-01", "2025-04-07 12:00").engaged.values()) == 0
    assert sum(inputs(live, "pmpm", "2025-02", "2025-02-19 12:00").engaged.values()) == 0


def test_outreach_counts_attempts_that_can_be_answered(live: Live) -> None:
    found = inputs(live, "outreach_ffs", "2025-01", "2025-04-07 12:00").outreach
    assert sorted((told.attempts, told.successes) for told in found) == [(1, 1), (5, 0)]
    assert PROGRAMS["outreach_ffs"].pay(inputs(live, "outreach_ffs", "2025-01", "2025-04-07 12:00")).earned == 100


def told(live: Live, program: str, when: str, period: str = "") -> list[Result]:
    return list(standings([PROGRAMS[program]], money(live, when), at(when), ZONE, period=period))


def test_every_provider_of_the_plan_is_a_payee(live: Live) -> None:
    assert [one.provider for one in told(live, "plan_a.qip", "2025-04-07 12:00")] == ["P1"]
    assert [one.provider for one in told(live, "ga_withhold", "2025-04-07 12:00")] == [""]


def test_without_a_name_the_period_is_the_one_at_hand() -> None:
    program, days = (
        PROGRAMS["plan_a.qip"],
        [datetime(y, m, 3, tzinfo=ZONE).date() for y, m in ((2024, 5), (2025, 5), (2027, 1))],
    )
    assert [[span.name for span in spans(program, "", day)] for day in days] == [["2025-Q1"], ["2025-Q2"], ["2025-Q4"]]
    assert [span.name for span in spans(program, "2025-H1", days[1])] == ["2025-Q1", "2025-Q2"]
    assert spans(program, "2025-01", days[1]) == []


def test_the_answer_is_json_with_money_as_text(live: Live) -> None:
    (one,) = told(live, "plan_a.qip", "2025-04-07 12:00", "2025-Q1")
    shown = json.loads(msgspec.json.encode(program_json(one, ZONE)))
    assert set(shown) >= {
        "program", "period", "provider", "earned", "at_stake", "gates", "measures", "score", "next_tier", "because",
    }  # fmt: skip
    late = next(gate for gate in shown["gates"] if gate["file"] == "otf" and gate["month"] == "2025-02")
    assert late["on_time"] is False
    assert late["received_at"] == "2025-03-12T08:00:00-07:00"
    assert late["due_at"] == "2025-03-10T23:59:59-07:00"
    assert Path(one.program.written.path).stem == "plan_a.qip"


@pytest.mark.parametrize(
    ("attribution", "provider", "denominator"),
    [("on_event", "P1", 1), ("on_event", "P2", 1), ("retrospective", "P1", 0), ("retrospective", "P2", 2),
     ("prospective", "P1", 0), ("prospective", "P2", 0), ("prospective", "", 2), ("on_event", "", 2)],
)  # fmt: skip
def test_a_unit_is_of_whom_the_program_says(attribution: Attribution, provider: str, denominator: int) -> None:
    """Assigned to P1 in January and to P2 in March: two assignments, each counted in the first quarter."""
    story = Live()
    try:
        moved = member(1, "outreach").replace("P1", "P2").replace("2025-01-06", "2025-03-01")
        story.take([line("2025-01-06 08:00", "roster", ROSTER, member(1, "outreach"))], bulk=True)
        story.take([line("2025-03-01 08:00", "roster", ROSTER, moved)], bulk=True)
        named = span_named("2025-Q1")
        assert named is not None
        asked = Asked("plan_a.qip", "PLANA", provider, named[1], attribution, at("2025-04-20 12:00"))
        found = money(story, "2025-04-20 12:00").rates(asked, ["ecm.outreach_10"])
        assert found["ecm.outreach_10"].base == denominator
    finally:
        story.close()


def test_what_is_counted_is_what_the_ledger_lists(live: Live) -> None:
    """An independent sum over every contribution, against the one pass that serves all payees."""
    when = at("2025-04-07 12:00")
    rows = [unit for _, unit in Counting(live.store, setup().reference, ()).ledger(when)]
    assert rows
    named = span_named("2025-Q1")
    assert named is not None
    span = named[1]
    asked = Asked("plan_a.qip", "PLANA", "P1", span, "on_event", when)
    for measure in {unit.measure for unit in rows}:
        mine = [unit for unit in rows if unit.measure == measure and unit.owner.ecm_provider_id == "P1"]
        ended = [unit for unit in mine if unit.unit == "" or span.first <= unit.last <= span.last]
        base = sum(unit.denominator - unit.exception for unit in ended)
        rate = money(live, "2025-04-07 12:00").rates(asked, [measure])[measure]
        assert rate.base == base
        assert rate.numerator == (sum(unit.numerator for unit in ended) if base else None)
