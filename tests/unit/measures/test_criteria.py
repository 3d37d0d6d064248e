"""Every word of the vocabulary on a few facts. Source: measure-vocabulary §2 and §3."""

import pytest

from services.measures.kinds import KINDS
from tests.unit.measures.pages import PER_STAY, STAY, holds

VISIT = "{visit: seen, at: 2025-05-01}"
TEST = "{observation: test, at: 2025-05-01}"


# -- all, any, none, names


@pytest.mark.parametrize(
    ("criterion", "there"),
    [
        ("{all: [{visit: seen}, {observation: test}]}", True),
        ("{all: [{visit: seen}, {visit: other}]}", False),
        ("{any: [{visit: other}, {observation: test}]}", True),
        ("{any: [{visit: other}, {procedure: any}]}", False),
        ("{none: {visit: other}}", True),
        ("{none: [{visit: other}, {visit: seen}]}", False),
        ("{all: {visit: [other, seen]}}", True),
    ],
)
def test_criteria_are_put_together(criterion: str, there: bool) -> None:
    assert holds(criterion, f"{VISIT}, {TEST}") == there


def test_any_brings_the_facts_of_all_that_are_true_each_once() -> None:
    either = "{which: {of: {any: [{visit: seen}, {visit: [seen, other]}]}, at_least: 2}}"
    assert holds(either, VISIT) == 0
    assert holds(either, f"{VISIT}, {{visit: other, at: 2025-01-01}}") == 1


# -- kinds and the statuses that count

COUNTS = {
    "encounter": "finished", "claim": "paid denied", "condition": "confirmed unconfirmed provisional differential",
    "observation": "final amended corrected", "procedure": "completed", "order": "active completed",
    "service-order": "active completed", "device-order": "active completed", "fill": "completed in-progress",
    "administration": "completed in-progress", "coverage": "active", "stay": "active on_leave finished closed_inferred",

    "communication": "completed", "device": "active", "immunization": "completed", "task": "completed",
    "event": "anything", "allergy": "anything",
}  # fmt: skip
NEVER = ["entered-in-error", "cancelled", "not-done", "refuted", "reversed", "unknown", "void", "planned"]


@pytest.mark.parametrize("kind", sorted(COUNTS))
def test_of_each_kind_some_statuses_count_by_themselves(kind: str) -> None:
    name = "any" if kind == "stay" else "seen"

    def counts(status: str) -> int:
        said = f", status: {status}" if status else ""
        return holds(f"{{{kind}: {name}}}", f"{{{kind}: {name}, at: 2025-05-01{said}}}")

    assert counts("") == 1
    assert all(counts(status) for status in COUNTS[kind].split())
    if COUNTS[kind] != "anything":
        assert [status for status in NEVER if counts(status)] == []


def test_every_kind_but_the_visit_is_tried_above() -> None:
    assert set(COUNTS) == set(KINDS) - {"visit"}


def test_a_visit_is_an_encounter_or_a_claim() -> None:
    for kind, status in (("encounter", "finished"), ("claim", "denied")):
        assert holds("{visit: seen}", f"{{{kind}: seen, at: 2025-05-01, status: {status}}}") == 1
    assert holds("{encounter: seen}", "{claim: seen, at: 2025-05-01}") == 0
    assert holds("{visit: seen}", "{claim: seen, at: 2025-05-01, status: reversed}") == 0


def test_a_page_may_ask_for_other_statuses_and_then_gets_only_those() -> None:
    cancelled = "{observation: test, at: 2025-05-01, status: cancelled}"
    assert holds("{observation: test, status: [cancelled, final]}", cancelled) == 1
    assert holds("{observation: test, status: cancelled}", TEST) == 0


def test_what_was_refused_counts_only_where_it_is_asked_for() -> None:
    refused = "{order: drug, at: 2025-05-01, refused: true}"
    assert (holds("{order: drug}", refused), holds("{order: drug, refused: true}", refused)) == (0, 1)
    assert holds("{order: drug, refused: true}", "{order: drug, at: 2025-05-01}") == 0


