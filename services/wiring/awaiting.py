"""Waits until the workers of a cluster have worked off what was sent to them."""

import time
from collections.abc import Callable, Mapping

from models.errors import WorldIsAway
from models.time import Instant
from services.runtime.store.cluster_contract import ClusterStore, Partition

_SHORTEST_S, _LONGEST_S = 0.05, 0.5
STILL_S = 5.0
"""Nothing moved for so long: whoever waits is told what for."""
AWAY_S = 60.0
"""So long a database may be away while somebody waits: what was sent is safe."""

_Left = tuple[tuple[object, ...], tuple[str, ...]]
"""What is still to be read, and who is still to be derived; both empty when all is done."""


def wait_until_taken(
    store: ClusterStore,
    sent: Mapping[Partition, int],
    latest: Instant,
    *,
    still: Callable[[], None] = lambda: None,
    patience_s: float | None = None,
) -> bool:
    """Wait until workers have taken what was sent, and derived everybody it concerns.

    Args:
        sent: how far each partition was written. latest: the newest receipt among it: members hear of it when the
            workers' time has come so far.
        still: called once, when nothing has moved for a while.
        patience_s: how long to wait at most; None: for ever.

    Returns:
        Whether it is so.

    Raises:
        WorldIsAway: the database has been away for a minute; what was sent is safe on the brokers.
    """
    began = moved = heard = time.monotonic()
    before: _Left | None = None
    is_told, pause = False, _SHORTEST_S
    while True:
        now = time.monotonic()
        try:
            state: _Left | None = _left(store, sent, latest)
            heard = now
        except WorldIsAway:
            if now - heard > AWAY_S:
                raise
            state = before
        if state == ((), ()):
            return True
        if state != before:
            before, moved, pause = state, now, _SHORTEST_S
        if not is_told and now - moved > STILL_S:
            is_told = True
            still()
        if patience_s is not None and now - began > patience_s:
            return False
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_S)


def _left(store: ClusterStore, sent: Mapping[Partition, int], latest: Instant) -> _Left:
    cursors = store.cursors_now(list(sent)) if sent else {}
    read = {place: -1 if (at := cursors.get(place)) is None or at.offset is None else at.offset for place in sent}
    unread = tuple((place, read[place]) for place, upto in sorted(sent.items()) if read[place] < upto)
    # What is dated ahead of us is heard when its time comes, and not waited for.
    return unread, () if unread else tuple(store.due(min(latest, store.now()), 1))
