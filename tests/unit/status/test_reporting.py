"""Reports read a store: rows that fit, their evidence, the gaps, and what those are worth."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from models.measure import Contribution, PageInfo
from models.owner import Owner
from models.reference import Reference
from models.time import Instant
from models.view import View
from services.measures.verdicts import Because, Missing, UnitResult, Verdict
from services.member.derive import MemberFacts, Remembered, derive
from services.member.memo import Memo
from services.reporting.heading import Heading, Reporter
from services.status.reporting import Reports
from services.status.worth import worths
from tests.timeline import Live
from tests.worlds import setup

PAGE = PageInfo("made_up.seen", "1", "HEDIS-like, not certified")
DAY, CLOSES = date(2025, 4, 1), date(2025, 5, 1)
AT = datetime(2025, 4, 10, 19, tzinfo=UTC)
HEADING = Heading("2025", date(2025, 1, 1), date(2025, 12, 31), AT, date(2025, 4, 10), Reporter("P1"))
ROSTER = "member_id,mcp_id,coverage_start,ecm_provider_id\nM1,PLANA,2023-01-01,P1\nM2,PLANA,2023-01-01,P2\n"


def counting(facts: MemberFacts, reference: Reference, as_of: Instant, memo: Memo[Remembered] | None = None) -> View:
    view = derive(facts, reference, as_of, memo)
    if not facts.roster:
        return view
    owner = Owner("PLANA", "P1" if facts.member_id == "M1" else "P2")
    counts = (1, 1, 0, 0, int(facts.member_id == "M2"))
    unit = Contribution(PAGE.measure, "1", "2025", "u", *counts, None, DAY, DAY, CLOSES, owner)
    return msgspec.structs.replace(view, measures=(unit,))


def explained(facts: MemberFacts, _reference: Reference, measure: str, _at: Instant) -> list[UnitResult]:
    if facts.member_id == "M2":
        raise ZeroDivisionError
    met = Verdict("denominator", True, (Because("stay", "s1", DAY),))
    lacks = Verdict("numerator", False, missing=(Missing("A visit.", CLOSES),), closes_on=CLOSES)
    return [UnitResult(measure, "1", "2025", "u", DAY, DAY, (met, lacks), (("numerator", "open"),))]


@pytest.fixture
def reports() -> Iterator[Reports]:
    rooms = ("services.runtime.pipeline", "services.status.counting", "services.status.questions")
    patches = [patch(f"{room}.derive", counting) for room in rooms]
    patches.append(patch("services.status.reporting.explain_measure", explained))
    for each in patches:
        each.start()
    with closing(Live()) as live:
        live.take([{"received_at": "2025-04-02T08:00:00-07:00", "feed": "F", "kind": "roster", "body": ROSTER}])
        yield Reports(live.store, setup().reference, [PAGE], AT)
    for each in patches:
        each.stop()


def subjects(rows: Any) -> list[str]:
    return [row.subject for row in rows]


def test_rows_are_those_that_fit(reports: Reports) -> None:
    assert subjects(reports.rows("2025")) == ["M1", "M2"]
    assert subjects(reports.rows("2025", member="M2")) == ["M2"]
    assert subjects(reports.rows("2025", provider="P1", mcp="PLANA")) == ["M1"]
    for nobody in ({"member": "M9"}, {"measure": "cbp"}, {"mcp": "PLANB"}):
        assert subjects(reports.rows("2025", **nobody)) == []
    assert subjects(reports.rows("2024")) == []


def test_a_member_whose_facts_break_a_rule_is_reported_without_evidence(reports: Reports) -> None:
    results = reports.results(list(reports.rows("2025")))
    assert [key[0] for key in results] == ["M1"]


def test_gaps_are_told_by_member(reports: Reports) -> None:
    (member_id, (gap,)), *others = reports.gaps(list(reports.rows("2025")), HEADING).items()
    assert (member_id, others) == ("M1", [])
    assert gap.missing == (Missing("A visit.", CLOSES),)
    assert gap.measure.label == "HEDIS-like, not certified"


def standing(program: str, measure: str, one_more: Fraction | None, provider: str = "P1", last: int = 6) -> Any:
    """As much of a program's result as a gap's price needs."""
    page = SimpleNamespace(parties=SimpleNamespace(mcp_id="PLANA"))
    span = SimpleNamespace(name=f"2025 to {last}", first=date(2025, 1, 1), last=date(2025, last, 28))
    told = SimpleNamespace(line=SimpleNamespace(measure=measure), one_more=one_more)
    return SimpleNamespace(
        program=SimpleNamespace(id=program, page=page),
        provider=provider,
        inputs=SimpleNamespace(span=span),
        measures=[told],
    )


def test_a_gap_is_worth_what_each_program_of_its_owner_would_add(reports: Reports) -> None:
    rows = list(reports.rows("2025", member="M1"))
    results = [
        standing("a", PAGE.measure, Fraction(125, 3)),
        standing("whole_plan", PAGE.measure, Fraction(1), provider=""),
        standing("another_provider", PAGE.measure, Fraction(9), provider="P2"),
        standing("another_measure", "cbp", Fraction(9)),
        standing("over_before", PAGE.measure, Fraction(9), last=3),
        standing("nothing", PAGE.measure, Fraction(0)),
        standing("no_counts", PAGE.measure, None),
    ]
    (found,) = worths(results, rows).values()
    assert [(each.program, each.amount) for each in found] == [("a", Decimal("41.67")), ("whole_plan", Decimal("1.00"))]
    assert worths([], rows) == {}