def test_an_event_is_named_with_its_outcome_or_mode() -> None:
    fact = "{event: contact, at: 2025-05-01, outcome: reached, mode: phone}"
    assert [holds(f"{{event: {word}}}", fact) for word in ("contact", "'contact:reached'", "'contact:phone'")] == [
        1
    ] * 3
    assert holds("{event: ['contact:declined', survey]}", fact) == 0


# -- filters


@pytest.mark.parametrize(
    ("filters", "fact"),
    [
        ("dx: sick", "dx: sick"),
        ("dx: [well, sick]", "principal_dx: sick"),
        ("principal_dx: sick", "principal_dx: sick"),
        ("reason: sick", "reason: sick"),
        ("side: left", "side: left"),
        ("pos: office", "pos: office"),
        ("by: doctor", "by: doctor"),
        ("disposition: home", "disposition: home"),
        ('disposition: ["01", home]', 'disposition: "01"'),
        ("class: [inpatient, snf]", "class: snf"),
        ("encounter_class: AMB", "encounter_class: AMB"),
        ("setting: [acute, psych]", "setting: acute"),
        ("status: finished", "status: finished"),
    ],
)
def test_a_filter_keeps_what_it_names(filters: str, fact: str) -> None:
    assert holds(f"{{encounter: any, {filters}}}", f"{{encounter: any, at: 2025-05-01, {fact}}}") == 1
    assert holds(f"{{encounter: any, {filters}}}", "{encounter: any, at: 2025-05-01}") == 0


@pytest.mark.parametrize("field", ["dx", "pos", "by"])
def test_a_set_may_be_barred(field: str) -> None:
    assert holds(f"{{visit: seen, not_{field}: bad}}", f"{{visit: seen, at: 2025-05-01, {field}: bad}}") == 0
    assert holds(f"{{visit: seen, not_{field}: bad}}", VISIT) == 1


@pytest.mark.parametrize(("field", "word"), [("setting", "acute"), ("class", "inpatient"), ("encounter_class", "IMP")])
def test_a_place_may_be_barred(field: str, word: str) -> None:
    assert (
        holds(f"{{encounter: any, not_{field}: {word}}}", f"{{encounter: any, at: 2025-05-01, {field}: {word}}}") == 0
    )
    assert holds(f"{{encounter: any, not_{field}: {word}}}", "{encounter: any, at: 2025-05-01}") == 1


def test_a_second_diagnosis_is_no_principal_one() -> None:
    assert holds("{visit: any, principal_dx: sick}", "{visit: any, at: 2025-05-01, dx: sick}") == 0


def test_what_is_told_goes_on_has_no_end() -> None:
    assert holds("{condition: sick, ended: true}", "{condition: sick, from: 2025-05-01}") == 0
    assert holds("{condition: sick, ended: true}", "{condition: sick, from: 2025-05-01, to: 2025-05-02}") == 1


@pytest.mark.parametrize(
    ("value", "fact", "there"),
    [
        ("present", "value: 0", True),
        ("present", "answer: positive", True),
        ("present", "", False),
        ("absent", "", True),
        ("absent", "answer: positive", False),
        ("number", "value: 0.0", True),
        ("number", "answer: positive", False),
        ("positive", "answer: positive", True),
        ("[negative, positive]", "answer: positive", True),
        ("negative", "answer: positive", False),
        ("{above: 9}", "value: 9", False),
        ("{above: 9}", "value: 9.01", True),
        ("{above: 9}", "answer: positive", False),
        ("{at_least: 9}", "value: 9", True),
        ("{at_least: 9}", "value: 8.99", False),
        ("{below: 9}", "value: 9", False),
        ("{above: 1, below: 9}", "value: 1", False),
        ("{at_least: 1, below: 9}", "value: 1", True),
    ],
)
def test_a_value_a_number_and_an_answer_are_three_things(value: str, fact: str, there: bool) -> None:
    told = f"{{observation: test, at: 2025-05-01{', ' + fact if fact else ''}}}"
    assert holds(f"{{observation: test, value: {value}}}", told) == there


def test_parts_are_numbers_of_one_result() -> None:
    asked = "{observation: bp, parts: [upper, lower]}"
    assert holds(asked, "{observation: bp, at: 2025-05-01, parts: {upper: 130, lower: 80}}") == 1
    halves = (
        "{observation: bp, at: 2025-05-01, parts: {upper: 130}}, {observation: bp, at: 2025-05-01, parts: {lower: 80}}"
    )
    assert holds(asked, halves) == 0


