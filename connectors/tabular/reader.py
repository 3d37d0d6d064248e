"""Reads lines whose body is a table: each row becomes one reading, a bad row never stops the rest."""

import csv
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec
from pydantic import BaseModel, ValidationError

from connectors.tabular.cells import shape
from connectors.tabular.decisions import row_for
from connectors.tabular.kinds import TABLES, TableKind, column_name, is_table
from connectors.tabular.records import cells, is_blank, is_whole, records
from connectors.tabular.rows import ROWS
from models.errors import MessageIsWrong
from models.events import Event, Fact, Teller
from models.time import Instant
from services.intake.reading import Reading

Context = Mapping[str, object]
R = TypeVar("R", bound=BaseModel)


class TabularReader:
    """Reads one kind: a CSV with a header row, or the NDJSON of `decisions`; `fhir` is kept and counted only.

    Args:
        kind: the journal kind. zone: the wall times without offset are of this zone.
    """

    def __init__(self, kind: str, *, zone: ZoneInfo) -> None:
        assert is_table(kind) or kind in {"decisions", "fhir"}, kind
        self._kind, self._zone = kind, zone

    def read(self, feed: str, received_at: Instant, body: bytes) -> Iterator[Reading]:
        """Yield a reading for every row in order, blank lines left out. A header that lacks a column the kind needs
        is one quarantined reading for the whole line.
        """
        context: Context = {"zone": self._zone, "received_at": received_at}
        teller = Teller("", received_at, feed)
        if is_table(self._kind):
            yield from _read_table(self._kind, teller, context, body)
        elif self._kind == "decisions":
            yield from _read_decisions(teller, context, body)
        else:
            yield Reading(1, hashlib.sha256(body).hexdigest(), "not_interpreted", label=self._kind)


def _read_table(kind: TableKind, teller: Teller, context: Context, body: bytes) -> Iterator[Reading]:
    charset, flags = _charset(body)
    rows = (record for record in records(body.removeprefix(b"\xef\xbb\xbf")) if not is_blank(record))
    header = _header(next(rows, b"").decode(charset))
    if problem := _header_problem(kind, header):
        yield _refused(1, hashlib.sha256(body).hexdigest(), kind, problem)
        return
    for ordinal, record in enumerate(rows, 1):
        yield _read_row(kind, teller, context, header, record.decode(charset), ordinal, flags)


def _charset(body: bytes) -> tuple[str, tuple[str, ...]]:
    """UTF-8, else windows-1252, else Latin-1, which reads anything; a guess is flagged (R-40)."""
    for charset, flags in (("utf-8", ()), ("cp1252", ("charset_guess",))):
        try:
            body.decode(charset)
        except UnicodeDecodeError:
            continue
        return charset, flags
    return "latin-1", ("charset_guess",)


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
        written = _split(record)
    except MessageIsWrong as wrong:
        return _refused(ordinal, _name(kind, record.strip()), kind, wrong)
    values = dict(zip(header, written, strict=False))
    name = _name(kind, values if len(written) == len(header) else written)
    if not TABLES[kind].interpreted:
        return Reading(ordinal, name, "not_interpreted", label=kind, flags=flags)
    try:
        _check_width(header, written)
        row = _checked(ROWS[kind], values, context)
    except MessageIsWrong as wrong:
        return _refused(ordinal, name, kind, wrong)
    return _interpreted(ordinal, name, kind, row.fact(), teller, (*flags, *row.marks()))


def _split(record: str) -> list[str]:
    size = f"{len(record.rstrip())} characters"
    if not is_whole(record.encode()):
        raise MessageIsWrong("open_quote", "row", size, 'Close every quoted cell; write a quote inside quotes as "".')
    try:
        return cells(record)
    except csv.Error:
        raise MessageIsWrong("cell_too_long", "row", size, "Keep cells below 128 KiB.") from None


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
            yield _refused(ordinal, _name("decisions", raw.decode("latin-1")), "decisions", wrong)
            continue
        name = _name("decisions", values)
        try:
            fact = _checked(row_for(values.get("action")), values, context).fact()
        except MessageIsWrong as wrong:
            yield _refused(ordinal, name, "decisions", wrong)
        else:
            yield _interpreted(ordinal, name, "decisions", fact, teller, ())


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


def _name(kind: str, content: object) -> str:
    """The row's name: SHA-256 of its kind and what it says, whatever the order of its columns and its empty cells."""
    if isinstance(content, dict):
        content = sorted((key, value) for key, value in content.items() if value not in ("", None))
    return hashlib.sha256(kind.encode() + b"\n" + msgspec.json.encode(content)).hexdigest()


def _interpreted(ordinal: int, name: str, kind: str, fact: Fact, teller: Teller, flags: tuple[str, ...]) -> Reading:
    told = Event(fact, Teller(name, teller.received_at, teller.feed))
    return Reading(ordinal, name, "interpreted", label=kind, events=(told,), flags=flags)


def _refused(ordinal: int, name: str, kind: str, problem: MessageIsWrong) -> Reading:
    return Reading(ordinal, name, "quarantined", label=kind, problem=problem)
