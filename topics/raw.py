"""Lines on their way to the journal: a record's value is the body as it came, its headers say the rest.

| header | is |
|---|---|
| `schema` | `1` |
| `received_at` | ISO 8601 in UTC, with microseconds |
| `feed`, `kind` | as in the journal |
| `sha256` | of the body, hex |
| `live` | `1`: a sender waited for an answer; `0`: from a file or a person |
| `answer` | only where `live` is `1`: the acknowledgement that is sent once the record is durable |
| `file`, `part`, `parts` | only of a table's chunk: the file's SHA-256 in hex, which chunk this is, of how many |

A newer writer may add headers; readers leave alone what they do not know.
"""

import re
from collections.abc import Iterable
from datetime import UTC
from hashlib import sha256
from typing import NamedTuple

import msgspec

from models.errors import MessageIsWrong
from models.time import Instant
from topics import heads

SCHEMA = "1"
_KEY_BYTES_MAX = 256
_PID = re.compile(rb"(?:\A|[\r\n])PID([^A-Za-z0-9])")

Headers = list[tuple[str, bytes]]


class Part(msgspec.Struct, frozen=True):
    """Which chunk of a file: the file's SHA-256 in hex, the chunk's number from 1, how many there are."""

    file: str
    number: int
    of: int


class RawLine(msgspec.Struct, frozen=True):
    """A line that was received. `answer`: what its sender hears once it is durable; None where nobody waits."""

    feed: str
    received_at: Instant
    kind: str
    body: bytes
    is_live: bool = False
    answer: bytes | None = None
    part: Part | None = None


class Encoded(NamedTuple):
    """What is sent to the broker."""

    key: bytes
    value: bytes
    headers: Headers


def encode(line: RawLine) -> Encoded:
    """A line as a record."""
    digest = sha256(line.body).hexdigest()
    headers = [
        ("schema", SCHEMA.encode()),
        ("received_at", line.received_at.astimezone(UTC).isoformat(timespec="microseconds").encode()),
        ("feed", line.feed.encode()),
        ("kind", line.kind.encode()),
        ("sha256", digest.encode()),
        ("live", b"1" if line.is_live else b"0"),
    ]
    if line.answer is not None:
        headers.append(("answer", line.answer))
    if line.part:
        part = line.part
        headers += [("file", part.file.encode()), ("part", b"%d" % part.number), ("parts", b"%d" % part.of)]
    return Encoded(_key(line, digest), line.body, headers)


def decode(value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> RawLine:
    """A record as a line. The key is not looked at: all it does is to place the record.

    Raises:
        MessageIsWrong: it is no record of ours, of a schema we do not know, or was damaged.
    """
    told = _Told(dict(headers))
    schema = told.text("schema")
    if schema != SCHEMA:
        fix = "Run workers of the version that wrote it, or a newer one."
        raise MessageIsWrong("schema_unknown", "schema", f"{len(schema)} characters, not {SCHEMA}", fix)
    if value is None:
        raise MessageIsWrong("no_body", "value", "a record without a value", _FIX)
    if sha256(value).hexdigest() != told.text("sha256"):
        raise MessageIsWrong("sha256_differs", "sha256", f"{len(value)} bytes of another hash", _FIX)
    is_live = told.one_of("live", ("0", "1")) == "1"
    feed, kind = (heads.name_of(told.text(name), name) for name in ("feed", "kind"))
    received_at, part = heads.received_at(told.text("received_at")), told.part() if "file" in told.found else None
    return RawLine(feed, received_at, kind, value, is_live, told.found.get("answer"), part)


_FIX = "Write to this topic by `serve` and `load` alone."


class _Told(NamedTuple):
    """The headers of one record."""

    found: dict[str, bytes]

    def text(self, name: str) -> str:
        if name not in self.found:
            raise MessageIsWrong("header_missing", name, "absent", _FIX)
        try:
            return self.found[name].decode()
        except (UnicodeDecodeError, AttributeError):
            raise _wrong(name, "no UTF-8") from None

    def one_of(self, name: str, words: tuple[str, ...]) -> str:
        if (text := self.text(name)) not in words:
            raise _wrong(name, f"{len(text)} characters, none of {', '.join(words)}")
        return text

    def part(self) -> Part:
        number, parts = self.count("part"), self.count("parts")
        if not 1 <= number <= parts:
            raise _wrong("part", "no part of a whole")
        return Part(self.text("file"), number, parts)

    def count(self, name: str) -> int:
        text = self.text(name)
        if not (text.isdecimal() and len(text) < 10):
            raise _wrong(name, f"{len(text)} characters, no count of ours")
        return int(text)


def _wrong(name: str, shape: str) -> MessageIsWrong:
    return MessageIsWrong("header_wrong", name, shape, _FIX)


def _key(line: RawLine, digest: str) -> bytes:
    """What keeps a patient's messages together, which spares workers from waiting for each other's rows; and the chunks
    of a file, which stay in order.
    """
    if line.part:
        return line.part.file.encode()
    # Nothing may ever be refused for its key: whatever has no PID-3 that can be found is placed by chance.
    patient = _first_pid_3(line.body) if line.kind == "hl7v2" else b""
    return line.feed.encode() + b"|" + patient if 0 < len(patient) <= _KEY_BYTES_MAX else digest.encode()


def _first_pid_3(body: bytes) -> bytes:
    """The first repetition of PID-3 as it stands; empty when there is none."""
    found = _PID.search(body)
    if not found:
        return b""
    end = min((at for sign in (b"\r", b"\n") if (at := body.find(sign, found.end())) >= 0), default=len(body))
    fields = body[found.end() : end].split(found[1], 3)
    header = body.lstrip(b"\xef\xbb\xbf \t\r\n\0")
    repeats = header[5:6] if header.startswith((b"MSH", b"FHS", b"BHS")) else b""
    patient = fields[2] if len(fields) > 2 else b""
    return patient.split(repeats, 1)[0] if repeats.strip() and repeats != found[1] else patient