def test_so_many_facts_perhaps_on_different_days() -> None:
    twice = f"{VISIT}, {{visit: other, at: 2025-05-01}}"
    assert holds("{visit: any, at_least: 2}", twice) == 1
    assert holds("{visit: any, at_least: 3}", twice) == 0
    assert holds("{visit: any, at_least: 2, on_different_days: true}", twice) == 0
    assert holds("{visit: any, at_least: 2, on_different_days: true}", f"{twice}, {{visit: any, at: 2025-05-02}}") == 1


# -- a found set, narrowed and chosen from


def test_which_narrows_what_was_found() -> None:
    assert holds("{which: {of: {visit: seen}, dx: sick}}", VISIT) == 0
    assert holds("{which: {of: {visit: seen}, dx: sick}}", "{visit: seen, dx: sick, at: 2025-05-01}") == 1


def result(day: str, number: float, more: str = "") -> str:
    return f"{{observation: test, at: {day}, value: {number}{more}}}"


RESULTS = ", ".join(
    [result("2025-02-01", 5), result("2025-07-01", 7), result("2025-04-01", 9), result("2025-07-01", 6)]
)


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        ("{first: {observation: test}}", [5]),
        ("{latest_day: {observation: test}}", [6, 7]),
        ("{nth: {of: {observation: test}, number: 1}}", [5]),
        ("{nth: {of: {observation: test}, number: 2}}", [9]),
        ("{nth: {of: {observation: test}, number: 3}}", [6, 7]),
        ("{nth: {of: {observation: test}, number: 4}}", []),
    ],
)
def test_some_of_a_found_set_are_chosen(chosen: str, numbers: list[int]) -> None:
    exactly = "{{which: {{of: {}, value: {{at_least: {}, below: {}}}}}}}"
    assert [n for n in (5, 6, 7, 9) if holds(exactly.format(chosen, n, n + 0.5), RESULTS)] == numbers


def test_the_latest_is_by_its_end_and_by_the_clock_where_one_was_told() -> None:
    long = "{observation: test, from: 2025-01-01, to: 2025-08-01, value: 1}"
    for word in ("latest", "latest_day"):
        asked = f"{{which: {{of: {{{word}: {{observation: test}}}}, value: {{below: 2}}}}}}"
        assert holds(asked, f"{long}, {result('2025-07-01', 9)}") == 1
        assert holds(asked, f"{long}, {result('2025-08-02', 9)}") == 0
    morning = "{observation: test, at: 2025-05-01 08:00, value: 1}"
    evening = "{observation: test, at: 2025-05-01 20:00, value: 9}"
    low = "{{which: {{of: {{{}: {{observation: test}}}}, value: {{below: 2}}}}}}"
    assert (
        holds(low.format("first"), f"{evening}, {morning}"),
        holds(low.format("latest"), f"{evening}, {morning}"),
    ) == (1, 0)


def test_nothing_is_chosen_from_nothing() -> None:
    for word in ("first", "latest", "latest_day"):
        assert holds(f"{{{word}: {{visit: other}}}}", VISIT) == 0


# -- numbers of a day


def pressure(upper: str, lower: str) -> str:
    return f"{{observation: bp, at: 2025-05-01, parts: {{upper: {upper}, lower: {lower}}}}}"


LOWEST = "{reading: {of: {observation: bp}, lowest: {upper: {below: 140}, lower: {below: 90}}}}"


def test_the_parts_of_a_reading_may_come_from_different_results() -> None:
    assert holds(LOWEST, pressure("139", "89")) == 1
    assert holds(LOWEST, pressure("140", "89")) == 0
    assert holds(LOWEST, pressure("150", "80") + ", " + pressure("120", "95")) == 1
    assert holds(LOWEST, pressure("150", "80") + ", " + pressure("141", "70")) == 0


