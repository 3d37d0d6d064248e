"""A value set, and what one file says of it."""

from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256

import msgspec

from services.measures.items import NONE

Span = tuple[int, int]
"""From a day to a day, both included, as `date.toordinal()` numbers them."""


class Part(msgspec.Struct, frozen=True, eq=False):
    """What one file says of one value set.

    Args:
        name: what the file calls it. also: other names of it, which hold where nothing else has them.
        codes: as `models.codes.coded` writes them. dated: the days on which a code is in the set, for codes that are
            not in it always; they are not among `codes`.
    """

    name: str
    codes: frozenset[str]
    versions: frozenset[str] = NONE
    also: tuple[str, ...] = ()
    dated: tuple[tuple[str, Span], ...] = ()


class Listed(msgspec.Struct, frozen=True, eq=False, dict=True):
    """A value set: all its codes, the versions that were united, and the days of codes that are not always in it."""

    codes: frozenset[str] = NONE
    versions: tuple[str, ...] = ()
    dated: Mapping[str, tuple[Span, ...]] = {}

    @cached_property
    def digest(self) -> str:
        """What it comes to: equal lists have equal digests, from whatever files."""
        lines = [f"{code} {sorted(self.dated[code])}" if code in self.dated else code for code in sorted(self.codes)]
        return sha256("\n".join(lines).encode()).hexdigest()
