"""A plan's return file, written by its map: what `reading` would read back as the same rows."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from models.errors import MessageIsWrong
from models.events import ReturnFile, ReturnRow
from services.returns.maps import ReturnMap
from services.returns.patterns import written, written_time
from services.returns.vocabulary import DAYS, FLAGS, HEAD, TIMES

Person = tuple[str, str, str, str, str]


def write_return(each: ReturnMap, rows: Iterable[ReturnRow]) -> str:
    """Write rows with a header row, lines ended by CRLF. Values for which the map has no column are left out.

    Raises:
        MessageIsWrong: a row says something for which the plan has no code, or contradicts what the map fixes.
    """
    return _table([column for column, _ in each.columns], (line_of(each, row) for row in rows), each.delimiter)


def write_combined(rtf: ReturnMap, otf: ReturnMap, rows: Iterable[ReturnRow]) -> str:
    """Write a combined file: a member's row for each attempt, and one for a member without any.

    An attempt of somebody without a row of their own stands alone: their status is left empty.

    Args:
        rtf, otf: the two maps of the file. Columns stand in the order of both.
        rows: of both files.

    Raises:
        MessageIsWrong: as `write_return`.
    """
    members: dict[Person, list[dict[str, str]]] = defaultdict(list)
    attempts: dict[Person, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        found = members[_person(row)]  # also of an attempt: people stand in the order in which they come first
        (found if row.file == "rtf" else attempts[_person(row)]).append(line_of(rtf if row.file == "rtf" else otf, row))
    lines: list[dict[str, str]] = []
    for person, own in members.items():
        first = own[0] if own else {}
        lines += [first | attempt for attempt in attempts[person]] or [first]
        lines += own[1:]
    return _table(_joined(rtf, otf), lines, rtf.delimiter)


def write_canonical(file: ReturnFile, rows: Sequence[ReturnRow]) -> str:
    """Write rows in canonical columns, those that any row fills in, as `load` and `returns write` read them."""
    lines = [canonical(row) for row in rows]
    named = {name for line in lines for name in line}
    told = ("ecm_status",) if file == "rtf" else ()  # by which such a file is known
    header = dict.fromkeys([*HEAD, *told, *sorted(named)])
    return _table(list(header), lines, ",", "\n")


def line_of(each: ReturnMap, row: ReturnRow) -> dict[str, str]:
    """A row as the plan writes it: cells by the plan's header.

    Raises:
        MessageIsWrong: as `write_return`.
    """
    said = canonical(row)
    for name, value in each.fixed:
        if said.get(name, "") not in ("", value):
            fix = f"Leave {name} out of 'fixed' of map {each.id}, or send the row to its own plan."
            raise MessageIsWrong("not_in_map", name, "another value than the map fixes", fix)
    return {column: _cell(each, name, said.get(name, "")) for column, name in each.columns}


def unwritten(each: ReturnMap, row: ReturnRow) -> list[str]:
    """The canonical names of what a row says and the map has no column for."""
    has = {name for _, name in each.columns} | dict(each.fixed).keys()
    untold = {"file_status": "accepted"}  # what an empty column means
    return [name for name, value in canonical(row).items() if value not in ("", untold.get(name)) and name not in has]


def canonical(row: ReturnRow) -> dict[str, str]:
    """A row as cells by canonical name."""
    head = {
        "mcp_id": row.mcp_id,
        "provider_id": row.provider_id,
        "period": row.period,
        "file_status": row.file_status,
        "cin": row.cin,
        "member_id": row.member_id,
    }
    return head | dict(row.values)


def _person(row: ReturnRow) -> Person:
    return row.mcp_id, row.provider_id, row.period, row.cin, "" if row.cin else row.member_id


def _joined(rtf: ReturnMap, otf: ReturnMap) -> list[str]:
    """The columns of both maps, those of the second after the one that they follow there."""
    found = [column for column, _ in rtf.columns]
    at = 0
    for column, _ in otf.columns:
        if column not in found:
            found.insert(at, column)
        at = found.index(column) + 1
    return found


def _table(header: Sequence[str], lines: Iterable[Mapping[str, str]], delimiter: str, line_end: str = "\r\n") -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=line_end)
    writer.writerow(header)
    writer.writerows([line.get(column, "") for column in header] for line in lines)
    return out.getvalue()


def _cell(each: ReturnMap, name: str, value: str) -> str:
    codes = each.codes.get(name, ())
    if value and codes:
        code = next((code for code, word in codes if word == value), None)
        if code is None:
            fix = f"Add the plan's code for it under codes.{name} of map {each.id}."
            raise MessageIsWrong("not_in_map", name, "a word without a code", fix)
        return code
    if name == "period":
        return written(value, each.months)
    if name in DAYS:
        return written(value, each.dates)
    if name in TIMES:
        return written_time(value, each.dates)
    return {"yes": "Y", "no": "N"}.get(value, value) if name in FLAGS else value
