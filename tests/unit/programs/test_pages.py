"""What is wrong with a program page is told whole: file, line, field, and what to write instead."""

import pytest

from services.programs.loading import check_programs

GOOD = """\
program: mine
version: "1"
effective: {from: 2025-01-01, to: 2025-12-31}
source: {document: D, section: S, read_on: 2025-01-10}
parties: {mcp_id: PLANA, provider: any}
period: quarter
model: gated_rates
form: threshold
base_per_member_month: "10.00"
gates: [ecm.rtf_on_time]
eligible: {file: rtf, status: [enrolled]}
measures:
  - {measure: cbp, weight: "0.40", target: "0.60"}
  - {measure: gsd.lt8, weight: "0.60", target: "0.50"}
cases:
  - {eligible: {"2025-01": 10}, rates: {cbp: "0.6", gsd.lt8: "0.4"}, expect: {earned: "40.00"}}
"""
POINTS = """\
program: mine
version: "1"
effective: {from: 2025-01-01}
source: {document: D, section: S, read_on: 2025-01-10}
parties: {mcp_id: PLANA}
period: year
model: points
measures: [{measure: cbp, points: 30, form: step, target: "0.62"}]
tiers: [{from: 0, percent: 0}, {from: 20, percent: "2.5"}]
bonus: {fixed: "5000.00"}
cases: [{rates: {cbp: "0.62"}, expect: {earned: "125.00"}}]
"""
KNOWN = {"cbp", "gsd.lt8", "gsd.gt9"}


def problems(text: str) -> list[str]:
    found = check_programs([("mine.yaml", text)], KNOWN).problems
    return [f"{problem.line}: {problem.field}: {problem.what} {problem.remedy}" for problem in found]


def test_a_good_page_has_no_problems() -> None:
    assert problems(GOOD) == problems(POINTS) == []


@pytest.mark.parametrize(
    ("page", "right", "wrong", "told"),
    [
        (
            GOOD,
            '"10.00"',
            "10.50",
            "9: base_per_member_month: 10.5 is no exact number. It may have lost digits; put it in",
        ),
        (
            GOOD,
            'weight: "0.40"',
            'wieght: "0.40"',
            "13: measures[0].wieght: 'wieght' is no key that is known here. Did you mean 'weight'?",
        ),
        (GOOD, '"0.40"', '"0.50"', "12: measures: The weights sum to 1.1"),
        (
            GOOD,
            "measure: cbp",
            "measure: cpb",
            "13: measures[0].measure: There is no measure 'cpb'. Did you mean 'cbp'?",
        ),
        (GOOD, "measure: gsd.lt8", "measure: cbp", "14: measures[1].measure: 'cbp' is paid for twice."),
        (GOOD, ', target: "0.50"', "", "14: measures[1]: The threshold form pays for a target, and there is none."),
        (
            GOOD,
            "model: gated_rates",
            "model: gated_rate",
            "7: model: There is no model 'gated_rate'. Did you mean 'gated_rates'?",
        ),
        (
            GOOD,
            "period: quarter",
            "period: quartal",
            "6: period: 'quartal' is not allowed here. Did you mean 'quarter'?",
        ),
        (GOOD, "ecm.rtf_on_time", "ecm.rtf", "10: gates[0]: 'ecm.rtf' is not allowed here."),
        (GOOD, "2025-12-31", "2024-12-31", "3: effective.to: The program ends on '2024-12-31', before it begins"),
        (GOOD, "program: mine", "program: yours", "1: program: 'yours' is not the name of the file, 'mine'."),
        (GOOD, ", provider: any", "", "5: parties: Return files are a provider's, and the program pays the plan."),
        (
            GOOD,
            'cbp: "0.6"',
            'cpb: "0.6"',
            "16: cases[0].rates.cpb: The program does not pay for 'cpb'. Did you mean 'cbp'?",
        ),
        (
            GOOD,
            '"40.00"',
            '"41.00"',
            "16: cases[0].expect.earned: Case 'number 1': expected 41.00, but 40.00 came out.",
        ),
        (POINTS, "{from: 20,", "{from: 0,", "9: tiers[1].from: 0 does not rise above 0 of the step before."),
        (POINTS, 'fixed: "5000.00"', "percent_of: revenue", "10: bonus.percent_of: 'revenue' is not allowed here."),
        (POINTS, '{fixed: "5000.00"}', "{}", "10: bonus: A bonus is a percent of something stated, or of a fixed sum"),
        (
            POINTS,
            "form: step",
            "form: linear",
            "8: measures[0]: A linear measure earns from its floor on, and there is none.",
        ),
        (POINTS, "points: 30", "points: -1", "8: measures[0].points: -1 is less than nothing."),
    ],
)
def test_a_mistake_is_told_with_its_line_and_a_remedy(page: str, right: str, wrong: str, told: str) -> None:
    assert any(line.startswith(told) for line in problems(page.replace(right, wrong, 1))), problems(
        page.replace(right, wrong, 1)
    )


def test_all_mistakes_of_all_files_are_told_at_once() -> None:
    bad = GOOD.replace('"10.00"', "10.5").replace("weight", "wieght", 1).replace("measure: cbp", "measure: cpb")
    files = [("mine.yaml", bad), ("other.yaml", ""), ("third.yaml", GOOD.replace("mine", "third"))]
    loaded = check_programs(files, KNOWN)
    assert {problem.path for problem in loaded.problems} == {"mine.yaml", "other.yaml"}
    assert {problem.field for problem in loaded.problems} >= {"base_per_member_month", "measures[0].wieght"}
    assert {problem.field for problem in loaded.problems} >= {"measures[0].measure"}
    assert [program.id for program in loaded.programs] == ["third"]
