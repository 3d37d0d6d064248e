"""Value sets as a table: name,system,version,code,display, and from when to when a code is in a set."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from io import StringIO

from models.codes import coded
from models.errors import Problem
from services.measures.items import FOREVER, PAST
from services.measures.listed import Part, Span

COLUMNS = ("name", "system", "version", "code", "display")
NEEDED = ("name", "system", "version", "code")
FROM, TO = "effective_from", "effective_to"
"""Optional columns: the first and the last day, as YYYY-MM-DD; empty means always."""

_ALWAYS = (PAST, FOREVER)


class _Lists:
    """The value sets of one table, as its rows are read."""

    def __init__(self) -> None:
        self.codes: dict[str, set[str]] = {}
        self.versions: dict[str, set[str]] = {}
        self.dated: dict[str, list[tuple[str, Span]]] = {}

    def take(self, fields: Mapping[str, str], code: str, span: Span) -> None:
        """One row."""
        name = fields["name"].strip()
        codes = self.codes.setdefault(name, set())
        if version := fields["version"].strip():
            self.versions.setdefault(name, set()).add(version)
        if span == _ALWAYS:
            codes.add(code)
        else:
            self.dated.setdefault(name, []).append((code, span))

    def parts(self) -> Iterator[Part]:
        """What was read, by set."""
        for name, codes in self.codes.items():
            versions = frozenset(self.versions.get(name, ()))
            yield Part(name, frozenset(codes), versions, dated=tuple(self.dated.get(name, ())))


def read_code_list(path: str, text: str) -> Iterator[Part | Problem]:
    """Read one table. Columns beyond `COLUMNS`, `FROM` and `TO` are ignored."""
    lists = _Lists()
    for row in rows_of(path, text):
        if isinstance(row, Problem):
            yield row
        else:
            yield from _take(path, *row, lists)
    yield from lists.parts()


def rows_of(path: str, text: str) -> Iterator[tuple[int, Mapping[str, str]] | Problem]:
    """The rows of a table of codes, each with its line; what is wrong with the table or a line, where it stands."""
    # Spreadsheets write a byte order mark, which would become part of the first column's name.
    reader = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [column.strip().lower() for column in next(reader, [])]
        absent = [column for column in NEEDED if column not in header]
        if absent:
            what = f"The header lacks {', '.join(absent)}."
            yield Problem(path, 1, absent[0], what, f"Begin the file with the line '{','.join(COLUMNS)}'.")
            return
        for row in filter(None, reader):
            if len(row) == len(header):
                yield reader.line_num, dict(zip(header, row, strict=True))
            else:
                what = f"The line has {len(row)} fields, the header {len(header)}."
                yield Problem(path, reader.line_num, "", what, "Put a field that holds a comma in double quotes.")
    except csv.Error as error:
        yield Problem(path, reader.line_num, "", f"The line is no CSV: {error}.", "Check the quotes.")


def _take(path: str, line: int, fields: Mapping[str, str], lists: _Lists) -> Iterator[Problem]:
    problems = [*_empty(path, line, fields), *_misdated(path, line, fields)]
    if problems:
        yield from problems
        return
    span = (_day(fields.get(FROM, ""), PAST), _day(fields.get(TO, ""), FOREVER))
    lists.take(fields, coded(fields["system"], fields["code"]), span)


def _empty(path: str, line: int, fields: Mapping[str, str]) -> Iterator[Problem]:
    for column in ("name", "system", "code"):
        if not fields[column].strip():
            yield Problem(path, line, column, f"The {column} is empty.", f"Fill in the {column}, or remove the line.")


def _misdated(path: str, line: int, fields: Mapping[str, str]) -> Iterator[Problem]:
    days = []
    for column in (FROM, TO):
        value = fields.get(column, "").strip()
        try:
            days.append(_day(value, PAST if column == FROM else FOREVER))
        except ValueError:
            yield Problem(path, line, column, f"{value!r} is no date.", "Write YYYY-MM-DD, or nothing for always.")
    if len(days) == 2 and days[0] > days[1]:
        what = f"{fields[FROM].strip()} is after {fields[TO].strip()}."
        yield Problem(path, line, FROM, what, "Write the earlier day first; both belong to the span.")


def _day(text: str, otherwise: int) -> int:
    return date.fromisoformat(text.strip()).toordinal() if text.strip() else otherwise
