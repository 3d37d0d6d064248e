"""The shipped programs prove themselves, to the cent, and are labelled as what they are: examples."""

from pathlib import Path

import pytest

from services.programs.loading import check_programs
from services.programs.payments import MODELS

CATALOG = Path(__file__).parents[3] / "services/programs/catalog"
FILES = [(str(path), path.read_text("utf-8")) for path in sorted(CATALOG.glob("*.yaml"))]

WORKED = """
    plan_a.qip 1727.25
    plan_a.qip 2559.15
    plan_a.qip 831.90
    plan_a.threshold 1715.00
    plan_b.points 41250.00
    plan_b.points 20625.00
    plan_b.points_5 20625.00
    pmpm 41300.00
    outreach_ffs 75.00
    outreach_success 25.00
    ga_withhold 10000000.00
    ga_withhold 8000000.00
    ga_withhold 4000000.00
    shared_savings 300000.00
    shared_savings 150000.00
    or_improvement 0.538
"""
"""Every worked figure of care-rules 3, and the page whose cases must have it."""


def test_every_case_of_every_shipped_program_holds() -> None:
    loaded = check_programs(FILES)
    assert [str(problem) for problem in loaded.problems] == []
    assert len(loaded.programs) == len(FILES)


@pytest.mark.parametrize("line", [" ".join(line.split()) for line in WORKED.strip().splitlines()])
def test_each_worked_figure_is_a_case(line: str) -> None:
    name, figure = line.split()
    assert f'"{figure}"' in (CATALOG / f"{name}.yaml").read_text("utf-8")


def test_each_model_has_an_example_with_a_label() -> None:
    programs = check_programs(FILES).programs
    assert {program.model.name for program in programs} == set(MODELS)
    assert all((program.page.label or "").startswith("Example: ") for program in programs)


@pytest.mark.parametrize(("path", "text"), FILES, ids=[Path(path).stem for path, _ in FILES])
def test_a_figure_that_is_a_cent_off_is_noticed(path: str, text: str) -> None:
    at = text.index('earned: "') + len('earned: "')
    end = text.index('"', at)
    wrong = f"{text[:at]}{text[at : end - 1]}{(int(text[end - 1]) + 1) % 10}{text[end:]}"
    (problem,) = check_programs([(path, wrong)]).problems
    assert problem.field.endswith("expect.earned")
    assert "came out" in problem.what
