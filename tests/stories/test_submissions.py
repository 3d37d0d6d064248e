"""A submission is sent with what was known; what is learned later stands beside it, and the journal tells all of it."""

import json
import random
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from fractions import Fraction
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import msgspec
import pytest

from models.measure import Contribution, PageInfo
from models.owner import Owner
from models.reference import Reference
from models.time import Instant
from models.view import View
from services.member.derive import MemberFacts, Remembered, derive
from services.member.memo import Memo
from services.status.submitted import Submitted
from services.submissions.round import Field, Round
from services.submissions.standing import Submission
from services.submissions.telling import freeze_line, submission_json
from tests.timeline import Line, Live
from tests.worlds import setup

PAGE = PageInfo("made_up.reached", "1")
ASKED = (Field("made_up.reached", "made_up.reached", threshold=Fraction(3, 4)),)
SPRING = Round("x.1", "1", "X", "1", date(2024, 1, 1), date(2024, 6, 30), date(2024, 8, 1), ASKED)
AUTUMN = Round("x.2", "2", "X", "1", date(2024, 7, 1), date(2024, 12, 31), date(2025, 3, 1), ASKED, prefill="x.1")
ZONE = ZoneInfo("America/Los_Angeles")


def reached(facts: MemberFacts, reference: Reference, as_of: Instant, memo: Memo[Remembered] | None = None) -> View:
    """The view, with a made-up measure: a unit of the spring for each member, met by any contact."""
    view = derive(facts, reference, as_of, memo)
    if not facts.roster:
        return view
    met, day = int(any(event.type == "contact" for event in facts.care_events)), date(2024, 4, 1)
    unit = Contribution(PAGE.measure, "1", "2024", "u", 1, 1, 0, 0, met, None, day, day, day, Owner("PLANA"))
    return msgspec.structs.replace(view, measures=(unit,))


@pytest.fixture(autouse=True)
def _made_up() -> Iterator[None]:
    rooms = ("services.runtime.pipeline", "services.status.counting")
    patches = [patch(f"{room}.derive", reached) for room in rooms]
    for each in patches:
        each.start()
    yield
    for each in patches:
        each.stop()


def at(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00-07:00")


def line(day: str, kind: str, body: str) -> Line:
    return {"received_at": at(day).isoformat(), "feed": "F", "kind": kind, "body": body}


def roster(*members: str) -> Line:
    rows = "".join(f"{member},PLANA,2023-01-01\n" for member in members)
    return line("2024-06-01", "roster", f"member_id,mcp_id,coverage_start\n{rows}")


def contact_with(member: str, day: str) -> Line:
    return line(
        day, "care_events", f"member_id,occurred_at,type,outcome\n{member},2024-05-01T10:00:00-07:00,contact,reached\n"
    )


def decided(day: str, **words: Any) -> Line:
    said = {"at": at(day).isoformat(), "by": "ops", **words}
    return line(day, "decisions", json.dumps(said) + "\n")


def answered(day: str) -> Line:
    return decided(day, action="contact", submission="x.1", name="Ana Rivera", email="ana@plan.example")


def standing(live: Live, asked: Round, when: str) -> Submission:
    return Submitted(live.store, setup().reference, [PAGE], [SPRING, AUTUMN], at(when)).of(asked)


def values(shown: Submission) -> tuple[Any, ...]:
    (answer,) = shown.answers
    return shown.state, answer.value, answer.today, answer.feedback


JOURNAL = [roster("M1", "M2", "M3", "M4"), contact_with("M1", "2024-06-02"), contact_with("M2", "2024-06-02")]


def test_a_frozen_value_stays_when_more_becomes_known() -> None:
    with closing(Live()) as live:
        live.take([*JOURNAL, answered("2024-07-01")])
        draft = standing(live, SPRING, "2024-07-02")
        assert values(draft) == ("draft", Fraction(1, 2), Fraction(1, 2), "below")
        sent = freeze_line(draft, at("2024-07-20"), "ops")
        live.take([line("2024-07-20", "decisions", json.dumps(sent) + "\n"), contact_with("M3", "2024-09-09")])
        shown = standing(live, SPRING, "2024-09-10")
        assert values(shown) == ("submitted", Fraction(1, 2), Fraction(3, 4), "below")
        assert shown.frozen_at == at("2024-07-20")
        # The next round is prefilled with what was sent, not with what became true.
        (following,) = standing(live, AUTUMN, "2024-09-10").answers
        assert (following.prior, following.prefill_source, following.feedback) == (Fraction(1, 2), "x.1", "missing")
        # Yesterday's answer can be had again.
        assert values(standing(live, SPRING, "2024-07-19")) == values(draft)


def test_the_same_journal_in_any_order_gives_the_same_submission() -> None:
    sent = decided("2024-07-20", action="freeze", submission="x.1", values={"made_up.reached": "1/2"})
    again = decided("2024-07-25", action="freeze", submission="x.1", values={"made_up.reached": "3/4"})
    journal = [*JOURNAL, answered("2024-07-01"), sent, again, sent, contact_with("M4", "2024-08-01")]
    found = set()
    for seed in range(5):
        with closing(Live()) as live:
            for each in random.Random(seed).sample(journal, len(journal)):
                live.take([each])
            shown = [submission_json(standing(live, SPRING, day), ZONE) for day in ("2024-07-22", "2024-08-02")]
            found.add(msgspec.json.encode(shown))
    (only,) = map(msgspec.json.decode, found)
    assert [each["fields"][0]["exact"] for each in only] == ["1/2", "3/4"]
    assert [each["fields"][0]["feedback"] for each in only] == ["below", "meets"]


def test_decisions_about_a_submission_make_no_member() -> None:
    with closing(Live()) as live:
        live.take([roster("M1"), answered("2024-07-01")])
        assert set(live.json(at("2024-07-02"))) == {"M1"}
