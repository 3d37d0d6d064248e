"""Loading rule pages: what is right compiles, what is wrong is told whole, by line, with a remedy."""

import copy
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from models.pages import Location, dotted, parse_pages
from models.rule import AllOf, AnyOf, CareEventEvidence, ClaimEvidence, RosterEvidence, TaskActionEvidence
from services.timeliness.loading import check, load_rules, play_cases

PACIFIC = ZoneInfo("America/Los_Angeles")
GOOD = """\
# Someone talks with the member
# within two business days.
rule: tcm.contact_2bd
version: "2025.1"
effective: {from: 2023-01-01, to: null}
source: {document: "CMS, TCM", section: Interactive contact, read_on: 2024-02-12}
when: {event: discharged, class: [inpatient, snf], to: community}
raise:
  task: contact
  owner: lead_cm
  due: {within: 2 business days, after: discharged_at, calendar: us_federal}
done_when: {care_event: contact, outcome: [reached]}
ends: [next_stay, deceased, coverage_ended]
cases:
  - name: a Thursday evening discharge is due by the end of Monday
    given: {discharged_at: 2024-02-29T21:30:00-08:00}
    then: {due_at: 2024-03-04T23:59:59-08:00}
"""
DUE = "  due: {within: 2 business days, after: discharged_at, calendar: us_federal}\n"
PATH = "rules/tcm.contact_2bd.yaml"


def changed(old: str, new: str) -> list[tuple[int, str, str, str]]:
    assert old in GOOD
    return [(p.line, p.field, p.what, p.remedy) for p in check([(PATH, GOOD.replace(old, new))], PACIFIC).problems]


def test_the_page_of_the_style_guide_loads_and_its_case_plays() -> None:
    loaded = check([(PATH, GOOD)], PACIFIC)
    assert loaded.problems == ()
    (rule,) = loaded.rules
    assert rule.done_when == CareEventEvidence("contact", ("reached",))
    assert rule.doc == "Someone talks with the member within two business days."


def test_ten_mistakes_are_ten_problems_each_on_its_line() -> None:
    text = """\
rule: tcm.contact_3bd
version: 2025.1
effective: {from: 2025-01-01, to: 2023-01-01}
source: {document: "d", section: "s", read_on: January}
when: {event: admitted, class: [inpatiant], to: community}
raise:
  task: contact
  ownr: lead_cm
  owner: lead
  due: {within: 2 buisness days, after: discharged_at}
done_when: {outcome: [reached]}
ends: [next_stay]
"""
    loaded = load_rules([(PATH, text)])
    assert loaded.rules == ()
    assert [(problem.line, problem.field) for problem in loaded.problems] == [
        (1, "cases"),
        (1, "rule"),
        (2, "version"),
        (3, "effective.to"),
        (4, "source.read_on"),
        (5, "when.class[0]"),
        (5, "when.to"),
        (8, "raise.ownr"),
        (9, "raise.owner"),
        (10, "raise.due.after"),
        (10, "raise.due.within"),
        (11, "done_when"),
    ]
    told = {problem.field: f"{problem.what} {problem.remedy}" for problem in loaded.problems}
    assert "Did you mean 'inpatient'?" in told["when.class[0]"]
    assert "Did you mean 'owner'?" in told["raise.ownr"]
    assert "Did you mean '2 business days'?" in told["raise.due.within"]
    assert "2025.1" in told["version"]


def test_all_files_are_read_before_anything_is_refused() -> None:
    loaded = check([("a.yaml", "rule: [\n"), ("b.yaml", ""), (PATH, GOOD.replace("reached", "reachd"))], PACIFIC)
    assert {problem.path for problem in loaded.problems} == {"a.yaml", "b.yaml", PATH}


