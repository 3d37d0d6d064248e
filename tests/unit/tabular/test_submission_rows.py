"""Decisions about submissions: contacts, and freezes that carry their values."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from connectors.tabular.reader import TabularReader
from models.events import subject_of
from models.submission import SubmissionDecision
from services.intake.reading import Reading

AT = "2025-03-07T10:00:00-08:00"
WHEN = datetime(2025, 3, 7, 18, 0, tzinfo=UTC)
CONTACT = {"at": AT, "by": "ana", "action": "contact", "submission": "ipp.5", "name": "Bo", "email": "bo@x.example"}
FREEZE = {"at": AT, "by": "ana", "action": "freeze", "submission": "ipp.5", "values": {"cbp": "5/8"}}


def read(*lines: dict[str, object]) -> list[Reading]:
    reader = TabularReader("decisions", zone=ZoneInfo("America/Los_Angeles"))
    return list(reader.read("desk", WHEN, "\n".join(map(json.dumps, lines)).encode()))


def test_contacts_and_freezes_are_facts_of_their_submission() -> None:
    values = {"cbp": "5/8", "amb_ed": "58.5", "new": None}
    told = [reading.events[0].fact for reading in read(CONTACT, {**FREEZE, "values": values, "reason": "sent"})]
    assert told == [
        SubmissionDecision(WHEN, "ana", "contact", "ipp.5", "Bo", "bo@x.example"),
        SubmissionDecision(
            WHEN, "ana", "freeze", "ipp.5", values=(("amb_ed", "58.5"), ("cbp", "5/8"), ("new", "")), reason="sent"
        ),
    ]
    assert {subject_of(fact) for fact in told if isinstance(fact, SubmissionDecision)} == {"@submission|ipp.5"}


@pytest.mark.parametrize(
    ("line", "reason", "where"),
    [
        ({**CONTACT, "email": None}, "missing", "email"),
        ({**CONTACT, "submission": ""}, "missing", "submission"),
        ({**FREEZE, "values": None}, "not_text", "values"),
        ({**FREEZE, "values": 3}, "not_text", "values"),
        ({**FREEZE, "values": {"cbp": 0.625}}, "not_text", "values"),
        ({**FREEZE, "values": {"cbp": "5/0"}}, "bad_number", "values"),
        ({**FREEZE, "values": {"cbp": "1e9"}}, "bad_number", "values"),
    ],
)
def test_a_bad_one_waits_and_the_next_is_read(line: dict[str, object], reason: str, where: str) -> None:
    bad, fine = read(line, CONTACT)
    assert bad.problem is not None
    assert (bad.problem.reason, bad.problem.where, fine.outcome) == (reason, where, "interpreted")
