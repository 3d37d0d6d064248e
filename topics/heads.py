"""The head of a line, the same wherever it comes in: its feed, its kind, when it was received.

What passes here can be exported and loaded again.
"""

from datetime import UTC, datetime

from models.errors import MessageIsWrong
from models.names import short
from models.time import YEARS, Instant


def name_of(text: str, where: str) -> str:
    """A feed or a kind.

    Raises:
        MessageIsWrong: it is empty, or too long.
    """
    if not text:
        raise MessageIsWrong("missing", where, "absent or empty", f"Write {where}.")
    return short(text, where)


def received_at(text: str) -> Instant:
    """When a line was received.

    Raises:
        MessageIsWrong: it is no time of ours with an offset.
    """
    fix = "Write ISO 8601 with an offset and a year from 1900 to 2199, such as 2025-06-05T10:05:00-07:00."
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            raise MessageIsWrong("no_offset", "received_at", "a time without offset", fix)
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MessageIsWrong("bad_time", "received_at", f"{len(text)} characters, no time", fix) from None
    if at.year not in YEARS:
        raise MessageIsWrong("bad_time", "received_at", "a year that is no year of ours", fix)
    return at
