"""A plan's return file as its map page describes it, compiled: which columns, which codes, when due."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from models.events import ReturnFile

FileType = Literal["csv", "tsv", "pipe"]
DELIMITERS: Mapping[FileType, str] = {"csv": ",", "tsv": "\t", "pipe": "|"}


class Due(msgspec.Struct, frozen=True):
    """When a month's file is due in the month after: on a day of it, or on its n-th business day of a calendar."""

    month_day: int | None = None
    business_days: int | None = None
    calendar: str = ""


class ReturnMap(msgspec.Struct, frozen=True):
    """How one plan writes one file.

    Args:
        id: the map's name. file: which file. mcp_id: whose; "" holds for any plan that has no map of its own.
        delimiter: between cells. dates, months: how days and months are written, such as `MM-DD-YYYY`.
        columns: (the plan's header, canonical name), in the order in which they are written.
        codes: by canonical name, (the plan's code, canonical word); of several codes for a word the first is written.
        fixed: (canonical name, value) of what the file does not say in a column.
    """

    id: str
    file: ReturnFile
    due: Due
    columns: tuple[tuple[str, str], ...]
    mcp_id: str = ""
    delimiter: str = ","
    dates: str = "YYYY-MM-DD"
    months: str = "YYYY-MM"
    codes: Mapping[str, tuple[tuple[str, str], ...]] = {}
    fixed: tuple[tuple[str, str], ...] = ()


def due_of(maps: Iterable[ReturnMap], file: ReturnFile, mcp_id: str) -> Due | None:
    """When a plan's file is due: by the plan's own map, else by the first that holds for any plan."""
    found = [each for each in maps if each.file == file and each.mcp_id in ("", mcp_id)]
    return next((each.due for each in sorted(found, key=lambda each: each.mcp_id == "")), None)


def recognised(maps: Iterable[ReturnMap], header: str) -> tuple[ReturnMap, ...]:
    """The maps of which a header row has every column; of those the ones with most columns, one a file.

    A combined file has two: its rows tell of the member and of an attempt. Two maps of different make never read one
    file together: they must agree on all but the file.
    """
    has = [each for each in maps if _fits(each, header)]
    if not has:
        return ()
    best = max(has, key=lambda each: len(each.columns))
    together = (each for each in has if _make(each) == _make(best))
    return tuple({each.file: each for each in (best, *together) if each.file != best.file or each is best}.values())


def together(maps: Sequence[ReturnMap]) -> bool:
    """Whether maps are the two of a combined file: one of each file, all else alike."""
    return len(maps) == 2 and len({each.file for each in maps}) == 2 and len(set(map(_make, maps))) == 1


def _fits(each: ReturnMap, header: str) -> bool:
    try:
        cells = next(csv.reader([header.strip("\r\n")], delimiter=each.delimiter), [])
    except csv.Error:  # a return within the line: no table begins so
        return False
    seen = set(map(header_name, cells))
    return seen.issuperset(header_name(name) for name, _ in each.columns)


def _make(each: ReturnMap) -> tuple[str, str, str, str]:
    return each.delimiter, each.dates, each.months, each.mcp_id


def header_name(text: str) -> str:
    """A plan's header as it is compared: in any case, with any white space."""
    return " ".join(text.split()).casefold()


def placed(each: ReturnMap, header: Sequence[str]) -> dict[str, int]:
    """Where each canonical name stands in a header row; names whose column is absent are left out."""
    at = {header_name(cell): place for place, cell in reversed(list(enumerate(header)))}
    return {name: at[header_name(column)] for column, name in each.columns if header_name(column) in at}
