"""Words of closed columns: written any way people write them; unknown ones are kept, and the row is marked."""

import pytest

from models.events import CareEvent, RosterRow
from tests.unit.tabular.test_reader import facts, read

ROSTER = "member_id,mcp_id,coverage_start,risk_tier,ecm_status,cin,mbi\nM1,PLANA,2024-01-01,"
CARE = "member_id,occurred_at,type,mode,outcome,detail\nM1,2025-03-07T10:00Z,"


def marks(kind: str, body: str) -> tuple[str, ...]:
    (reading,) = read(kind, body)
    assert reading.outcome == "interpreted"
    return reading.flags


@pytest.mark.parametrize("written", ["very_high", "Very High", "VERY-HIGH", "very  high"])
def test_a_tier_is_known_however_it_is_written(written: str) -> None:
    (row,) = facts("roster", f"{ROSTER}{written},Unable to reach,,\n")
    assert isinstance(row, RosterRow)
    assert (row.risk_tier, row.ecm_status) == ("very_high", "unable_to_reach")
    assert marks("roster", f"{ROSTER}{written},Unable to reach,,\n") == ()


def test_an_unknown_word_is_kept_as_it_was_written_and_marks_its_row() -> None:
    body = f"{ROSTER}Tier 4 / red,sleeping,,\n"
    (row,) = facts("roster", body)
    assert isinstance(row, RosterRow)
    assert (row.risk_tier, row.ecm_status) == ("tier 4 / red", "sleeping")
    assert marks("roster", body) == ("unknown_word:ecm_status", "unknown_word:risk_tier")


def test_an_identifier_of_no_known_shape_marks_its_row() -> None:
    assert marks("roster", f"{ROSTER}high,,9000A,1EG4-TE5-MK7\n") == ("bad_shape:cin", "bad_shape:mbi")
    assert marks("roster", f"{ROSTER}high,,90000001A,1EG4-TE5-MK73\n") == ()


def test_a_care_event_is_known_however_it_is_written() -> None:
    (event,) = facts("care_events", f"{CARE}Outreach Attempt,In person,No-Answer,\n")
    assert isinstance(event, CareEvent)
    assert (event.type, event.mode, event.outcome) == ("outreach_attempt", "in_person", "no_answer")


@pytest.mark.parametrize(
    ("row", "marked"),
    [
        ("contact,phone,reached,", ()),
        ("contact,,,", ()),
        ("phone call,pigeon,spoke,", ("unknown_word:type", "unknown_word:mode", "unknown_word:outcome")),
        ("survey,,4 of 5,", ()),
        ("task_note,,,task=t1;action=done", ()),
        ("task_note,,,task=t1;action=finished", ("unknown_word:detail",)),
    ],
)
def test_what_no_rule_knows_of_a_care_event_is_marked(row: str, marked: tuple[str, ...]) -> None:
    assert marks("care_events", f"{CARE}{row}\n") == marked
