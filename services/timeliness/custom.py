"""Calendars that an operator writes: a base, with days closed or opened by contract."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationError

from models.errors import FileIsWrong, Problem
from models.page_words import Day, Many, Strict, one_of, several
from models.pages import Page, pages_in, problems_of
from services.timeliness.calendars import BUILT_IN, Base, BusinessCalendar
from services.timeliness.vocabulary import Name

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Mapping[Weekday, int] = {
    "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4, "saturday": 5, "sunday": 6,
}  # fmt: skip
WeekdayWord = Annotated[Weekday, one_of(Weekday)]


class CalendarPage(Strict):
    """One calendar. At most six weekdays are closed, so that a business day always comes."""

    calendar: Name
    base: Annotated[Base, one_of(Base)] = "none"
    closed: Many[Day] = ()
    open: Many[Day] = ()
    weekend: Annotated[tuple[WeekdayWord, ...], Field(max_length=6), BeforeValidator(several)] = ("saturday", "sunday")


def calendars(pages: Sequence[tuple[str, str]] = ()) -> Mapping[str, BusinessCalendar]:
    """Give all calendars by name: the built-in ones and those of the pages.

    Args:
        pages: (path, text); a text may hold several documents.

    Raises:
        FileIsWrong: with every problem of every page.
    """
    known, problems = dict(BUILT_IN), list[Problem]()
    for _, documents in pages_in(pages, problems):
        for page in documents:
            try:
                parsed = CalendarPage.model_validate(page.data)
            except ValidationError as error:
                problems.extend(problems_of(page, error))
                continue
            problems.extend(_sense(page, parsed, known))
            known[parsed.calendar] = _calendar(parsed)
    if problems:
        raise FileIsWrong(problems)
    return known


def _sense(page: Page, parsed: CalendarPage, known: Mapping[str, BusinessCalendar]) -> Iterator[Problem]:
    if parsed.calendar in known:
        what = f"There is a calendar {parsed.calendar!r} already."
        yield page.problem(("calendar",), what, "Choose another name.")
    for day in sorted(set(parsed.open) & set(parsed.closed)):
        yield page.problem(("open",), f"{day.isoformat()} is both open and closed.", "Name it once.")


def _calendar(page: CalendarPage) -> BusinessCalendar:
    weekend = frozenset(WEEKDAYS[day] for day in page.weekend)
    return BusinessCalendar(page.calendar, page.base, frozenset(page.closed), frozenset(page.open), weekend)
