"""Value sets: named lists of codes, from CSV files that the operator provides (name,system,version,code,display)."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO

from models.errors import FileIsWrong, Problem

COLUMNS = ("name", "system", "version", "code", "display")
NEEDED = ("name", "system", "version", "code")


def parse_value_sets(pages: Sequence[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    """Give the codes of each value set, over all files; several versions of one set are united.

    Args:
        pages: (path, text) of each CSV file. Columns beyond `COLUMNS` are ignored.

    Raises:
        FileIsWrong: with every problem of every file, by line.
    """
    found: dict[str, set[str]] = {}
    problems: list[Problem] = []
    for path, text in pages:
        for row in _rows(path, text):
            if isinstance(row, Problem):
                problems.append(row)
            else:
                found.setdefault(row[0], set()).add(row[1])
    if problems:
        raise FileIsWrong(problems)
    return {name: frozenset(codes) for name, codes in sorted(found.items())}


def normal_code(code: str) -> str:
    """A code as it is compared: upper case, no dots, no blanks around."""
    return code.strip().upper().replace(".", "")


def _rows(path: str, text: str) -> Iterator[tuple[str, str] | Problem]:
    # Spreadsheets write a byte order mark, which would become part of the first column's name.
    reader = csv.reader(StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        header = [column.strip().lower() for column in next(reader, [])]
        absent = [column for column in NEEDED if column not in header]
        if absent:
            what = f"The header lacks {', '.join(absent)}."
            yield Problem(path, 1, absent[0], what, f"Begin the file with the line '{','.join(COLUMNS)}'.")
            return
        for row in reader:
            if row:
                yield _row(path, reader.line_num, header, row)
    except csv.Error as error:
        yield Problem(path, reader.line_num, "", f"The line is no CSV: {error}.", "Check the quotes.")


def _row(path: str, line: int, header: Sequence[str], row: Sequence[str]) -> tuple[str, str] | Problem:
    if len(row) != len(header):
        what = f"The line has {len(row)} fields, the header {len(header)}."
        return Problem(path, line, "", what, "Put a field that holds a comma in double quotes.")
    fields = dict(zip(header, row, strict=True))
    for column, value in (("name", fields["name"].strip()), ("code", normal_code(fields["code"]))):
        if not value:
            return Problem(path, line, column, f"The {column} is empty.", f"Fill in the {column}, or remove the line.")
    return fields["name"].strip(), normal_code(fields["code"])
