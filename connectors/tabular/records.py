"""Cuts the bytes of a table into records, one a row, without ever letting a stray quote swallow what follows.

A quoted cell may hold commas and line ends. A record that breaks the rules of quoting (a quote that never closes, text
after a closing quote) is taken to be one physical line, so that the rows after it are still read.
"""

import csv
import re
from collections.abc import Iterator
from functools import cache

_LINE_END = re.compile(rb"\r\n|\n|\r")
_LINE = re.compile(rb"[^\r\n]*+(?:\r\n|\n|\r|\Z)")


@cache
def _record(sign: str) -> re.Pattern[bytes]:
    """A record whose cells are parted by a sign."""
    # Possessive quantifiers: a broken megabyte costs one pass, never a backtracking storm.
    s = re.escape(sign).encode()
    cell = rb'(?:"(?:[^"]++|"")*+"|[^"' + s + rb"\r\n][^" + s + rb"\r\n]*+|)"
    return re.compile(cell + rb"(?:" + s + cell + rb")*+(?:\r\n|\n|\r|\Z)")


def records(body: bytes, sign: str = ",") -> Iterator[bytes]:
    """Yield every record with its line end; together they are the body."""
    at = 0
    while at < len(body):
        end = record_end(body, at, sign)
        yield body[at:end]
        at = end


def record_end(body: bytes, start: int, sign: str = ",") -> int:
    """Where the record that begins at `start` ends, its line end included."""
    found = _record(sign).match(body, start) or _LINE.match(body, start)
    assert found is not None  # _LINE matches anything, also nothing
    return found.end()


def header_end(body: bytes) -> int:
    """Where the header row ends: the first record that is not blank, with the blank ones before it."""
    end = 0
    while end < len(body):
        start, end = end, record_end(body, end)
        if not is_blank(body[start:end]):
            break
    return end


def line_of(body: bytes, ordinal: int) -> int:
    """The line, from 1, on which the row stands that a reader calls `ordinal`: the header row and blank ones apart."""
    return 1 + line_ends(body[: _row(body, ordinal)[0]])


def with_header(body: bytes, ordinal: int) -> bytes:
    """The header row, and the row that a reader calls `ordinal`."""
    start, end = _row(body, ordinal)
    return body[: header_end(body)] + body[start:end]


def _row(body: bytes, ordinal: int) -> tuple[int, int]:
    """Where a row begins and ends; at the end of the body when there is no such row."""
    end = count = 0
    while end < len(body):
        start, end = end, record_end(body, end)
        count += not is_blank(body[start:end])
        if count > ordinal:
            return start, end
    return end, end


def line_ends(body: bytes) -> int:
    """How many lines end in a body: with LF, CRLF or CR."""
    return len(_LINE_END.findall(body))


def is_blank(record: bytes) -> bool:
    """Say whether a record has nothing but white space and commas."""
    return not record.strip(b"\r\n\t ,")


def is_whole(record: bytes, sign: str = ",") -> bool:
    """Say whether a record keeps the rules of quoting."""
    return _record(sign).fullmatch(record) is not None


def cells(record: str, sign: str = ",") -> list[str]:
    """The cells of one record that keeps the rules, without white space around them; empty for a blank line.

    Raises:
        csv.Error: a cell is longer than 128 KiB.
    """
    row = next(csv.reader([record.rstrip("\r\n")], delimiter=sign), [])
    return [cell.strip() for cell in row] if any(map(str.strip, row)) else []
