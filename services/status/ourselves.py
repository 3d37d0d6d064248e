"""How far behind we are ourselves."""

from datetime import UTC, datetime

from models.time import Instant
from services.runtime.store.contract import Reader
from services.status.shapes import Json

BEHIND_S = 60
"""We are slow when a line has waited longer than this to be processed."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def lines_waiting(reader: Reader) -> int | None:
    """How many lines wait to be processed; None where workers read topics: those that wait are not in the store."""
    return None if reader.read_until() else reader.head() - reader.cursor()


def ours(reader: Reader, at: Instant) -> Json:
    """How many lines wait to be processed, and for how long the first of them has.

    Where workers read topics the time is the one that no line waits longer than; None while the workers do not know it.
    """
    until = reader.read_until()
    if until is None:
        waiting = lines_waiting(reader)
        first = reader.lines(reader.cursor(), 1) if waiting else []
        return _json(waiting, max((at - first[0].received_at).total_seconds(), 0) if first else 0)
    return _json(None, None if until == _EPOCH else max((at - until).total_seconds(), 0))


def _json(waiting: int | None, longest_s: float | None) -> Json:
    return {
        "state": "slow" if longest_s is None or longest_s > BEHIND_S else "ok",
        "lines_waiting": waiting,
        "oldest_waiting_s": None if longest_s is None else round(longest_s, 1),
    }