@pytest.mark.parametrize(
    ("old", "new", "line", "field"),
    [
        ("calendar: us_federal", "calendar: us_federl", 11, "raise.due.calendar"),
        (", calendar: us_federal", "", 11, "raise.due.within"),
        ("2 business days", "2 calendar days", 11, "raise.due.calendar"),
        ("2 business days", "2 business day", 11, "raise.due.within"),
        ("2 business days", "0 business days", 11, "raise.due.within"),
        (", after: discharged_at", "", 11, "raise.due.within"),
        (DUE, "  due: {by: discharged_at}\n", 11, "raise.due.by"),
        ("within: 2 business days, ", "by: discharged_at, ", 11, "raise.due.after"),
        (DUE, "  due: {}\n", 11, "raise.due"),
        (DUE, "  remind: 4 hours\n", 11, "raise.remind"),
        (DUE, "", 8, "raise"),
        ("event: discharged", "event: [discharged, admitted]", 7, "when.to"),
        ("to: community}", "with: [ecm], without: [ecm]}", 7, "when.without"),
        ("{care_event: contact,", "{task_action: done,", 12, "done_when.outcome"),
        ("{care_event: contact,", "{care_event: contact, roster: lead_cm_id,", 12, "done_when"),
        ("{care_event: contact, outcome: [reached]}", "{any: []}", 12, "done_when.any"),
        ("{care_event: contact, outcome: [reached]}", "{all: [{task_action: done}, {}]}", 12, "done_when.all[1]"),
        ("care_event: contact,", "care_event: contacts,", 12, "done_when.care_event"),
        ("given: {discharged_at: 2024-02-29T21:30:00-08:00}", "given: {}", 16, "cases[0].given"),
        ("T21:30:00-08:00", "T21:30:00", 16, "cases[0].given.discharged_at"),
        ("given: {", "given: {event: admitted, ", 16, "cases[0].given.event"),
        ("{due_at: 2024-03-04T23:59:59-08:00}", "{}", 17, "cases[0].then"),
        ("then: {", "then: {raised: false, ", 17, "cases[0].then"),
        ("ends: [", "ends: [discharge, ", 13, "ends[0]"),
        ("read_on: 2024-02-12", "read_on: 2024-02-30", 6, "source.read_on"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told(old: str, new: str, line: int, field: str) -> None:
    told = changed(old, new)
    assert (line, field) in [(problem[0], problem[1]) for problem in told], told
    assert all(remedy for *_, remedy in told)


def test_two_files_with_one_rule_are_told() -> None:
    (problem,) = load_rules([("a/tcm.contact_2bd.yaml", GOOD), ("b/tcm.contact_2bd.yaml", GOOD)]).problems
    assert "a/tcm.contact_2bd.yaml" in problem.what


def test_a_second_document_is_told() -> None:
    (problem,) = load_rules([(PATH, f"{GOOD}---\nrule: x\n")]).problems
    assert problem.line == GOOD.count("\n") + 2


def test_a_case_that_is_wrong_is_noticed_with_what_came_out() -> None:
    ((line, field, what, _remedy),) = changed("due_at: 2024-03-04", "due_at: 2024-03-05")
    assert (line, field) == (17, "cases[0].then.due_at")
    assert "expected 2024-03-05T23:59:59-08:00, but 2024-03-04T23:59:59-08:00 came out" in what


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{due_at: 2024-03-04T23:59:59-08:00}", "{raised: false}"),
        ("{due_at: 2024-03-04T23:59:59-08:00}", "{due_at: null}"),
        ("{due_at: 2024-03-04T23:59:59-08:00}", "{appears_at: 2024-03-04T23:59:59-08:00}"),
        ("21:30:00-08:00}", '21:30:00-08:00, disposition: "03"}'),
        ("21:30:00-08:00}", "21:30:00-08:00, class: emergency}"),
        ("21:30:00-08:00}", "21:30:00-08:00, time_zone: America/New_York}"),
        ("2024-02-29T21", "2022-02-28T21"),
    ],
)
def test_cases_notice_every_kind_of_difference(old: str, new: str) -> None:
    loaded = load_rules([(PATH, GOOD.replace(old, new))])
    assert loaded.problems == ()
    assert len(play_cases(loaded, PACIFIC)) == 1


def test_a_value_set_that_is_not_loaded_is_a_warning() -> None:
    page = GOOD.replace("{care_event: contact, outcome: [reached]}", "{claim: {value_set: [seen, heard]}}")
    loaded = check([(PATH, page)], PACIFIC, value_sets={"heard"})
    assert loaded.problems == ()
    assert [(warning.line, "'seen'" in warning.what) for warning in loaded.warnings] == [(12, True)]
    assert load_rules([(PATH, page)]).warnings == ()


def test_every_kind_of_evidence_compiles() -> None:
    evidence = (
        "{any: [{all: [{care_event: notification_delivered, mode: pcp, detail: {to: member}}, {roster: lead_cm_id}]},"
        " {claim: {value_set: seen}}, {task_action: done}]}"
    )
    (rule,) = load_rules([(PATH, GOOD.replace("{care_event: contact, outcome: [reached]}", evidence))]).rules
    notified = CareEventEvidence("notification_delivered", mode=("pcp",), detail=(("to", "member"),))
    assert rule.done_when == AnyOf(
        (AllOf((notified, RosterEvidence("lead_cm_id"))), ClaimEvidence(("seen",)), TaskActionEvidence("done"))
    )


LEAVES = [loc for loc in parse_pages(PATH, GOOD)[0].lines if loc]


@pytest.mark.parametrize("value", [None, 7, -1.5, True, "", "x", [], [[]], {}, [{}], {"x": "y"}, ["x", None]], ids=repr)
@pytest.mark.parametrize("loc", LEAVES, ids=dotted)
def test_whatever_is_written_anywhere_is_told_never_raised(loc: Location, value: object) -> None:
    data = copy.deepcopy(parse_pages(PATH, GOOD)[0].data)
    inner: Any = data
    for step in loc[:-1]:
        inner = inner[step]
    inner[loc[-1]] = value
    for problem in check([(PATH, yaml.safe_dump(data, sort_keys=False))], PACIFIC).problems:
        assert problem.what
        assert problem.remedy
