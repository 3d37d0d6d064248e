"""What a body holds: one entry for each resource of a resource, a Bundle, Parameters or NDJSON lines.

Bundles inside bundles are opened too (measure reports come so). An entry without resource (a deletion, the answer to a
transaction, a notification that only names what changed) is an entry all the same, so that nothing goes uncounted.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from connectors.fhir.elements import EMPTY, Json, node, nodes, text
from models.errors import MessageIsWrong

_BLANK = b"\xef\xbb\xbf\r\n\t \x00"
_DEEPEST = 5
_encode = msgspec.json.Encoder().encode


class Entry(msgspec.Struct, frozen=True):
    """One resource as it came.

    Args:
        where: its element path, such as `Bundle.entry[3].resource`.
        resource: decoded; empty when the entry has none, or none that can be read.
        url: Bundle.entry.fullUrl. modified: Bundle.entry.response.lastModified (of a history).
        name: hex SHA-256 of its own bytes.
        problem: why it cannot be read at all.
    """

    where: str
    resource: Json
    name: str
    url: str = ""
    modified: str = ""
    problem: MessageIsWrong | None = None


def entries_of(body: bytes) -> list[Entry]:
    """Take a body apart, in order; never empty, and it never raises."""
    plain = body.strip(_BLANK)
    found = _decoded(plain)
    if found is not None:
        return _opened(found, hashlib.sha256(body).hexdigest())
    lines = [line.strip(_BLANK) for line in plain.split(b"\n")]
    lines = [line for line in lines if line]
    if len(lines) < 2 or _decoded(lines[0]) is None:
        return [_unread(body, len(plain))]
    return [entry for line in lines for entry in _line(line)]


def opened(document: Json) -> list[Entry]:
    """Take a decoded resource or Bundle apart."""
    return _opened(document, hashlib.sha256(_encode(document)).hexdigest())


def _line(line: bytes) -> list[Entry]:
    found = _decoded(line)
    return [_unread(line, len(line))] if found is None else _opened(found, hashlib.sha256(line).hexdigest())


def _unread(raw: bytes, size: int) -> Entry:
    shape = f"{size} bytes, not one JSON object"
    problem = MessageIsWrong("bad_json", "body", shape, "Send a FHIR resource or Bundle as JSON, in UTF-8.")
    return Entry("body", EMPTY, hashlib.sha256(raw).hexdigest(), problem=problem)


def _decoded(raw: bytes) -> Json | None:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _opened(document: Json, name: str) -> list[Entry]:
    kind = text(document, "resourceType")
    if kind not in {"Bundle", "Parameters"}:
        return [Entry(kind or "resource", document, name)]
    found = list(_unpacked(document, kind, 1))
    # An empty one says nothing, and is counted.
    return found or [Entry(kind, document, name)]


def _unpacked(document: Json, where: str, depth: int) -> Iterator[Entry]:
    if text(document, "resourceType") == "Parameters":
        yield from _parameters(document, "parameter", where, depth)
        return
    entries = document.get("entry")
    for place, entry in enumerate(entries if isinstance(entries, list) else []):
        at = f"{where}.entry[{place}]"
        if not isinstance(entry, dict):
            shape = f"a {type(entry).__name__} where an object should be"
            problem = MessageIsWrong("bad_entry", at, shape, "Send each entry as an object with its resource.")
            yield Entry(at, EMPTY, _name(entry), problem=problem)
            continue
        url, modified = text(entry, "fullUrl"), text(node(entry, "response"), "lastModified")
        yield from _held(entry, at, url, modified, depth)


def _parameters(document: Json, field: str, where: str, depth: int) -> Iterator[Entry]:
    for place, parameter in enumerate(nodes(document, field)):
        at = f"{where}.{field}[{place}]"
        if "resource" in parameter:
            yield from _held(parameter, at, "", "", depth)
        yield from _parameters(parameter, "part", at, depth)


def _held(holder: Json, at: str, url: str, modified: str, depth: int) -> Iterator[Entry]:
    resource = holder.get("resource")
    if not isinstance(resource, dict):
        yield Entry(at, EMPTY, _name(holder), url, modified)
    elif text(resource, "resourceType") in {"Bundle", "Parameters"} and depth < _DEEPEST:
        yield from _unpacked(resource, f"{at}.resource", depth + 1)
    else:
        yield Entry(f"{at}.resource", resource, _name(resource), url, modified)


def _name(value: object) -> str:
    return hashlib.sha256(_encode(value)).hexdigest()
