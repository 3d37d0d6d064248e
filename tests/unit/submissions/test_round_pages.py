"""Every mistake of every page of a round is told at once, with file, line, field and a remedy."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from models.errors import FileIsWrong
from services.submissions.loading import Loaded, load_rounds
from services.wiring.rounds import read_rounds, round_files

MEASURES = {"cbp": "increase", "amb_ed": "decrease"}
PAGE = """\
submission: ipp.5
version: "1"
source: {document: D, section: S, read_on: 2025-01-10}
program: IPP
round: 5
period: {from: 2024-01-01, to: 2024-06-30}
due: 2024-09-03
fields:
  - {measure: cbp, threshold: "0.62"}
  - {measure: amb_ed, threshold: "60"}
  - {field: partners, value: "7"}
"""


def load(text: str, *more: tuple[str, str]) -> Loaded:
    return load_rounds([("r/ipp.5.yaml", text), *more], MEASURES)


def told(loaded: Loaded) -> Sequence[tuple[int, str]]:
    return [(each.line, each.field) for each in loaded.problems]


def test_a_page_says_what_is_asked() -> None:
    (found,) = load(PAGE).rounds
    assert (found.id, found.round, found.program, found.mcp_id) == ("ipp.5", "5", "IPP", "")
    cbp, ed, partners = found.fields
    assert (cbp.threshold, cbp.improvement, ed.improvement) == (Fraction("0.62"), "increase", "decrease")
    assert (partners.measure, partners.value) == ("", 7)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("submission: ipp.5", "submission: ipp.6", (1, "submission")),
        ("due: 2024-09-03", "due: 2024-02-30", (7, "due")),
        ("due: 2024-09-03", "due: 2024-06-30", (7, "due")),
        ("to: 2024-06-30", "to: 2023-06-30", (6, "period")),
        ("round: 5", "rounds: 5", (5, "rounds")),
        ('threshold: "0.62"', "threshold: 0.62", (9, "fields[0].threshold")),
        ('threshold: "0.62"', 'threshold: "most"', (9, "fields[0].threshold")),
        ("measure: cbp", "measure: cpb", (9, "fields[0].measure")),
        ("measure: amb_ed", "measure: cbp", (10, "fields[1].measure")),
        ("field: partners", "label: partners", (11, "fields[2]")),
        ('{measure: cbp, threshold: "0.62"}', '{measure: cbp, value: "1"}', (9, "fields[0]")),
        ("due: 2024-09-03", "due: 2024-09-03\nprefill: ipp.4", (8, "prefill")),
        ("program: IPP", 'program: ""', (4, "program")),
    ],
)
def test_a_mistake_is_told_with_line_field_and_remedy(old: str, new: str, where: tuple[int, str]) -> None:
    assert old in PAGE
    loaded = load(PAGE.replace(old, new))
    assert loaded.rounds == ()
    assert where in told(loaded)
    assert all(each.remedy and each.what for each in loaded.problems)


def test_the_nearest_word_is_suggested() -> None:
    (unknown,) = load(PAGE.replace("measure: cbp", "measure: cpb")).problems
    assert "Did you mean 'cbp'?" in unknown.remedy
    problems = load(PAGE.replace("due:", "dew:")).problems
    assert any("Did you mean 'due'?" in each.remedy for each in problems)


def test_all_mistakes_of_all_files_are_told_at_once() -> None:
    loaded = load(PAGE.replace("round: 5", "rounds: 5"), ("r/b.yaml", "submission: [\n"), ("r/c.yaml", ""))
    assert {each.path for each in loaded.problems} == {"r/ipp.5.yaml", "r/b.yaml", "r/c.yaml"}


def test_two_files_cannot_say_the_same_round() -> None:
    loaded = load(PAGE, ("elsewhere/ipp.5.yaml", PAGE))
    assert [each.path for each in loaded.problems] == ["elsewhere/ipp.5.yaml"]


def test_a_round_is_prefilled_from_an_earlier_one_only() -> None:
    later = PAGE.replace("ipp.5", "ipp.6").replace("due:", "prefill: ipp.5\ndue:")
    (problem,) = load(PAGE, ("r/ipp.6.yaml", later)).problems
    assert (problem.line, problem.field) == (7, "prefill")
    earlier = PAGE.replace("ipp.5", "ipp.4").replace("from: 2024-01-01", "from: 2023-07-01")
    asking = PAGE.replace("due:", "prefill: ipp.4\ndue:")
    assert load(asking, ("r/ipp.4.yaml", earlier)).problems == ()


def test_the_shipped_rounds_hold_and_name_measures_of_the_contract() -> None:
    loaded = read_rounds([])
    assert [each.id for each in loaded.rounds] == ["ipp.3", "ipp.4", "ipp.5"]
    assert [each.prefill for each in loaded.rounds] == ["", "ipp.3", "ipp.4"]
    assert all(
        field.improvement == "decrease" for each in loaded.rounds for field in each.fields if field.name == "amb_ed"
    )


def test_a_page_of_one_s_own_stands_in_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "ipp.5.yaml").write_text(PAGE, encoding="utf-8")
    (found,) = [each for each in read_rounds([tmp_path]).rounds if each.id == "ipp.5"]
    assert len(found.fields) == 3
    (tmp_path / "ipp.5.yaml").write_bytes(b"\xff")
    with pytest.raises(FileIsWrong, match="UTF-8"):
        round_files([tmp_path])
