"""How far behind we are ourselves."""

from models.time import Instant
from services.runtime.store.contract import Reader
from services.status.shapes import Json

BEHIND_S = 60
"""We are slow when a line has waited longer than this to be processed."""


def ours(reader: Reader, at: Instant) -> Json:
    """How many lines of the journal wait to be processed, and for how long the first of them has."""
    cursor = reader.cursor()
    waiting = reader.head() - cursor
    first = reader.lines(cursor, 1) if waiting else []
    oldest = max((at - first[0].received_at).total_seconds(), 0) if first else 0
    return {
        "state": "slow" if oldest > BEHIND_S else "ok",
        "lines_waiting": waiting,
        "oldest_waiting_s": round(oldest, 1),
    }
