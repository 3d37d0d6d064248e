"""A unit of a measure, as a builder makes it."""

import msgspec

from models.owner import Owner
from models.time import Instant
from services.measures.items import NONE, Item


class Unit(msgspec.Struct, frozen=True, gc=False):
    """One thing that is counted. Equal to another where all of this is, made of the very same facts.

    Args:
        key: does not move when the unit grows: the first stay's id, a visit's, a month (`2025-03`), "" for the member.
        first, last: its local days. start, end: its instants, where clocks told them.
        facts: what it is made of. tags: what the builder says of it (`readmitted`, `outlier`).
        closes: the last local day on which the builder itself can still change the unit (its look-ahead).
        number: what it comes to, where the builder computes it: days, a share.
        owner: whom it belongs to, where that is not who answers on its last day.
    """

    key: str
    first: int
    last: int
    start: Instant | None = None
    end: Instant | None = None
    facts: tuple[Item, ...] = ()
    tags: frozenset[str] = NONE
    closes: int = 0
    number: float | None = None
    owner: Owner | None = None
