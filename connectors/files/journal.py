"""One line of our exchange format, read: NDJSON with `received_at`, `feed`, `kind`, and `body` or `body_base64`.

Source: contract, "Journal: the exchange format of everything received".
"""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec

from connectors.files.contract import OVERLONG, TakenLine
from models.errors import MessageIsWrong
from models.time import Instant
from services.intake.reading import Reading
from topics import heads


def journal_line(raw: bytes) -> TakenLine:
    """Read one line. A kind that nobody knows yet is taken as it is; `seq` and other keys are ignored.

    Raises:
        MessageIsWrong: it is no object, a key is missing or bad, or its time has no offset.
    """
    values = _object(raw)
    received_at = heads.received_at(_text(values, "received_at"))
    feed, kind = (heads.name_of(_text(values, key), key) for key in ("feed", "kind"))
    return TakenLine(feed, received_at, kind, _body(values))


class UnreadableReader:
    """Reads lines of kind `unreadable` or `overlong`: says again what was wrong, so a rebuild quarantines them too."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def read(self, feed: str, received_at: Instant, body: bytes) -> Iterator[Reading]:  # noqa: ARG002  # LineReader
        """Yield one quarantined reading."""
        problem = too_long(body) if self._kind == OVERLONG else _what_is_wrong(body)
        yield Reading(1, hashlib.sha256(body).hexdigest(), "quarantined", label=self._kind, problem=problem)


def too_long(part: bytes) -> MessageIsWrong:
    """The problem of a part of something too long."""
    return MessageIsWrong("too_long", "line", f"more than {len(part)} bytes", "Send it in smaller pieces.")


def _what_is_wrong(raw: bytes) -> MessageIsWrong:
    try:
        journal_line(raw)
    except MessageIsWrong as wrong:
        return wrong
    fix = "Nothing is wrong with it now: load it again."
    return MessageIsWrong("not_taken", "line", f"{len(raw)} bytes, a journal line", fix)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        shape = f"{len(raw)} bytes, not a JSON object"
        raise MessageIsWrong("bad_json", "line", shape, "Write one JSON object a line, in UTF-8.") from None


def _text(values: dict[str, Any], key: str) -> str:
    value = values.get(key)
    if value is None or value == "":
        raise MessageIsWrong("missing", key, "absent or empty", f"Write {key}.")
    if not isinstance(value, str):
        raise MessageIsWrong("not_text", key, f"a {type(value).__name__}", "Write it as text, in quotes.")
    return value


def _body(values: dict[str, Any]) -> bytes:
    plain, coded = values.get("body"), values.get("body_base64")
    if plain is not None and coded is not None:
        raise MessageIsWrong("two_bodies", "body", "body and body_base64", "Write one of them.")
    if isinstance(plain, str):
        return plain.encode()
    if isinstance(coded, str):
        try:
            return base64.b64decode(coded, validate=True)
        except (binascii.Error, ValueError):
            raise MessageIsWrong("bad_base64", "body_base64", f"{len(coded)} characters", "Write base64.") from None
    if plain is None and coded is None:
        raise MessageIsWrong("missing", "body", "absent", "Write body, or body_base64 for bytes that are not UTF-8.")
    wrong = plain if plain is not None else coded
    raise MessageIsWrong("not_text", "body", f"a {type(wrong).__name__}", "Write it as text, in quotes.")
