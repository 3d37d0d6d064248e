"""Value sets: named lists of codes, from CSV files that the operator provides (name,system,version,code,display)."""

from collections.abc import Iterator, Mapping, Sequence

from models.errors import FileIsWrong, Problem
from services.measures.code_lists import rows_of


def parse_value_sets(pages: Sequence[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    """Give the codes of each value set, over all files; several versions of one set are united.

    Args:
        pages: (path, text) of each CSV file. Columns beyond those five are ignored.

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
    for row in rows_of(path, text):
        yield row if isinstance(row, Problem) else _row(path, *row)


def _row(path: str, line: int, fields: Mapping[str, str]) -> tuple[str, str] | Problem:
    for column, value in (("name", fields["name"].strip()), ("code", normal_code(fields["code"]))):
        if not value:
            return Problem(path, line, column, f"The {column} is empty.", f"Fill in the {column}, or remove the line.")
    return fields["name"].strip(), normal_code(fields["code"])
