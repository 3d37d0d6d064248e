"""Periods by name and by day."""

from datetime import date

import pytest

from services.programs.periods import MONTHS, PeriodWord, span_named, span_of


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2025", "2025-01-01", "2025-12-31"),
        ("2025-H2", "2025-07-01", "2025-12-31"),
        ("2025-Q1", "2025-01-01", "2025-03-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2025-12", "2025-12-01", "2025-12-31"),
    ],
)
def test_a_name_says_the_days(name: str, first: str, last: str) -> None:
    named = span_named(name)
    assert named is not None
    word, span = named
    assert (span.name, str(span.first), str(span.last)) == (name, first, last)
    assert len(span.months) == MONTHS[word]
    assert span_of(word, span.first) == span_of(word, span.last) == span


@pytest.mark.parametrize("name", ["", "25", "2025-13", "2025-Q5", "2025-H3", "2025-1", "0000", "2025-Q", "x2025"])
def test_what_is_no_period_is_none(name: str) -> None:
    assert span_named(name) is None


def test_a_program_that_starts_in_a_period_pays_for_the_rest_of_it() -> None:
    span = span_of("quarter", date(2025, 2, 14))
    cut = span.until(date(2025, 2, 10), None)
    assert cut is not None
    assert cut.months == ("2025-02", "2025-03")
    assert span.until(date(2025, 4, 1), None) is None


@pytest.mark.parametrize("word", list(MONTHS))
def test_every_day_of_a_year_is_in_one_period(word: PeriodWord) -> None:
    days = [date.fromordinal(date(2024, 1, 1).toordinal() + n) for n in range(366)]
    assert all(span_of(word, day).first <= day <= span_of(word, day).last for day in days)
