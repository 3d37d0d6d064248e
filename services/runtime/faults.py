"""Faults asked for by a test: a worker is killed, frozen or cut off at a named point. In production nothing happens.

`WARMHANDOFF_FAULTS="point=action[@n]"`, several separated by commas, counts only with `WARMHANDOFF_TESTING=1`; `@n` is
the n-th time that the point is passed (else the first). Each strikes once. Contract, "Cluster".
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Literal, get_args

import msgspec

from models.errors import WorldIsAway

Point = Literal["before_commit", "after_commit", "before_ack", "before_send", "after_send", "derive"]
ACTIONS = ("crash", "raise", "freeze", "drop_connection")


class FaultAsked(WorldIsAway):
    """A test asked for this failure."""


class _Fault(msgspec.Struct):
    """What strikes at a point, `seconds` for a freeze, and how often the point is yet to be passed."""

    point: str
    action: str
    seconds: float
    passes: int


def fault(point: Point, *, drop: Callable[[], object] | None = None) -> None:
    """Let the faults of a point strike, where a test asked for some. A freeze stops the whole event loop.

    Args:
        drop: closes the connection that the caller is about to use, for `drop_connection`.

    Raises:
        FaultAsked: the action is `raise`.
    """
    for each in list(_struck(point)):
        if each.action == "crash":
            os.kill(os.getpid(), signal.SIGKILL)  # no handler and no flush, as when the power goes
        if each.action == "freeze":
            time.sleep(each.seconds)
        if each.action == "raise":
            raise FaultAsked(f"fault {each.point}: a test asked for this failure.")
        if each.action == "drop_connection":
            assert drop, f"at {each.point} there is no connection to drop"
            drop()


_FAULTS: dict[str, list[_Fault]] = {}


def _struck(point: Point) -> Iterator[_Fault]:
    """The faults of a point whose turn is now."""
    asked = os.environ.get("WARMHANDOFF_FAULTS", "")
    if not asked or os.environ.get("WARMHANDOFF_TESTING") != "1":
        return
    if asked not in _FAULTS:
        _FAULTS[asked] = [_read(word) for word in asked.split(",")]
    for each in _FAULTS[asked]:
        if each.point == point and each.passes:
            each.passes -= 1
            if not each.passes:
                yield each


def _read(word: str) -> _Fault:
    point, _, rest = word.strip().partition("=")
    action, _, passes = rest.partition("@")
    name, _, seconds = action.partition(":")
    assert point in get_args(Point), f"WARMHANDOFF_FAULTS: {word}: no point of this name"
    assert name in ACTIONS, f"WARMHANDOFF_FAULTS: {word}: the actions are {', '.join(ACTIONS)}"
    return _Fault(point, name, float(seconds or 0), int(passes or 1))
