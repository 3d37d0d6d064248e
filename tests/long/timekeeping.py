"""`warmhandoff` by a clock that another process sets: `python timekeeping.py FILE ARGUMENT...`.

So months are received within minutes, each message at the instant at which the truth says that it was.
"""

import mmap
import struct
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from models.time import Instant
from services.wiring.clock import Clock
from tests.long.launching import launched

_MICROS = struct.Struct("<q")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Hands:
    """Eight bytes of a file that all processes see: the microseconds since 1970."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(_MICROS.pack(0))
        with file.open("r+b") as stream:
            self._shared = mmap.mmap(stream.fileno(), _MICROS.size)

    def set(self, at: Instant) -> None:
        """From now on it is this late."""
        _MICROS.pack_into(self._shared, 0, (at - _EPOCH) // _MICROSECOND)

    def now(self) -> Instant:
        """How late it is."""
        (micros,) = _MICROS.unpack_from(self._shared)
        return _EPOCH + timedelta(microseconds=micros)


def shown(file: str) -> None:
    """Have every clock of this process show what the file says; it ticks as it shows, so that it never jumps."""
    hands = Hands(Path(file))
    Clock.wall = lambda self: hands.now()  # type: ignore[method-assign]
    Clock.ticks = lambda self: hands.now().timestamp()  # type: ignore[method-assign]


if __name__ == "__main__":
    launched(__file__, sys.argv[1], shown)
