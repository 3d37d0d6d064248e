"""The hash chain of a feed's lines: nobody changes, drops or inserts a line unnoticed."""

import struct
from hashlib import sha256

NOTHING_YET = bytes(32)


def link(previous: bytes, feed: str, kind: str, received_at_micros: int, body_sha256: bytes) -> bytes:
    """Chain a line to the one before it of the same feed; `NOTHING_YET` stands before the first.

    Texts carry their length, so that no two different lines run together into the same bytes.
    """
    feed_bytes, kind_bytes = feed.encode(), kind.encode()
    head = struct.pack(">I", len(feed_bytes)) + feed_bytes + struct.pack(">I", len(kind_bytes)) + kind_bytes
    return sha256(previous + head + struct.pack(">q", received_at_micros) + body_sha256).digest()
