"""Times as written: precision, offset, and spans of what is only partly known."""

import pytest

from connectors.fhir.times import NEVER, Span, period, span, when
from tests.unit.fhir.support import at, day


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2025-03-01", Span(day("2025-03-01"))),
        ("2025-03-01T10:20:30Z", Span(at("2025-03-01T10:20:30", 0))),
        ("2025-03-01T10:20:30-08:00", Span(at("2025-03-01T10:20:30", -480))),
        ("2025-03-01T10:20:30.25+05:30", Span(at("2025-03-01T10:20:30.25", 330))),
        ("2025-03-01T10:20:30.123456789Z", Span(at("2025-03-01T10:20:30.123456", 0))),
        ("2025-03-01T10:20", Span(at("2025-03-01T10:20", None, "minute"))),
        ("2024-02", Span(day("2024-02-01"), day("2024-02-29"))),
        ("2024", Span(day("2024-01-01"), day("2024-12-31"))),
        ("2016-12-31T23:59:60Z", Span(at("2016-12-31T23:59:59", 0))),
    ],
)
def test_a_time_keeps_its_precision_and_offset_and_a_partial_date_is_all_its_days(written: str, meant: Span) -> None:
    assert span(written) == meant


@pytest.mark.parametrize(
    "written", ["", "soon", "2025-13-01", "2025-02-30", "9999-12-31", "1900-01-01", "2025-01-01T25:00:00Z", "0000",
                "2025-01-01T10:00:00+99:00", "2025-13"],
)  # fmt: skip
def test_what_is_no_day_or_a_filler_is_absent(written: str) -> None:
    assert span(written) == NEVER


def test_a_period_ends_with_the_last_day_of_a_partial_end() -> None:
    assert period({"start": "2024-02", "end": "2024-02"}) == Span(day("2024-02-01"), day("2024-02-29"))
    assert period({"start": "2024-02-03"}) == Span(day("2024-02-03"))
    assert period({"end": "2025-01-01T10:00:00Z"}) == Span(None, at("2025-01-01T10:00:00", 0))


def test_a_choice_of_times_takes_the_one_that_is_there() -> None:
    assert when({"effectiveInstant": "2025-01-01T10:00:00Z"}, "effective").start == at("2025-01-01T10:00:00", 0)
    assert when({"effectiveTiming": {"event": ["2025-01-01", "2025-01-03"]}}, "effective") == Span(
        day("2025-01-01"), day("2025-01-03")
    )
    bounds = {"repeat": {"boundsPeriod": {"start": "2025-01-01", "end": "2025-01-09"}}}
    assert when({"effectiveTiming": bounds}, "effective") == Span(day("2025-01-01"), day("2025-01-09"))
    assert when({"onsetString": "as a child"}, "onset") == NEVER