def test_a_reading_needs_each_of_its_parts() -> None:
    assert holds(LOWEST, "{observation: bp, at: 2025-05-01, parts: {upper: 120}}") == 0
    assert (
        holds(
            LOWEST,
            "{observation: [bp, upper], at: 2025-05-01, value: 120}, "
            "{observation: [bp, lower], at: 2025-05-01, value: 80}",
        )
        == 1
    )


def test_the_highest_may_be_asked_and_the_value_itself() -> None:
    asked = "{reading: {of: {observation: test}, highest: {value: {below: 8}}}}"
    assert (
        holds(asked, f"{result('2025-05-01', 7)}, {result('2025-05-01', 8)}"),
        holds(asked, result("2025-05-01", 7)),
    ) == (0, 1)
    assert holds(asked, "{observation: test, at: 2025-05-01, answer: positive}") == 0


# -- days' supply


def fills(*days: str, ingredient: str = "one") -> str:
    return ", ".join(f"{{fill: drug, at: {day}, days: 30, ingredient: {ingredient}}}" for day in days)


def test_covered_days_are_counted_or_compared_as_a_share() -> None:
    asked = "{{covered_days: {{of: {{fill: drug}}, during: {{from: 01-01, to: 03-01}}, {}}}}}"
    assert [holds(asked.format(f"at_least: {n}"), fills("2025-01-01")) for n in (30, 31)] == [1, 0]
    assert [holds(asked.format(f"share_at_least: {n}"), fills("2025-01-01")) for n in (50, 51)] == [1, 0]


def test_an_early_fill_waits_only_where_the_page_says_so() -> None:
    asked = "{{covered_days: {{of: {{fill: drug}}, during: period, overlap: {}, at_least: 60}}}}"
    assert [holds(asked.format(word), fills("2025-01-01", "2025-01-21")) for word in ("union", "shift")] == [0, 1]


def test_days_in_a_hospital_leave_both_sides() -> None:
    asked = (
        "{covered_days: {of: {fill: drug}, during: {from: 01-01, to: 02-09}, not_in: {stay: any}, share_at_least: 100}}"
    )
    away = "{stay: any, setting: acute, from: 2025-01-31, to: 2025-02-10}"
    assert (holds(asked, fills("2025-01-01")), holds(asked, f"{fills('2025-01-01')}, {away}")) == (0, 1)


def test_nothing_is_covered_without_fills_or_days() -> None:
    asked = "{covered_days: {of: {fill: drug}, during: {days: [0, 9], of: begun.start}, share_at_least: 1}}"
    assert holds(asked, fills("2025-01-01"), more="define: {begun: {visit: seen}}") == 0


# -- the person


@pytest.mark.parametrize(
    ("born", "age", "there"),
    [
        ("2007-12-31", "{from: 18}", True),
        ("2008-01-01", "{from: 18}", False),
        ("1939-12-31", "{to: 85}", False),
        ("1940-01-01", "{to: 85}", True),
        ("2007-06-30", "{from: 18, at: 06-30}", True),
        ("2007-07-01", "{from: 18, at: 06-30}", False),
        ("2008-02-29", "{from: 17, at: 02-28}", False),
        ("2008-02-29", "{from: 17, at: 03-01}", True),
        ("2006-12-31", "{from: 18, at: 12-31 prior year}", True),
    ],
)
def test_age_is_in_whole_years_on_a_day(born: str, age: str, there: bool) -> None:
    assert holds(f"{{age: {age}}}", who=f"person: {{born: {born}}}") == there


def test_age_on_a_day_that_nobody_knows_is_no_age() -> None:
    assert holds("{age: {from: 1, at: begun.start}}", more="define: {begun: {visit: seen}}") == 0


def test_sex_and_death() -> None:
    assert [holds("{sex: [female, other]}", who=f"person: {{sex: {sex}}}") for sex in ("F", "M", "other")] == [1, 0, 1]
    for day, there in (("2024-12-31", 0), ("2025-01-01", 1), ("2025-12-31", 1), ("2026-01-01", 0)):
        assert holds("{died: period}", who=f"person: {{died: {day}}}") == there
    assert holds("{died: period}") == 0


