"""Writes a journal line in our exchange format; reading it back gives the same bytes, time, feed and kind."""

import base64
from datetime import UTC

import msgspec

from models.time import Instant


def exported(seq: int, received_at: Instant, feed: str, kind: str, body: bytes) -> bytes:
    """One NDJSON line, its line end included: `body` where the bytes are UTF-8, else `body_base64`."""
    line: dict[str, object] = {
        "seq": seq,
        "received_at": received_at.astimezone(UTC).isoformat(),
        "feed": feed,
        "kind": kind,
    }
    try:
        line["body"] = body.decode()
    except UnicodeDecodeError:
        line["body_base64"] = base64.b64encode(body).decode()
    return msgspec.json.encode(line) + b"\n"
