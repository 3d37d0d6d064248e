"""Days covered by fills. Fills, shifted spans and periods of the first five are PQA's published examples."""

from collections.abc import Sequence
from fractions import Fraction

import pytest

from services.measures.covering import covered, spans
from services.measures.items import Item, Reading
from tests.unit.measures.facts import day, fill, shown

A, B = "drug a", "drug b"

PUBLISHED = {
    "two drugs, one after the other": (
        [fill(A, "01-01", 90), fill(B, "04-01", 90)], "01-01", "12-31",
        ["01-01 03-31", "04-01 06-29"], Fraction(180, 365),
    ),
    "two drugs at once cover a day once": (
        [fill(A, "01-01", 90), fill(B, "01-01", 90)], "01-01", "12-31",
        ["01-01 03-31", "01-01 03-31"], Fraction(90, 365),
    ),
    "the third fill waits": (
        [fill(A, "03-25", 90), fill(A, "07-05", 90), fill(A, "09-25", 90)], "03-25", "12-31",
        ["03-25 06-22", "07-05 10-02", "10-03 12-31"], Fraction(270, 282),
    ),
    "the second fill waits, and the last is cut off": (
        [fill(A, "01-01", 90), fill(A, "03-25", 90), fill(A, "07-05", 90), fill(A, "10-15", 90)], "01-01", "12-31",
        ["01-01 03-31", "04-01 06-29", "07-05 10-02", "10-15 12-31"], Fraction(348, 365),
    ),
    "a short period": (
        [fill(A, "10-04", 30), fill(A, "11-01", 30)], "10-04", "12-31",
        ["10-04 11-02", "11-03 12-02"], Fraction(60, 89),
    ),
    "metformin until the end of May": (
        [fill(A, "01-10", 30), fill(A, "02-05", 30), fill(A, "03-20", 30), fill(A, "05-01", 30)], "01-10", "05-31",
        ["01-10 02-08", "02-09 03-10", "03-20 04-18", "05-01 05-30"], Fraction(120, 142),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_example_comes_out_exactly(name: str) -> None:
    fills, first, last, expected, share = PUBLISHED[name]
    assert [_ends(days) for days in spans(fills, day(last))] == expected
    assert Fraction(*covered(fills, day(first), day(last), shift=True)) == share


def test_supply_waits_while_the_member_is_in_hospital_and_those_days_count_nowhere() -> None:
    fills = PUBLISHED["metformin until the end of May"][0]
    away = range(day("04-10"), day("04-15"))
    assert [_ends(days) for days in spans(fills, day("05-31"), away)][2] == "03-20 04-23"
    assert covered(fills, day("01-10"), day("05-31"), away, shift=True) == (120, 137)


def test_supply_that_moves_out_of_a_stay_moves_the_next_fill_too() -> None:
    fills = [fill(A, "03-01", 30), fill(A, "03-31", 30)]
    away = range(day("03-10"), day("03-20"))
    assert [_ends(days) for days in spans(fills, day("12-31"), away)] == ["03-01 04-09", "04-10 05-09"]


def test_a_combination_waits_for_each_of_its_ingredients_and_makes_them_wait() -> None:
    fills = [fill(A, "01-01", 30), fill(f"{A}/{B}", "01-20", 30), fill(B, "02-10", 30)]
    assert [_ends(days) for days in spans(fills, day("12-31"))] == ["01-01 01-30", "01-31 03-01", "03-02 03-31"]


def test_an_ingredient_of_no_class_makes_nothing_wait() -> None:
    def with_diuretic(name: str, first: str) -> Item:
        parts = (Reading(frozenset({"class"})), Reading(frozenset()))
        return fill(f"{name}/diuretic", first, 30, parts=parts)

    fills = [with_diuretic(A, "01-01"), with_diuretic(B, "01-15")]
    assert [_ends(days) for days in spans(fills, day("12-31"))] == ["01-01 01-30", "01-15 02-13"]


def test_without_shift_every_fill_runs_by_the_calendar() -> None:
    fills = [fill(A, "01-01", 90), fill(A, "03-25", 90)]
    assert covered(fills, day("01-01"), day("12-31"), shift=False) == (173, 365)


def test_supply_of_before_and_after_the_span_is_not_counted() -> None:
    fills = [fill(A, "2024-12-20", 30), fill(A, "12-20", 30)]
    assert covered(fills, day("01-01"), day("12-31"), shift=True) == (18 + 12, 365)


def _ends(days: Sequence[int]) -> str:
    return f"{shown(days[0])} {shown(days[-1])}"
