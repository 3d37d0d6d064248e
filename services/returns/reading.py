"""A plan's return file, read by its map."""

import csv
import io
from collections.abc import Mapping, Sequence

import msgspec

from models.errors import MessageIsWrong
from models.events import ReturnRow
from services.returns.maps import ReturnMap, header_name, placed
from services.returns.patterns import read_time
from services.returns.rows import return_row


class ReadReturn(msgspec.Struct, frozen=True):
    """What a text says: rows in order, the marks on each, and (row from 1, problem) of those that cannot be read."""

    rows: tuple[ReturnRow, ...]
    marks: tuple[tuple[str, ...], ...]
    problems: tuple[tuple[int, MessageIsWrong], ...]


class Places(msgspec.Struct, frozen=True):
    """Where each canonical name stands in a header row of so many columns."""

    at: Mapping[str, int]
    columns: int


def read_return(each: ReturnMap, text: str) -> ReadReturn:
    """Read a file of one map; a row that cannot be read never stops the others.

    Raises:
        MessageIsWrong: the header row lacks a column of the map.
    """
    records = list(csv.reader(io.StringIO(text, newline=""), delimiter=each.delimiter))
    written = [[cell.strip() for cell in record] for record in records if any(map(str.strip, record))]
    where = places(each, written[0] if written else [])
    rows: list[tuple[ReturnRow, tuple[str, ...]]] = []
    problems = []
    for ordinal, cells in enumerate(written[1:], 1):
        try:
            rows.append(row_of(each, where, cells))
        except MessageIsWrong as wrong:
            problems.append((ordinal, wrong))
    return ReadReturn(tuple(row for row, _ in rows), tuple(marks for _, marks in rows), tuple(problems))


def places(each: ReturnMap, header: Sequence[str]) -> Places:
    """Find the map's columns in a header row.

    Raises:
        MessageIsWrong: a column of the map is absent.
    """
    at = placed(each, header)
    if absent := [column for column, name in each.columns if name not in at]:
        seen, fix = f"header row of {len(header)} columns", f"Add the column {absent[0]!r}, or correct map {each.id}."
        raise MessageIsWrong("missing_column", absent[0], seen, fix)
    return Places(at, len(header))


def row_of(each: ReturnMap, where: Places, cells: Sequence[str]) -> tuple[ReturnRow, tuple[str, ...]]:
    """One row, and its marks.

    Raises:
        MessageIsWrong: it is cut off, or split by a delimiter that was not quoted, or has no place
            (`services.returns.rows`).
    """
    if len(cells) < where.columns or any(cells[where.columns :]):
        reason, seen = ("too_few_cells", "too_many_cells")[len(cells) > where.columns], f"{len(cells)} cells"
        fix = f"Write {where.columns} cells, also empty ones; put a cell with a delimiter in quotes."
        raise MessageIsWrong(reason, "row", f"{seen}, {where.columns} columns", fix)
    said = dict(each.fixed) | {name: _translated(each, name, cells[place]) for name, place in where.at.items()}
    if "period" not in said:
        # A tracker without a month of its own: an attempt belongs to the month in which it was made.
        said["period"] = read_time(said.get("attempt_at", ""), each.dates)
    return return_row(each.file, said, dates=each.dates, months=each.months)


def _translated(each: ReturnMap, name: str, text: str) -> str:
    """A plan's code as the word it means; another text as it is."""
    codes = each.codes.get(name, ())
    return next((word for code, word in codes if header_name(code) == header_name(text)), text)
