"""The message header alone: all that is read before a message's bytes are on disk. Cheap, and it never raises."""

import re
from typing import NamedTuple

from connectors.hl7v2.charset import narrow

_START = re.compile(rb"(?:^|[\r\n\x0b])[ \t]*(MSH[^A-Za-z0-9\s\x00-\x1f])")
_NONE = [""] * 19


class Header(NamedTuple):
    """MSH as written, in latin-1, nothing unescaped: an answer gives it back byte for byte.

    Args:
        field: MSH-1, one character. encoding: MSH-2, may be "".
        application, facility, receiving_application, receiving_facility: MSH-3 to MSH-6.
        sent: MSH-7. type, trigger, structure: MSH-9.1 to 9.3.
        control_id, processing_id, version, sequence: MSH-10 to MSH-13.
        accept_ack, application_ack, charset: MSH-15, MSH-16, MSH-18.
    """

    field: str
    encoding: str
    application: str
    facility: str
    receiving_application: str
    receiving_facility: str
    sent: str
    type: str
    trigger: str
    structure: str
    control_id: str
    processing_id: str
    version: str
    sequence: str
    accept_ack: str
    application_ack: str
    charset: str


def read_header(body: bytes) -> Header | None:
    """Read the first MSH of a body. None: there is none, or nothing after it that could separate fields."""
    start = 0
    if not body.startswith(b"MSH"):
        body = narrow(body[:65536])
        found = _START.search(body.removeprefix(b"\xef\xbb\xbf"))
        if found is None:
            return None
        body, start = body.removeprefix(b"\xef\xbb\xbf"), found.start(1)
    elif len(body) < 4 or body[3:4].isalnum() or body[3] <= 32:
        return None
    line = body[start : _end(body, start)].decode("latin-1")
    parts = line.split(line[3])
    if len(parts) < 19:
        parts += _NONE
    encoding = parts[1]
    kind = parts[8].split(encoding[0], 3) if encoding else [parts[8]]
    kinds = len(kind)
    return Header(
        line[3], encoding, parts[2], parts[3], parts[4], parts[5], parts[6],
        kind[0], kind[1] if kinds > 1 else "", kind[2] if kinds > 2 else "",
        parts[9], parts[10], parts[11], parts[12], parts[14], parts[15], parts[17],
    )  # fmt: skip


def _end(body: bytes, start: int) -> int:
    """Where the header line ends; an LF inside a message of CRs ends it only where a segment begins (R-46)."""
    end = body.find(b"\r", start)
    feed = body.find(b"\n", start, end if end >= 0 else len(body))
    if feed >= 0 and (end < 0 or body[feed + 4 : feed + 5] == body[start + 3 : start + 4]):
        return feed
    return end if end >= 0 else len(body)
