"""Moments and windows: both ends count, any of several spans will do, days are local and clocks are not asked."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from services.measures.asked import Asked
from services.measures.days import moved
from services.measures.items import FOREVER, PAST, Index, Item
from services.measures.measure import Measure
from tests.unit.measures.facts import PERIOD, day, person
from tests.unit.measures.pages import PER_STAY, STAY, asking, holds, loaded, page

DAYS = {
    "period": ("2025-01-01", "2025-12-31"),
    "unit": ("2025-03-03", "2025-03-06"),
    "{days: [0, 0], of: unit.end}": ("2025-03-06", "2025-03-06"),
    "{days: [1, 30], of: unit.end}": ("2025-03-07", "2025-04-05"),
    "{days: [-30, -1], of: unit.start}": ("2025-02-01", "2025-03-02"),
    "{from: unit.start, to: 60 days after unit.end}": ("2025-03-03", "2025-05-05"),
    "{from: 2 months before unit.start, to: unit.end}": ("2025-01-03", "2025-03-06"),
    "{from: 1 year before period.start, to: 1 day before period.end}": ("2024-01-01", "2025-12-30"),
    "{from: 05-01 prior year, to: 04-30}": ("2024-05-01", "2025-04-30"),
    "{from: 02-29 prior year, to: 02-29}": ("2024-02-29", "2025-02-28"),
    "{from: birth, to: 2 years after birth}": ("1980-02-14", "1982-02-14"),
    "{from: named.start, to: 1 month after named.end}": ("2025-06-01", "2025-07-30"),
    "named": ("2025-06-01", "2025-06-30"),
    "{days: [0, 1], of: begun.start}": ("2025-08-01", "2025-08-02"),
    "{from: begun.start, to: begun.end}": ("2025-08-01", "2025-08-09"),
    "begun": ("2025-08-01", "2025-08-09"),
}
BEGUN = "{visit: start, from: 2025-08-01, to: 2025-08-09}"
MORE = "windows: {named: {from: 06-01, to: 06-30}}\ndefine: {begun: {visit: start}}"


def _at(number: int) -> str:
    return date.fromordinal(number).isoformat()


@pytest.mark.parametrize("window", DAYS)
def test_both_ends_of_a_window_count_and_nothing_beyond(window: str) -> None:
    first, last = map(day, DAYS[window])
    more = "\n".join(line for line, name in zip(MORE.splitlines(), ("named", "begun"), strict=True) if name in window)

    def starts(at: int) -> int:
        fact = f"{{procedure: done, at: {_at(at)}}}"
        return holds(f"{{procedure: done, starts: {window}}}", f"{STAY}, {BEGUN}, {fact}", unit=PER_STAY, more=more)

    assert [starts(at) for at in (first - 1, first, last, last + 1)] == [0, 1, 1, 0]


@pytest.mark.parametrize(
    ("relation", "counted"),
    [
        ("starts", "in across-the-end first last"),
        ("ends", "in across-the-start first last"),
        ("overlaps", "in across-the-start across-the-end around first last unended old-unended"),
        ("during", "in first last"),
    ],
)
def test_relations_differ_in_what_must_lie_in_the_window(relation: str, counted: str) -> None:
    facts = {
        "in": "from: 2025-06-10, to: 2025-06-12",
        "across-the-start": "from: 2025-05-30, to: 2025-06-02",
        "across-the-end": "from: 2025-06-30, to: 2025-07-02",
        "around": "from: 2025-05-01, to: 2025-07-31",
        "first": "at: 2025-06-01",
        "last": "at: 2025-06-30",
        "before": "at: 2025-05-31",
        "after": "at: 2025-07-01",
        "unended": "from: 2025-06-15",
        "old-unended": "from: 2019-06-15",
    }
    asked = f"{{condition: sick, {relation}: {{from: 06-01, to: 06-30}}}}"
    found = {name for name, days in facts.items() if holds(asked, f"{{condition: sick, {days}}}")}
    # What began in the window and goes on starts in it, too.
    assert found == {*counted.split(), *(["unended"] if relation == "starts" else [])}


@pytest.mark.parametrize(("window", "there"), [("{from: 06-30}", [0, 1, 1]), ("{to: 06-30}", [1, 1, 0])])
def test_a_window_may_be_open_on_one_side(window: str, there: list[int]) -> None:
    days = ("2025-06-29", "2025-06-30", "2025-07-01")
    asked = f"{{visit: seen, starts: {window}}}"
    assert [holds(asked, f"{{visit: seen, at: {at}}}") for at in days] == there
    assert holds(asked, "{visit: seen, at: 2031-01-01}") == there[2]


def test_a_moment_on_a_found_set_is_any_of_several() -> None:
    begun = "{visit: start, at: 2025-02-01}, {visit: start, at: 2025-08-01}"
    asked = "{procedure: done, starts: {days: [1, 7], of: begun.start}}"
    for at, there in (("2025-02-02", 1), ("2025-02-09", 0), ("2025-08-08", 1), ("2025-08-09", 0)):
        facts = f"{begun}, {{procedure: done, at: {at}}}"
        assert holds(asked, facts, more="define: {begun: {visit: start}}") == there


def test_a_window_on_what_was_not_found_has_no_days() -> None:
    for window in ("begun", "{from: begun.start}", "{days: [0, 9], of: begun.end}", "{to: 1 year before begun.start}"):
        asked = f"{{visit: seen, overlaps: {window}}}"
        assert holds(asked, "{visit: seen, at: 2025-05-01}", more="define: {begun: {visit: start}}") == 0


def test_within_goes_by_the_clock_and_a_day_relation_by_the_day() -> None:
    stay = "{stay: any, setting: acute, from: 2025-03-03 10:00, to: 2025-03-06 10:00}"
    visits = {"2025-03-03 09:59": 0, "2025-03-03 10:00": 1, "2025-03-06 10:00": 1, "2025-03-06 10:01": 0}
    for at, there in visits.items():
        fact = f"{stay}, {{observation: test, at: {at}}}"
        assert holds("{observation: test, within: unit}", fact, unit=PER_STAY) == there
        assert holds("{observation: test, during: unit}", fact, unit=PER_STAY) == 1
        assert holds("{observation: test, within: care}", fact, more="define: {care: {stay: any}}") == there
        assert holds("{observation: test, not_within: care}", fact, more="define: {care: {stay: any}}") == 1 - there


def test_within_goes_by_days_where_no_clock_was_told() -> None:
    for at, there in (("2025-03-02", 0), ("2025-03-03", 1), ("2025-03-06 23:59", 1), ("2025-03-07", 0)):
        assert (
            holds("{observation: test, within: unit}", f"{STAY}, {{observation: test, at: {at}}}", unit=PER_STAY)
            == there
        )


@pytest.mark.parametrize("until", ["2025-03-06", "2025-03-05"])
def test_of_an_end_whose_clock_was_not_told_the_whole_day_is_within(until: str) -> None:
    stay = f"{{stay: any, setting: acute, from: 2025-03-03 10:00, to: {until}}}"
    for at in ("2025-03-03 09:59", "2025-03-03 10:00", f"{until} 23:59", "2025-03-07 00:00", "2025-09-01 10:00"):
        fact, there = f"{stay}, {{observation: test, at: {at}}}", int("2025-03-03 10:00" <= at <= f"{until} 23:59")
        assert holds("{observation: test, within: care}", fact, more="define: {care: {stay: any}}") == there
        assert holds("{observation: test, within: unit}", fact, unit=PER_STAY) == there


def test_within_what_goes_on_is_everything_from_its_start() -> None:
    stay = "{stay: any, setting: acute, from: 2025-03-03 10:00, status: active}"
    for at, there in (("2025-03-03 09:59", 0), ("2025-03-03 10:00", 1), ("2025-09-01 10:00", 1)):
        fact = f"{stay}, {{observation: test, at: {at}}}"
        assert holds("{observation: test, within: care}", fact, more="define: {care: {stay: any}}") == there


def test_outside_shares_no_day() -> None:
    care = "{stay: any, setting: acute, from: 2025-03-03, to: 2025-03-06}"
    asked = "{observation: test, outside: {stay: any}}"
    for at, there in (("2025-03-02", 1), ("2025-03-03", 0), ("2025-03-06", 0), ("2025-03-07", 1)):
        assert holds(asked, f"{care}, {{observation: test, at: {at}}}") == there
    assert holds(asked, "{observation: test, at: 2025-03-03}") == 1


def _measure(criterion: str) -> Measure:
    return loaded(page(f"initial_population: {{age: {{from: 0}}}}\nnumerator: {criterion}")).measures[0]


def test_the_local_day_of_a_fact_decides_not_its_instant() -> None:
    # 2025-12-31 at 23:30 in Los Angeles is 2026 in UTC: its day was fixed when it entered.
    late = datetime(2026, 1, 1, 7, 30, tzinfo=UTC)
    fact = Item("procedure", "p", day("2025-12-31"), day("2025-12-31"), frozenset({"done"}), late, late)
    (one,) = _measure("{procedure: done, starts: period}").counted(Index([fact], person(), PERIOD.last), PERIOD)
    assert one.numerators == (1,)


def test_a_named_window_that_hangs_on_birth_closes_for_each_person_on_another_day() -> None:
    named = "windows: {infancy: {from: birth, to: 2 years after birth}}"
    asked = "initial_population: {age: {from: 0}}\nnumerator: {procedure: done, starts: infancy}"
    (measure,) = loaded(page(f"{asked}\n{named}")).measures
    for born in ("2024-06-01", "2023-02-01"):
        infant = replace(person(), born=date.fromisoformat(born))
        (one,) = measure.counted(Index([], infant, PERIOD.last), PERIOD)
        assert _at(one.closes) == f"{int(born[:4]) + 2}{born[4:]}"


def test_a_proposal_is_no_order() -> None:
    def counts(intent: str) -> int:
        fact = Item("order", "o", day("05-01"), FOREVER, frozenset({"drug"}), status="active", intent=intent)
        (one,) = _measure("{order: drug}").counted(Index([fact], person(), PERIOD.last), PERIOD)
        return one.numerators[0]

    assert {intent: counts(intent) for intent in ("order", "plan", "proposal", "")} == {
        "order": 1, "plan": 0, "proposal": 0, "": 1,
    }  # fmt: skip


def test_what_began_nobody_knows_when_began_before_everything() -> None:
    fact = "{condition: sick, to: 2025-02-01}"
    assert holds("{condition: sick, overlaps: period}", fact) == 1
    assert holds("{condition: sick, starts: period}", fact) == 0
    assert holds("{condition: sick, starts: {to: period.end}}", fact) == 1


@pytest.mark.parametrize(
    ("start", "number", "unit", "end"),
    [
        ("2025-01-31", 1, "month", "2025-02-28"),
        ("2024-01-31", 1, "months", "2024-02-29"),
        ("2025-03-31", -1, "month", "2025-02-28"),
        ("2024-02-29", 1, "year", "2025-02-28"),
        ("2024-02-29", -4, "years", "2020-02-29"),
        ("2025-12-31", 1, "day", "2026-01-01"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last(start: str, number: int, unit: str, end: str) -> None:
    assert _at(moved(day(start), number, unit)) == end


@pytest.mark.parametrize("unit", ["day", "month", "year"])
def test_days_do_not_run_out_of_the_calendar(unit: str) -> None:
    assert moved(day("05-01"), 99_999_999, unit) == FOREVER
    assert moved(day("05-01"), -99_999_999, unit) == PAST


def test_a_window_closes_on_its_last_day_and_a_page_on_the_last_of_all() -> None:
    written, case = asking("{visit: seen, starts: {days: [1, 30], of: unit.end}}", STAY, unit=PER_STAY)
    index = Index(case.items, case.person, case.today)
    (one,) = written.measure.counted(index, case.period)
    assert _at(one.closes) == "2025-04-05"
    assert _at(written.measure.numerators[0].closes(Asked(index, case.period, one.unit))) == "2025-04-05"
