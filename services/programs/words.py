"""The words that every program page shares, whatever its model. What they mean: `docs/reference/programs.md`."""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import BeforeValidator, Field

from models.pages import nearest
from services.programs.inputs import FileWord
from services.programs.periods import PeriodWord

T = TypeVar("T")

AttributionWord = Literal["on_event", "prospective", "retrospective"]
StatusWord = Literal[
    "assigned", "outreach", "enrolled", "declined", "unable_to_reach", "ineligible", "excluded_duplicate",
    "discontinued", "graduated", "transferred", "deceased",
]  # fmt: skip
"""Canonical engagement statuses (care-rules 2.3), to which a plan's codes are mapped."""
GATES: dict[str, FileWord] = {"ecm.rtf_on_time": "rtf", "ecm.otf_on_time": "otf"}
"""The measures that can be gates, and the file that each is about."""
GateWord = Literal["ecm.rtf_on_time", "ecm.otf_on_time"]

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_FILE_MONTH = re.compile(r"(rtf|otf) (\d{4}-(?:0[1-9]|1[0-2]))")


def one_of(words: object) -> BeforeValidator:
    """Admit only the words of a Literal type."""
    known: tuple[str, ...] = get_args(words)

    def check(value: object) -> object:
        if value in known:
            return value
        raise ValueError(f"{value!r} is not allowed here.\n{nearest(value, known)}Allowed: {', '.join(known)}.")

    return BeforeValidator(check)


def _day(value: object) -> date:
    try:
        if isinstance(value, str) and len(value) == len("2025-01-10"):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f"{value!r} is no calendar day.\nWrite it as 2025-01-10.")


def _matching(pattern: re.Pattern[str], what: str, remedy: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        raise ValueError(f"{value!r} is no {what}.\n{remedy}")

    return check


def _filled(value: object) -> object:
    if value in ([], ()):
        raise ValueError("The list is empty.\nName at least one, or leave the key out.")
    return tuple(value) if isinstance(value, list) else value


Filled = Annotated[tuple[T, ...], BeforeValidator(_filled)]
"""A list of at least one."""
Text = Annotated[str, Field(min_length=1)]
Day = Annotated[date, BeforeValidator(_day)]
Month = Annotated[str, BeforeValidator(_matching(_MONTH, "month", "Write it as 2025-02."))]
FileMonth = Annotated[str, BeforeValidator(_matching(_FILE_MONTH, "file of a month", "Write it as 'otf 2025-02'."))]

Period = Annotated[PeriodWord, one_of(PeriodWord)]
Attributed = Annotated[AttributionWord, one_of(AttributionWord)]
Status = Annotated[StatusWord, one_of(StatusWord)]
File = Annotated[FileWord, one_of(FileWord)]
Gated = Annotated[GateWord, one_of(GateWord)]
EmptyRate = Annotated[Literal["zero", "neutral"], one_of(Literal["zero", "neutral"])]