@pytest.mark.parametrize(
    ("spans", "without", "with_one"),
    [
        ("", False, False),
        ("{from: 2025-01-01, to: 2025-12-31}", True, True),
        ("{}", True, True),
        ("{from: 2025-01-02}", False, True),
        ("{to: 2025-12-30}", False, True),
        ("{from: 2025-02-14}", False, True),  # 44 days
        ("{from: 2025-02-15}", False, True),  # 45
        ("{from: 2025-02-16}", False, False),  # 46
        ("{to: 2025-06-30}, {from: 2025-07-01}", True, True),
        ("{to: 2025-06-30}, {from: 2025-07-02}", False, True),
        ("{to: 2025-06-30}, {from: 2025-06-01}", True, True),
        ("{to: 2025-06-30}, {from: 2025-08-15}", False, True),  # 45
        ("{to: 2025-06-30}, {from: 2025-08-16}", False, False),  # 46
        ("{from: 2025-01-02, to: 2025-12-30}", False, False),  # two, one at each edge
        ("{to: 2025-03-01}, {from: 2025-03-03, to: 2025-06-30}, {from: 2025-07-02}", False, False),
        ("{to: 2025-06-30}, {mcp: PLANB, from: 2025-07-01}", False, False),  # of PLANB half a year
        ("{mcp: PLANB, to: 2025-01-10}, {from: 2025-01-11}", False, True),
    ],
)
def test_enrolled_is_without_holes_or_with_so_many_of_such_a_length(spans: str, without: bool, with_one: bool) -> None:
    who = f"coverage: [{spans}]"
    assert holds("{enrolled: {during: period}}", who=who) == without
    assert holds("{enrolled: {during: period, gaps: 1, gap_days_max: 45}}", who=who) == with_one


def test_enrolled_means_the_plan_that_covers_the_end_of_the_unit() -> None:
    asked = "{enrolled: {during: {days: [-3, 0], of: unit.end}}}"
    changed = "coverage: [{mcp: PLANA, to: 2025-03-05}, {mcp: PLANB, from: 2025-03-06}]"
    assert holds(asked, STAY, unit=PER_STAY, who=changed) == 0
    assert holds(asked.replace("-3", "0"), STAY, unit=PER_STAY, who=changed) == 1


# -- the unit


def test_how_long_a_unit_lasts_counts_both_its_days() -> None:
    assert [holds(f"{{lasts: {{days_at_least: {n}}}}}", STAY, unit=PER_STAY) for n in (4, 5)] == [1, 0]
    assert [holds(f"{{lasts: {{days_below: {n}}}}}", STAY, unit=PER_STAY) for n in (4, 5)] == [0, 1]
    assert holds("{lasts: {of: {from: 01-01, to: 01-31}, days_at_least: 31}}") == 1


def test_a_clause_about_the_unit_itself() -> None:
    assert holds("{unit: {setting: acute}}", STAY, unit=PER_STAY) == 1
    assert holds("{unit: {setting: psych}}", STAY, unit=PER_STAY) == 0
    assert holds("{unit: {stay: any, starts: period}}", STAY, unit=PER_STAY) == 1
    assert holds("{unit: {visit: seen}}", f"{STAY}, {VISIT}", unit=PER_STAY) == 0
    assert holds("{unit: {visit: seen}}", VISIT, unit="{each: {visit: any}}") == 1


def test_what_the_builder_said_of_a_unit() -> None:
    announced = STAY.replace("}", ", detail: {planned: 'yes'}}")
    assert [holds("{unit_is: planned}", stay, unit="trc_chain") for stay in (announced, STAY)] == [1, 0]
    assert [holds("{none: {unit_is: planned}}", stay, unit="trc_chain") for stay in (announced, STAY)] == [0, 1]


def test_each_fact_of_a_criterion_is_a_unit() -> None:
    other = "{stay: any, setting: psych, from: 2025-05-01, to: 2025-05-03}"
    late = "{stay: any, setting: acute, from: 2025-12-30, to: 2026-01-02}"
    units = "{each: {stay: any, ends: period}}"
    assert holds("{age: {from: 0}}", f"{STAY}, {other}, {late}", unit=units) == 2
    assert (
        holds(
            "{visit: seen, starts: {days: [1, 7], of: unit.end}}",
            f"{STAY}, {other}, {{visit: seen, at: 2025-03-13}}",
            unit=units,
        )
        == 1
    )
