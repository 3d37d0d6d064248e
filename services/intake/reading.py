"""What a reader makes of a journal line. The standards' readers live in `connectors`; wiring hands them in."""

from collections.abc import Iterator
from typing import Literal, Protocol

import msgspec

from models.errors import MessageIsWrong
from models.events import Event
from models.time import Instant

Outcome = Literal["interpreted", "not_interpreted", "test", "quarantined"]


class Reading(msgspec.Struct, frozen=True):
    """One message or row of a line: its name (hex SHA-256 of its own bytes), place in the line (from 1), what it says.

    `not_interpreted` are types kept and counted, with no events; `test` is traffic outside member state (R-77);
    `quarantined` has a `problem` and no events. `flags` are quality findings such as `charset_guess`.
    """

    ordinal: int
    name: str
    outcome: Outcome
    control_id: str = ""
    label: str = ""
    events: tuple[Event, ...] = ()
    problem: MessageIsWrong | None = None
    flags: tuple[str, ...] = ()


class LineReader(Protocol):
    """Reads the lines of one kind. Pure: the same line gives the same readings, for ever."""

    def read(self, feed: str, received_at: Instant, body: bytes) -> Iterator[Reading]:
        """Yield every message or row of a line in order; a bad one never stops the rest and never raises."""
