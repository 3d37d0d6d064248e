"""How measures are shown to people."""

from io import StringIO

import pytest
from rich.console import Console

from services.cli.measure_table import Shown, measure_table, rate_text
from services.cli.sparkline import direction, sparkline


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([None, None], "··"),
        ([0.0, 0.5, 1.0], "▁▅█"),
        ([0.3, None, 0.3], "▄·▄"),
        ([1.0, 0.0], "█▁"),
    ],
)
def test_a_sparkline_has_a_character_for_each_value(values: list[float | None], line: str) -> None:
    assert sparkline(values) == line


def test_a_sparkline_may_have_a_scale_of_its_own() -> None:
    assert sparkline([0.5, 0.75, 2.0, -1.0], low=0.0, high=1.0) == "▅▇█▁"


@pytest.mark.parametrize(
    ("values", "improvement", "word"),
    [
        ([0.1, 0.2], "increase", "better"),
        ([0.1, 0.2], "decrease", "worse"),
        ([0.2, None, 0.1], "decrease", "better"),
        ([0.2, 0.2], "increase", "same"),
        ([0.2], "increase", ""),
    ],
)
def test_what_is_better_depends_on_the_measure(values: list[float | None], improvement: str, word: str) -> None:
    assert direction(values, improvement=improvement) == word


def test_rates_are_percentages_or_per_thousand() -> None:
    assert [rate_text(0.625, 1), rate_text(423.04, 1000), rate_text(None, 1)] == ["62.5%", "423.0", "-"]


def shown(width: int, *rows: Shown) -> list[str]:
    console = Console(file=StringIO(), width=width, color_system=None)
    console.print(measure_table(rows, width))
    return console.file.getvalue().splitlines()  # type: ignore[attr-defined]


def test_a_row_never_wraps_and_the_rate_stays_where_there_is_no_room() -> None:
    row = Shown("trc.engagement", 5, 8, 0.625, 1, 0, 1, 3, (0.5, 0.6), groups=(("mcp_id", "PLANA"),))
    wide, narrow = shown(160, row), shown(60, row)
    assert "may change" in wide[0]
    assert "▁▇█" in wide[1]
    assert len(narrow) == 2
    assert "may change" not in narrow[0]
    assert "62.5%" in narrow[1]


def test_columns_that_say_nothing_are_left_out() -> None:
    (head, line) = shown(200, Shown("amb_ed", 0, 0, None, per=1000))
    assert "trend" not in head
    assert "note" not in head
    assert " - " in f"{line} "
