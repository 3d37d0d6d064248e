"""The work list is a line a task on any terminal."""

import io
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from models.owner import Owner
from models.view import Task
from services.cli.listing import task_table
from tests.scribe import moment

ZONE = ZoneInfo("America/Los_Angeles")


def task(rule: str, state: str, reason: str | None = None) -> Task:
    at = moment("03-06 11:30")
    return Task(
        task_id="6c4832f0-a311-5778-8f37-c9555d8c7a48", rule=rule, rule_version="1", kind="contact", state=state,
        opened_at=at, due_at=at, closed_at=None, stay_id="s", owner=Owner("PLANA", "P1", "LEAD-22"), reason=reason,
        because=(),
    )  # fmt: skip


def lines(width: int, *tasks: Task) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=width)
    console.print(task_table([("MEMBER-1", each) for each in tasks], ZONE, width))
    return out.getvalue().splitlines()


LONG = task("tcs.discharge_risk_assessment", "not_possible", "against_medical_advice")
SHORT = task("tcm.visit_7d", "open")


@pytest.mark.parametrize("width", [200, 132, 100, 80, 60])
def test_no_row_wraps_and_the_id_is_there(width: int) -> None:
    shown = lines(width, LONG, SHORT)
    assert len(shown) == 3
    assert all(len(line) <= width for line in shown)
    for line in shown[1:]:
        assert line.startswith("2025-03-06 11:30")
        assert "6c4832f0" in line


def test_whole_ids_stand_where_they_fit() -> None:
    assert "6c4832f0-a311-5778-8f37-c9555d8c7a48" in lines(200, LONG)[1]
    assert "6c4832f0-a311-5778-8f37-c9555d8c7a48" in lines(120, SHORT)[1]


def test_eighty_columns_leave_out_the_reason_and_cut_a_long_rule() -> None:
    header, long, short = lines(80, LONG, SHORT)
    assert header.split() == ["due", "state", "rule", "member", "owner", "task"]
    assert long.split()[2:] == ["not_possible", "tcs.discharge_risk_asse…", "MEMBER-1", "LEAD-22", "6c4832f0"]
    assert short.split()[2:] == ["open", "tcm.visit_7d", "MEMBER-1", "LEAD-22", "6c4832f0"]
    assert lines(80, SHORT)[0].split() == ["due", "state", "rule", "member", "owner", "reason", "task"]
