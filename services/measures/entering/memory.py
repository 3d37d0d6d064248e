"""What entered before: so that of a member's facts only those that are new are looked at."""

from typing import Generic, Protocol, TypeVar

from services.measures.items import Item

T = TypeVar("T")

Key = tuple[int, int, str]
"""By the identities of what an answer rests on; the answer holds them, so that nothing else can have them."""
Entered = tuple[object, object, tuple[Item, ...]]
"""A fact and its tellers, and the items that they are."""


class Known(Protocol[T]):
    """Answers of the round before."""

    def next_round(self) -> None:
        """All that is still of interest will be asked for now."""

    def known(self, key: Key, /) -> T | None:
        """What was kept."""

    def keep(self, key: Key, answer: T, /) -> T:
        """Keep it."""


class Nothing(Generic[T]):
    """No memory: everything enters anew."""

    def next_round(self) -> None:
        """Nothing."""

    def known(self, _key: Key) -> T | None:
        """Nothing."""

    def keep(self, _key: Key, answer: T) -> T:
        """Only hand it on."""
        return answer
