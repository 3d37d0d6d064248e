"""How far behind we are ourselves."""

from datetime import UTC, datetime

from models.time import Instant
from services.runtime.store.contract import Reader
from services.status.shapes import Json

BEHIND_S = 60
"""We are slow when a line has waited longer than this to be processed."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def ours(reader: Reader, at: Instant) -> Json:
    """How many lines wait to be processed, and for how long the first of them has.

    Where workers read topics the lines that wait are not in the store: their number is None, and the time is the one
    that none of them waits longer than; None while the workers do not know it.
    """
    until = reader.read_until()
    if until is None:
        cursor = reader.cursor()
        waiting = reader.head() - cursor
        first = reader.lines(cursor, 1) if waiting else []
        return _json(waiting, max((at - first[0].received_at).total_seconds(), 0) if first else 0)
    return _json(None, None if until == _EPOCH else max((at - until).total_seconds(), 0))


def _json(waiting: int | None, longest_s: float | None) -> Json:
    return {
        "state": "slow" if longest_s is None or longest_s > BEHIND_S else "ok",
        "lines_waiting": waiting,
        "oldest_waiting_s": None if longest_s is None else round(longest_s, 1),
    }
