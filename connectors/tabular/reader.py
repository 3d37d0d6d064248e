"""Reads lines whose body is a table: each row becomes one reading, a bad row never stops the rest."""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from pydantic import BaseModel, ValidationError

from connectors.tabular.cells import shape
from connectors.tabular.decisions import row_for
from connectors.tabular.kinds import TABLES, TableKind, column_name, is_table
from connectors.tabular.readings import charset_of, interpreted, name_of, refused, split
from connectors.tabular.records import cells, is_blank, records
from connectors.tabular.returns import RETURNS, checked_return, maps_for, read_mapped
from connectors.tabular.rows import ROWS
from models.errors import MessageIsWrong
from models.events import Fact, Teller
from models.time import Instant
from services.intake.reading import Reading
from services.returns.maps import ReturnMap
from services.returns.rows import return_row

US_DATES = "MM/DD/YYYY"
Context = Mapping[str, object]
R = TypeVar("R", bound=BaseModel)


class TabularReader:
    """Reads one kind: a CSV with a header row, or the NDJSON of `decisions`.

    Args:
        kind: the journal kind. zone: the wall times without offset are of this zone.
        maps: how plans write their return files; without any only canonical columns are understood.
    """

    def __init__(self, kind: str, *, zone: ZoneInfo, maps: Sequence[ReturnMap] = ()) -> None:
        assert is_table(kind) or kind == "decisions", kind
        self._kind, self._zone, self._maps = kind, zone, maps

    def read(self, feed: str, received_at: Instant, body: bytes) -> Iterator[Reading]:
        """Yield a reading for every row in order, blank lines left out. A header that lacks a column the kind needs
        is one quarantined reading for the whole line.
        """
        context: Context = {"zone": self._zone, "received_at": received_at}
        teller = Teller("", received_at, feed)
        if self._kind in RETURNS and (maps := maps_for(self._maps, body)):
            yield from read_mapped(self._kind, maps, teller, body)
        elif is_table(self._kind):
            yield from _read_table(self._kind, teller, context, body)
        else:
            yield from _read_decisions(teller, context, body)


def _read_table(kind: TableKind, teller: Teller, context: Context, body: bytes) -> Iterator[Reading]:
    charset, flags = charset_of(body)
    rows = (record for record in records(body.removeprefix(b"\xef\xbb\xbf")) if not is_blank(record))
    header = _header(next(rows, b"").decode(charset))
    if problem := _header_problem(kind, header):
        yield refused(1, hashlib.sha256(body).hexdigest(), kind, problem)
        return
    for ordinal, record in enumerate(rows, 1):
        yield _read_row(kind, teller, context, header, record.decode(charset), ordinal, flags)


def _header(record: str) -> list[str]:
    try:
        return [column_name(cell) for cell in cells(record)]
    except csv.Error:
        return []


def _header_problem(kind: TableKind, header: list[str]) -> MessageIsWrong | None:
    known = TABLES[kind].columns
    if absent := [name for name in TABLES[kind].required if name not in header]:
        fix = f"Add the column{'s' * (len(absent) > 1)} {', '.join(absent)} to the header row."
        return MessageIsWrong("missing_column", absent[0], f"header row of {len(header)} columns", fix)
    if twice := [name for name in known if header.count(name) > 1]:
        return MessageIsWrong("column_twice", twice[0], f"{header.count(twice[0])} columns", "Keep one of them.")
    return None


def _read_row(
    kind: TableKind,
    teller: Teller,
    context: Context,
    header: list[str],
    record: str,
    ordinal: int,
    flags: tuple[str, ...],
) -> Reading:
    try:
        written = split(record)
    except MessageIsWrong as wrong:
        return refused(ordinal, name_of(kind, record.strip()), kind, wrong)
    values = dict(zip(header, written, strict=False))
    name = name_of(kind, values if len(written) == len(header) else written)
    try:
        _check_width(header, written)
        fact, marks = _stated(kind, values, context)
    except MessageIsWrong as wrong:
        return refused(ordinal, name, kind, wrong)
    return interpreted(ordinal, name, kind, (fact,), teller, (*flags, *marks))


def _stated(kind: TableKind, values: dict[str, str], context: Context) -> tuple[Fact, tuple[str, ...]]:
    """What a row states, and its marks."""
    if kind in ("rtf", "otf"):
        return checked_return(*return_row(kind, values, dates=US_DATES))
    row = _checked(ROWS[kind], values, context)
    return row.fact(), row.marks()


def _check_width(header: list[str], row: list[str]) -> None:
    """A row that is cut off, or split by a comma that was not quoted, would say something else in every column."""
    seen = f"{len(row)} cells, {len(header)} columns"
    if len(row) < len(header):
        raise MessageIsWrong("too_few_cells", "row", seen, "Write every cell, also empty ones.")
    if any(row[len(header) :]):
        raise MessageIsWrong("too_many_cells", "row", seen, "Put cells with a comma in quotes.")


def _read_decisions(teller: Teller, context: Context, body: bytes) -> Iterator[Reading]:
    for ordinal, line in enumerate((line for line in body.split(b"\n") if line.strip(b"\xef\xbb\xbf\r\t ")), 1):
        raw = line.strip(b"\xef\xbb\xbf\r\t ")
        try:
            values = _json_object(raw)
        except MessageIsWrong as wrong:
            yield refused(ordinal, name_of("decisions", raw.decode("latin-1")), "decisions", wrong)
            continue
        name = name_of("decisions", values)
        try:
            fact = _checked(row_for(values.get("action")), values, context).fact()
        except MessageIsWrong as wrong:
            yield refused(ordinal, name, "decisions", wrong)
        else:
            yield interpreted(ordinal, name, "decisions", (fact,), teller, ())


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        fix = "Write one JSON object a line, in UTF-8."
        raise MessageIsWrong("bad_json", "line", f"{len(raw)} bytes, not a JSON object", fix) from None


def _checked(model: type[R], values: Mapping[str, object], context: Context) -> R:
    """Let the row's model judge the cells.

    Raises:
        MessageIsWrong: at the first column that is wrong, with the shape of its cell, never the cell.
    """
    try:
        return model.model_validate(values, context=context)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = str(first["loc"][0]) if first["loc"] else "row"
        cell = values.get(where)
        seen = shape(cell) if isinstance(cell, str) else "absent" if cell is None else f"a {type(cell).__name__}"
        reason = {"literal_error": "unknown_word", "missing": "missing"}.get(first["type"], first["type"])
        fix = first.get("ctx", {}).get("fix") or f"{first['msg']}."
        raise MessageIsWrong(reason, where, seen, fix) from None
