"""Tells what a file is by its first bytes, never by its name."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import msgspec

from connectors.tabular.kinds import TableKind, kind_of
from connectors.tabular.records import cells, record_end
from connectors.tabular.returns import maps_for
from services.returns.maps import ReturnMap

FileKind = TableKind | Literal["journal", "decisions", "hl7v2", "fhir", "fhir_lines", "empty", "archive"]
"""`fhir_lines` has a resource on each line; `empty` has nothing but white space; `archive` is gzip, zip or the like."""

HEAD_BYTES = 256 * 1024
"""How many bytes of a file `sniff` wants to see."""

_BLANK = bytes(range(0x21))  # white space, and the control characters that framing leaves behind
_ARCHIVES = (
    b"\x1f\x8b",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"BZh",
    b"\xfd7zXZ",
    b"7z\xbc\xaf",
    b"\x28\xb5\x2f\xfd",
    b"Rar!",
)
# Messages without their MSH are HL7 too: they go to quarantine by message, not back to the sender by file.
_HL7 = re.compile(rb"(?:MSH|FHS|BHS)[^A-Za-z0-9]|MSH[^,\r\n]*[\r\n]|(?:EVN|PID|PV1)\|")
# A first line longer than the head cannot be parsed; its keys still tell.
_KEYS: tuple[tuple[re.Pattern[bytes], FileKind], ...] = (
    (re.compile(rb'"received_at"\s*:'), "journal"),
    (re.compile(rb'"resourceType"\s*:'), "fhir"),
    (re.compile(rb'"action"\s*:'), "decisions"),
)


def sniff(head: bytes, maps: Sequence[ReturnMap] = ()) -> FileKind | None:
    """Say what a file is.

    Args:
        head: its first `HEAD_BYTES` bytes, or all of it.
        maps: how plans write their return files. A file of both kinds is `rtf`: it is kept once, and read as both.

    Returns:
        None for content that we do not know.
    """
    if head.startswith(_ARCHIVES):
        return "archive"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    if not text:
        return "empty" if len(head) < HEAD_BYTES else None
    if _HL7.match(text):
        return "hl7v2"
    return _json_kind(text) or _table_kind(text) or _return_kind(text, maps)


def _json_kind(text: bytes) -> FileKind | None:
    """The first line that is a JSON object decides; a bad line before it is no obstacle."""
    for place, line in enumerate(_whole_lines(text)):
        if (found := _kind_of_object(line)) == "fhir":
            return "fhir_lines" if place == 0 else "fhir"
        if found:
            return found
    if not text.startswith(b"{"):
        return None
    found = next((kind for pattern, kind in _KEYS if pattern.search(text)), None)
    return "fhir_lines" if found == "fhir" and b"\n" not in text else found


def _whole_lines(text: bytes) -> Iterator[bytes]:
    """Lines that may be an object; the last one may be cut off by the head's end and then does not parse."""
    return (line for line in text.split(b"\n") if line.lstrip().startswith(b"{"))


def _kind_of_object(line: bytes) -> FileKind | None:
    try:
        keys = msgspec.json.decode(line, type=dict[str, Any]).keys()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if "resourceType" in keys:
        return "fhir"
    if "received_at" in keys and keys & {"kind", "feed", "body", "body_base64"}:
        return "journal"
    return "decisions" if "action" in keys and keys & {"at", "by"} else None


def _return_kind(text: bytes, maps: Sequence[ReturnMap]) -> FileKind | None:
    files = {each.file for each in maps_for(maps, text)}
    return "rtf" if "rtf" in files else "otf" if files else None


def _table_kind(text: bytes) -> FileKind | None:
    header = text[: record_end(text, 0)]
    if len(header) > HEAD_BYTES // 4:
        return None
    return kind_of(cells(header.decode("utf-8", "replace")))
