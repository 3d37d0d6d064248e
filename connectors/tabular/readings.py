"""What becomes of a row, whatever its kind: how it is decoded, split and named, and the reading it turns into."""

import csv
import hashlib
from collections.abc import Iterable

import msgspec

from connectors.tabular.records import cells, is_whole
from models.errors import MessageIsWrong
from models.events import Event, Fact, Teller
from services.intake.reading import Reading


def charset_of(body: bytes) -> tuple[str, tuple[str, ...]]:
    """UTF-8, else windows-1252, else Latin-1, which reads anything; a guess is flagged (R-40)."""
    for charset, flags in (("utf-8", ()), ("cp1252", ("charset_guess",))):
        try:
            body.decode(charset)
        except UnicodeDecodeError:
            continue
        return charset, flags
    return "latin-1", ("charset_guess",)


def split(record: str, sign: str = ",") -> list[str]:
    """The cells of a record.

    Raises:
        MessageIsWrong: it breaks the rules of quoting, or a cell is too long.
    """
    size = f"{len(record.rstrip())} characters"
    if not is_whole(record.encode(), sign):
        raise MessageIsWrong("open_quote", "row", size, 'Close every quoted cell; write a quote inside quotes as "".')
    try:
        return cells(record, sign)
    except csv.Error:
        raise MessageIsWrong("cell_too_long", "row", size, "Keep cells below 128 KiB.") from None


def name_of(kind: str, content: object) -> str:
    """The row's name: SHA-256 of its kind and what it says, whatever the order of its columns and its empty cells."""
    if isinstance(content, dict):
        content = sorted((key, value) for key, value in content.items() if value not in ("", None))
    return hashlib.sha256(kind.encode() + b"\n" + msgspec.json.encode(content)).hexdigest()


def interpreted(
    ordinal: int, name: str, kind: str, facts: Iterable[Fact], teller: Teller, flags: tuple[str, ...]
) -> Reading:
    """A row that states facts."""
    told = Teller(name, teller.received_at, teller.feed)
    events = tuple(Event(fact, told) for fact in facts)
    return Reading(ordinal, name, "interpreted", label=kind, events=events, flags=flags)


def refused(ordinal: int, name: str, kind: str, problem: MessageIsWrong) -> Reading:
    """A row that goes to quarantine."""
    return Reading(ordinal, name, "quarantined", label=kind, problem=problem)
