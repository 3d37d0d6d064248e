"""What a long run was asked for: a seed that replays it, and how long it may take."""

from collections.abc import Sequence
from random import Random

import msgspec


class Failed(AssertionError):
    """A promise was broken. The text says which, and what was seen; `__main__` adds the command that replays it."""


class Asked(msgspec.Struct, frozen=True):
    """The same `seed` gives the same messages, mutations and choices; only where a kill falls is the machine's.

    Args:
        brief: prove that everything runs, in seconds; it proves little else.
        only: these numbers of a part, such as the mutants that failed; empty means all.
    """

    seed: int
    brief: bool = False
    only: tuple[int, ...] = ()

    def of(self, full: int, brief: int) -> int:
        """The one or the other."""
        return brief if self.brief else full

    def dice(self, *names: object) -> Random:
        """Dice of their own for each purpose, so that parts can be replayed alone."""
        return Random("/".join(map(str, (self.seed, *names))))


def hold(promise: bool, broken: str) -> None:
    """Say what was broken where a promise does not hold; under `-O`, too."""
    if not promise:
        raise Failed(broken)


def listed(things: Sequence[object], most: int = 5) -> str:
    """The first few, and how many more there are."""
    more = f" and {len(things) - most} more" if len(things) > most else ""
    return ", ".join(map(str, things[:most])) + more
