"""Tables read for people, and not kept: each row with the line on which it stands, and what is wrong, by line."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from connectors.tabular.kinds import column_name, kind_of
from connectors.tabular.readings import charset_of
from connectors.tabular.records import cells, header_end, is_blank, line_ends, records
from connectors.tabular.returns import RETURNS, maps_for, read_mapped
from models.errors import FileIsWrong, MessageIsWrong, Problem
from models.events import Fact, ReturnRow, RosterRow, Teller
from models.time import Instant
from services.intake.reading import Reading
from services.returns.maps import ReturnMap, recognised
from services.wiring.setup import Setup

Marks = dict[str, list[int]]
"""By mark (`bad_shape:cin`) the lines that have it."""


class Row(msgspec.Struct, frozen=True):
    """A row that was read: on which line it begins, what it states, and its marks."""

    line: int
    facts: tuple[Fact, ...]
    marks: tuple[str, ...]


class Table(msgspec.Struct, frozen=True):
    """A table as it was read; `problems` are those of the rows that were not."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...]

    @property
    def marks(self) -> Marks:
        """Every mark with its lines."""
        found: Marks = {}
        for row in self.rows:
            for mark in row.marks:
                found.setdefault(mark, []).append(row.line)
        return found


def read_canonical(setup: Setup, kind: Literal["rtf", "otf", "roster"], body: bytes, name: str, now: Instant) -> Table:
    """Read a table with canonical columns, or a return file that a map of the installation explains.

    Raises:
        FileIsWrong: it is the other of the two return files.
    """
    sign = ","
    if kind in RETURNS:
        maps = maps_for(setup.maps, body)
        sign = maps[0].delimiter if maps else sign
        if (held := files_in(setup, body)) and kind not in held:
            what = f"It is a file of {' and '.join(sorted(held))} rows."
            raise FileIsWrong([Problem(name, 1, "", what, f"Name a map of such rows, or a file of {kind} rows.")])
    return _table(name, body, sign, {}, setup.readers[kind].read("", now, body))


def files_in(setup: Setup, body: bytes) -> set[str]:
    """Which return files a table tells of, by its header row: both of a combined one, none of a stranger."""
    maps = maps_for(setup.maps, body)
    known = {each.file for each in maps} if maps else {kind_of(header_of(body))}
    return {file for file in known if file in RETURNS}


def read_by_map(setup: Setup, each: ReturnMap, body: bytes, name: str, now: Instant) -> Table:
    """Read a plan's return file by a map. Of a combined file only what is the map's."""
    text = body.removeprefix(b"\xef\xbb\xbf")
    header = text[: header_end(text)].decode("utf-8", "replace").strip("\r\n")
    together = recognised(setup.maps, header)
    maps = together if each in together else (each,)
    plan_headers = {canonical: column for one in reversed(maps) for column, canonical in one.columns}
    found = _table(name, body, each.delimiter, plan_headers, read_mapped(each.file, maps, Teller("", now, ""), body))
    rows = (msgspec.structs.replace(row, facts=_of_file(row.facts, each.file)) for row in found.rows)
    return Table(tuple(row for row in rows if row.facts), found.problems)


def header_of(body: bytes) -> list[str]:
    """The column names of a table with commas; none where its header row cannot be read."""
    text = body.removeprefix(b"\xef\xbb\xbf")
    head = text[: header_end(text)]
    return [column_name(cell) for cell in cells(head.decode(charset_of(head)[0]))]


def problem_of(wrong: MessageIsWrong, name: str, line: int, column: str = "") -> Problem:
    """What is wrong with a row, where it stands; of its cells only the shape."""
    return Problem(name, line, column or wrong.where, f"{wrong.reason.replace('_', ' ')}: {wrong.shape}", wrong.fix)


def return_rows(table: Table) -> list[ReturnRow]:
    """The rows of a return file, in order."""
    return [fact for row in table.rows for fact in row.facts if isinstance(fact, ReturnRow)]


def roster_rows(table: Table) -> list[RosterRow]:
    """The rows of a member information file, in order."""
    return [fact for row in table.rows for fact in row.facts if isinstance(fact, RosterRow)]


def _of_file(facts: tuple[Fact, ...], file: str) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if isinstance(fact, ReturnRow) and fact.file == file)


def _table(name: str, body: bytes, sign: str, headers: dict[str, str], readings: Iterator[Reading]) -> Table:
    starts = list(_starts(body, sign))
    rows: list[Row] = []
    problems: list[Problem] = []
    for reading in readings:
        line = starts[reading.ordinal] if reading.ordinal < len(starts) else 1  # a header row alone is wrong
        if wrong := reading.problem:
            line = 1 if wrong.reason in ("missing_column", "column_twice") else line
            problems.append(problem_of(wrong, name, line, headers.get(wrong.where, wrong.where)))
        else:
            facts = tuple(event.fact for event in reading.events)
            rows.append(Row(line, facts, tuple(flag for flag in reading.flags if ":" in flag)))
    return Table(tuple(rows), tuple(problems))


def _starts(body: bytes, sign: str) -> Iterator[int]:
    """The line on which each row begins that is not blank, the header row first."""
    line = 1
    for record in records(body, sign):
        if not is_blank(record):
            yield line
        line += line_ends(record)


def cells_by_line(body: bytes) -> dict[int, Sequence[str]]:
    """The cells of a table with commas, by the line on which each row begins, the header row first."""
    charset, _ = charset_of(body)
    text = body.removeprefix(b"\xef\xbb\xbf")
    rows = (record for record in records(text) if not is_blank(record))
    return {line: cells(record.decode(charset)) for line, record in zip(_starts(body, ","), rows, strict=True)}
