"""What was worked out last for members seen lately, so that one more message costs no whole derivation.

An answer is kept under everything that it was worked out from, so that finding one is as good as working it out:
a law says so (`tests/laws/test_memo.py`). Nothing here knows what is kept, and forgetting is always right.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from models.reference import Reference

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Q = TypeVar("Q")
A = TypeVar("A")
R = TypeVar("R")

ROOM = 4_000
"""So many facts' worth is remembered, at about five kilobytes each: some 200 ordinary members."""
A_MEMBER = 10
"""What a member takes beside its facts (a view, the verdicts of every rule and measure), in facts."""


class Answers(Generic[K, V]):
    """Answers by what they rest on. What a round does not ask for is forgotten at the end of the next."""

    def __init__(self) -> None:
        self._before: dict[K, V] = {}
        self._now: dict[K, V] = {}

    def next_round(self) -> None:
        """Begin to ask for all that is still of interest."""
        self._before, self._now = self._now, {}

    def get(self, key: K, answer: Callable[[K], V]) -> V:
        """The answer of the round before, if there is one; else a new one."""
        found = self._before.get(key)
        if found is None:
            found = answer(key)
        self._now[key] = found
        return found

    def known(self, key: K) -> V | None:
        """The answer of the round before, to be looked at before it is kept."""
        return self._before.get(key)

    def keep(self, key: K, answer: V) -> V:
        """Keep an answer for the next round."""
        self._now[key] = answer
        return answer


class Latest(Generic[Q, A]):
    """The latest answer, and the question that it answers."""

    def __init__(self) -> None:
        self._known: tuple[Q, A] | None = None

    def get(self, question: Q, answer: Callable[[], A]) -> A:
        """The latest answer, if the question is the same again; else a new one."""
        if self._known is None or self._known[0] != question:
            self._known = (question, answer())
        return self._known[1]


class Same:
    """A thing by identity, as a key: where comparing contents would cost more than the answer."""

    def __init__(self, it: object) -> None:
        self.it = it

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.it is other.it

    def __hash__(self) -> int:
        return id(self.it)


class Memo(Generic[R]):
    """What is remembered of each of the members seen last. Not for use by two threads at once.

    Args:
        blank: makes what a member is remembered by, while nothing is.
        room: for how many facts; the members not seen for the longest time are forgotten first.
    """

    def __init__(self, blank: Callable[[], R], room: int = ROOM) -> None:
        self._blank, self._room = blank, room
        self._of: OrderedDict[str, tuple[Reference, int, R]] = OrderedDict()

    def of(self, member_id: str, reference: Reference, facts: int) -> R:
        """What is remembered of a member, who has so many facts now, under this very reference data; under any other,
        nothing is.
        """
        before = self._of.pop(member_id, None)
        self._room += before[1] if before else 0
        found = before[2] if before and before[0] is reference else self._blank()
        self._of[member_id] = (reference, A_MEMBER + facts, found)
        self._room -= A_MEMBER + facts
        while self._room < 0:
            self._room += self._of.popitem(last=False)[1][1]
        return found
