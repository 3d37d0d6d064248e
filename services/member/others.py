"""What a member's stays say about each other: where the member lay next, which bed was held, who was pregnant."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from operator import itemgetter
from typing import Concatenate, ParamSpec, TypeVar

from models.time import Instant
from services.member.stays import Folded

PREGNANCY = re.compile(r"O[0-9]|Z3[3479]")
"""Diagnoses of pregnancy, delivery and the time after it: O00 to O9A, Z33, Z34, Z37, Z39 (care-rules §1.3)."""
POSTPARTUM = timedelta(days=365)

P = ParamSpec("P")
T = TypeVar("T")


class Others:
    """A member's stays, ready to be asked on behalf of one of them."""

    def __init__(self, stays: Sequence[Folded]) -> None:
        self._pregnant = [s for s in stays if any(map(PREGNANCY.match, s.codes))]
        self._with_leaves = [s for s in stays if s.is_bed and s.replay.leaves]
        self._beds = sorted(
            ((s.stay.admitted_at, s.told_by, s) for s in stays if s.is_bed and s.stay.admitted_at),
            key=itemgetter(0, 1),
        )
        self._starts = [start for start, _, _ in self._beds]

    def next_bed(self, at: Instant, stay: Folded | None) -> tuple[Instant, str] | None:
        """The next bed after an instant, of another stay than this, and the message that told of it; one that began
        after this stay and outlasts the instant is where the member lies already.
        """
        following = bisect_left(self._starts, at)
        mine = stay.stay.admitted_at if stay else None
        if mine and mine < at:
            since = self._beds[bisect_right(self._starts, mine, hi=following) : following]
            lying = [name for _, name, bed in since if bed is not stay and (bed.ended_at is None or bed.ended_at > at)]
            if lying:
                now = self._beds[following : bisect_right(self._starts, at)]
                return at, min(lying + [name for _, name, bed in now if bed is not stay])
        # The next one, or the one after it where that is the stay itself.
        found = self._beds[following : following + 2]
        return next(((start, name) for start, name, bed in found if bed is not stay), None)

    def holds_bed(self, at: Instant, stay: Folded) -> bool:
        """Another stay holds a bed for the member, who is on leave from it."""
        return any(other is not stay and other.is_on_leave_at(at) for other in self._with_leaves)

    def is_pregnant(self, stay: Folded) -> bool:
        """This stay says so, or one that ended within twelve months before it."""
        start = stay.stay.admitted_at
        return any(
            other is stay or (start and other.ended_at and timedelta(0) <= start - other.ended_at <= POSTPARTUM)
            for other in self._pregnant
        )


class Inquiry:
    """Asks a member's other stays on behalf of one, and remembers what they answered."""

    def __init__(self, others: Others) -> None:
        self._others = others
        self._answers: list[tuple[Callable[..., object], Sequence[object], Mapping[str, object], object]] = []

    def ask(self, question: Callable[Concatenate[Others, P], T], *args: P.args, **named: P.kwargs) -> T:
        """Ask; `question` is a method of `Others`."""
        answer = question(self._others, *args, **named)
        self._answers.append((question, args, named, answer))
        return answer

    def is_answered_alike_by(self, others: Others) -> bool:
        """Whether stays as they are now give the same answers."""
        if others is not self._others:
            if any(question(others, *args, **named) != answer for question, args, named, answer in self._answers):
                return False
            self._others = others
        return True
