"""What files hand on: journal lines in sheaves, each with the checkpoint that makes a crash or a re-drop harmless."""

from typing import Literal

import msgspec

from models.time import Instant
from topics.raw import Part

UNREADABLE, OVERLONG = "unreadable", "overlong"
"""Journal kinds of text that is no journal line, and of a part of something too long: kept, quarantined when read."""

CountMismatch = Literal["accept", "reject"]


class TakenLine(msgspec.Struct, frozen=True):
    """A line for the journal: where it came from, when it was received, what kind it is, its bytes. `part` says which
    chunk of a table it is, where that was asked for.
    """

    feed: str
    received_at: Instant
    kind: str
    body: bytes
    part: Part | None = None


class LineProblem(msgspec.Struct, frozen=True):
    """Why one line of a file could not be taken as what it should be. It is kept all the same, with kind `unreadable`
    or `overlong`, whose reader (`journal.UnreadableReader`) finds the same problem again.

    `ordinal` is its place in the file (from 1); `shape` never shows a person's values.
    """

    ordinal: int
    reason: str
    where: str
    shape: str
    fix: str


class Sheaf(msgspec.Struct, frozen=True):
    """Lines that are kept in one transaction together with the checkpoint (`key`, `upto`).

    Args:
        key: names the file's content and feed, 32 bytes. upto: ordinals of the file that are in once this is kept.
        known: ordinals left out because an earlier run kept them; told once, in a file's first sheaf.
        problems: which of the lines could not be read. notices: `count_mismatch`, in a file's last sheaf (R-52).
    """

    key: bytes
    upto: int
    lines: tuple[TakenLine, ...] = ()
    known: int = 0
    problems: tuple[LineProblem, ...] = ()
    notices: tuple[str, ...] = ()
