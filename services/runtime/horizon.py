"""Up to when time may be let run: what time alone would say waits while it could be false (design §6)."""

import logging
from collections.abc import Callable
from datetime import timedelta

from models.time import Instant

log = logging.getLogger(__name__)

DOWN = timedelta(minutes=1)
"""A store that heard nothing for longer may have been away, and its senders may hold a queue for it."""
QUIET_S = 30.0
"""This long without a line: the queues are empty."""
LONGEST_S = 600.0
"""What has not come by then is not waited for; a clock that has stood by its word for so long is believed."""
JUMP_S = 60.0
"""How far the clock may move against its own ticking before it has jumped."""


class Horizon:
    """Says by which instant members may be judged by time alone. Not for use by two threads at once.

    Args:
        wall: the machine's clock, as it is set. ticks: seconds that nobody can set.
        last: when the newest line of the store was received; None for an empty store.
    """

    def __init__(self, wall: Callable[[], Instant], ticks: Callable[[], float], last: Instant | None) -> None:
        self._wall, self._ticks = wall, ticks
        self._seen, started = wall(), ticks()
        self._offset = self._seen.timestamp() - started
        self._held: Instant | None = None
        self._held_from = self._heard_at = started
        self.waits_for = ""
        if last is not None and self._seen - last > DOWN:
            self._held, self.waits_for = last, "catching_up"

    def heard(self) -> None:
        """A line was taken."""
        self._heard_at = self._ticks()

    def __call__(self) -> Instant:
        """The clock's time; while waiting, the instant before the doubt began."""
        wall, ticks = self._wall(), self._ticks()
        jumped_s = wall.timestamp() - ticks - self._offset
        if jumped_s > JUMP_S and self.waits_for != "clock_jumped":
            told = {"seconds": round(jumped_s)}
            log.warning("the clock jumped ahead: what is due by time waits until it is confirmed", extra=told)
            self._held, self._held_from, self.waits_for = self._held or self._seen, ticks, "clock_jumped"
        elif self._held and self._settled(jumped_s, ticks):
            log.info("what is due by time is judged again", extra={"reason": self.waits_for})
            self._held, self.waits_for = None, ""
        if not self._held:
            # A clock that is corrected little by little has not jumped.
            self._offset, self._seen = wall.timestamp() - ticks, wall
        return self._held or wall

    def _settled(self, jumped_s: float, ticks: float) -> bool:
        if ticks - self._held_from >= LONGEST_S:
            return True
        if self.waits_for == "clock_jumped":
            return jumped_s <= JUMP_S
        return ticks - self._heard_at >= QUIET_S
