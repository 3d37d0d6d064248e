"""Both built-in calendars against the table of care-rules §6.2, and the federal one against `holidays`."""

from datetime import date, timedelta

import holidays
import pytest

from models.errors import FileIsWrong
from services.timeliness.calendars import ca_state_holidays, us_federal_holidays
from services.timeliness.custom import calendars

FEDERAL = {
    2024: "01-01 01-15 02-19 05-27 06-19 07-04 09-02 10-14 11-11 11-28 12-25",
    2025: "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25",
    2026: "01-01 01-19 02-16 05-25 06-19 07-03 09-07 10-12 11-11 11-26 12-25",
    2027: "01-01 01-18 02-15 05-31 06-18 07-05 09-06 10-11 11-11 11-25 12-24 12-31",
}
STATE = {
    2024: "01-01 01-15 02-19 04-01 05-27 07-04 09-02 11-11 11-28 11-29 12-25",
    2025: "01-01 01-20 02-17 03-31 05-26 07-04 09-01 11-11 11-27 11-28 12-25",
    2026: "01-01 01-19 02-16 03-31 05-25 09-07 11-11 11-26 11-27 12-25",
    2027: "01-01 01-18 02-15 03-31 05-31 07-05 09-06 11-11 11-25 11-26",
}


def closed_weekdays(name: str, year: int) -> list[date]:
    calendar = calendars()[name]
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return [day for day in days if day.year == year and day.weekday() < 5 and not calendar.is_open(day)]


@pytest.mark.parametrize("year", FEDERAL)
@pytest.mark.parametrize(("name", "table"), [("us_federal", FEDERAL), ("ca_state", STATE)])
def test_closed_weekdays_are_those_of_the_table(name: str, table: dict[int, str], year: int) -> None:
    assert closed_weekdays(name, year) == [date.fromisoformat(f"{year}-{day}") for day in table[year].split()]


@pytest.mark.parametrize("year", range(2021, 2041))
def test_the_federal_calendar_agrees_with_the_holidays_library(year: int) -> None:
    library = {day for day in holidays.country_holidays("US", years=year) if day.weekday() < 5}
    ours = {day for day in us_federal_holidays(year) if day.weekday() < 5}
    assert ours == library


def test_a_saturday_veterans_day_closes_the_friday_of_state_offices_and_no_other_saturday_does() -> None:
    assert date(2023, 11, 10) in ca_state_holidays(2023)
    assert date(2026, 7, 3) not in ca_state_holidays(2026)


def test_weekends_are_closed() -> None:
    assert not any(calendar.is_open(date(2025, 3, 8)) for calendar in calendars().values())


def test_a_contract_closes_and_opens_days_of_its_own() -> None:
    page = "calendar: plan_a\nbase: ca_state\nclosed: [2025-12-26]\nopen: [2025-03-31, 2025-03-08]\nweekend: [sunday]\n"
    plan_a = calendars([("calendars.yaml", page)])["plan_a"]
    assert [plan_a.is_open(date(2025, *day)) for day in ((12, 26), (3, 31), (3, 8), (3, 15), (3, 16))] == [
        False, True, True, True, False,
    ]  # fmt: skip


def test_two_calendars_may_share_a_file_and_equal_pages_make_equal_calendars() -> None:
    text = "calendar: a\n---\ncalendar: b\nbase: us_federal\n"
    assert calendars([("c.yaml", text)]) == calendars([("c.yaml", text)])
    assert set(calendars([("c.yaml", text)])) == {"a", "b", "ca_state", "us_federal"}


def test_a_calendar_with_mistakes_lists_them_all_by_line() -> None:
    text = (
        "calendar: ca_state\nbase: ca_state\nopen: [2025-12-26]\nclosed: [2025-12-26]\n---\n"
        "calendar: b\nbase: us_federl\nclosed: [2025-02-30]\nweekend: [sonntag]\nholidays: []\n---\n"
        "calendar: c\nweekend: [monday, tuesday, wednesday, thursday, friday, saturday, sunday]\n"
    )
    with pytest.raises(FileIsWrong) as wrong:
        calendars([("c.yaml", text)])
    assert [(problem.line, problem.field) for problem in wrong.value.problems] == [
        (1, "calendar"), (3, "open"), (7, "base"), (8, "closed[0]"), (9, "weekend[0]"),
        (10, "holidays"), (13, "weekend"),
    ]  # fmt: skip
    assert "Did you mean 'us_federal'?" in wrong.value.problems[2].remedy
