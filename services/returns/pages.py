"""The shape of a map page, as whoever knows a plan's template writes it. See `docs/reference/return-files.md`."""

from collections.abc import Callable
from typing import Annotated, get_args

from pydantic import BeforeValidator, Field

from models.events import ReturnFile
from models.page_words import Strict, keys_of
from services.returns.maps import FileType
from services.returns.patterns import is_pattern


def _one_of(words: object) -> BeforeValidator:
    known: tuple[str, ...] = get_args(words)

    def check(value: object) -> object:
        if value in known:
            return value
        raise ValueError(f"{value!r} is not allowed here.\nWrite one of: {', '.join(known)}.")

    return BeforeValidator(check)


def _pattern(tokens: str, example: str) -> Callable[[object], object]:
    def check(value: object) -> object:
        if isinstance(value, str) and is_pattern(value, tokens):
            return value
        raise ValueError(f"{value!r} is no way to write it.\nWrite {tokens} in the plan's order, such as {example}.")

    return check


def _sign(value: object) -> object:
    if isinstance(value, str) and len(value) == 1 and not value.isalnum() and value not in '"\r\n .-/':
        return value
    raise ValueError(f"{value!r} cannot part cells.\nWrite one sign, such as ',', ';', '|' or \"\\t\".")


Text = Annotated[str, Field(min_length=1)]
Day = Annotated[str, BeforeValidator(_pattern("YYYY MM DD", "MM-DD-YYYY"))]
Month = Annotated[str, BeforeValidator(_pattern("YYYY MM", "MM-YYYY"))]
Sign = Annotated[str, BeforeValidator(_sign)]


class FormatPage(Strict):
    """`format:` how the file is written. A tsv or pipe needs no delimiter."""

    type: Annotated[FileType, _one_of(FileType)] = "csv"
    delimiter: Sign | None = None
    dates: Day = "YYYY-MM-DD"
    months: Month = "YYYY-MM"


class DuePage(Strict):
    """`due:` in the month after: a day of it, or so many business days of a calendar."""

    month_day: Annotated[int, Field(ge=1, le=31)] | None = None
    business_days: Annotated[int, Field(ge=1, le=23)] | None = None
    calendar: Text | None = None


class SourcePage(Strict):
    """`source:` where the template was read, and when."""

    document: Text
    section: Text | None = None
    read_on: Text | None = None


class MapPage(Strict):
    """One map."""

    map: Text
    file: Annotated[ReturnFile, _one_of(ReturnFile)]
    due: DuePage
    columns: Annotated[dict[str, Text], Field(min_length=1)]
    mcp_id: Text | None = None
    source: SourcePage | None = None
    format: FormatPage = FormatPage()
    codes: dict[str, dict[str, Text]] = Field(default_factory=dict)
    fixed: dict[str, Text] = Field(default_factory=dict)


KEYS = keys_of(MapPage)
"""Every key of a map page, for suggestions."""
