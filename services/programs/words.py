"""The words that every program page shares, whatever its model. What they mean: `docs/reference/programs.md`."""

import re
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import BeforeValidator

from models.page_words import one_of
from services.programs.inputs import FileWord
from services.programs.periods import PeriodWord

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


def _matching(pattern: re.Pattern[str], what: str, remedy: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        raise ValueError(f"{value!r} is no {what}.\n{remedy}")

    return check


Month = Annotated[str, BeforeValidator(_matching(_MONTH, "month", "Write it as 2025-02."))]
FileMonth = Annotated[str, BeforeValidator(_matching(_FILE_MONTH, "file of a month", "Write it as 'otf 2025-02'."))]

Period = Annotated[PeriodWord, one_of(PeriodWord)]
Attributed = Annotated[AttributionWord, one_of(AttributionWord)]
Status = Annotated[StatusWord, one_of(StatusWord)]
File = Annotated[FileWord, one_of(FileWord)]
Gated = Annotated[GateWord, one_of(GateWord)]
EmptyRate = Annotated[Literal["zero", "neutral"], one_of(Literal["zero", "neutral"])]
