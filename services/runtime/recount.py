"""Compute everything again from the raw log, into a store of its own, and compare (design §2.2: batch equals live)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from models.reference import Reference
from models.time import Instant
from models.view import View
from services.intake.reading import LineReader
from services.member.counting import Counters, joined
from services.member.derive import derive
from services.runtime.applying import apply
from services.runtime.counters import counter_differences, recounted
from services.runtime.pipeline import Pipeline
from services.runtime.portions import portions
from services.runtime.recall import Circle, circles, facilities_of, with_registry
from services.runtime.store.contract import Reader, Rows, Store, walk_members
from services.runtime.workset import Member, Workset, check_format, thaw_member

MEMBERS = 100
"""Members derived together."""


class Difference(msgspec.Struct, frozen=True):
    """One place where the stored view and the recomputed one differ; `path` is like `tasks.<id>.state`. For a counter
    there is no member.
    """

    member_id: str
    path: str
    stored: Any
    recomputed: Any


class Comparison:
    """What a store holds against what its raw log tells.

    Args:
        fresh: everything that the raw log tells.
    """

    def __init__(self, original: Reader, fresh: Rows, reference: Reference) -> None:
        self._original, self._fresh, self._reference = original, fresh, reference
        self._facilities = facilities_of(fresh)
        self.counted: Counters = {}
        """The stored contributions of the members that were looked at, counted from nothing."""
        self.members = self.waiting = 0
        """How many members of the store were looked at, and how many of them wait to be derived."""

    def of(self, ids: Sequence[str]) -> Iterator[Difference]:
        """Derive members at the instant of the stored record, and say what differs.

        Who waits to be derived in the store is left out: that is unfinished, not wrong.
        """
        for start in range(0, len(ids), MEMBERS):
            yield from self._of(ids[start : start + MEMBERS])

    def _of(self, ids: Sequence[str]) -> Iterator[Difference]:
        rows = self._original.members(ids)
        stored = {member_id: thaw_member(row, {}) for member_id, row in rows.items()}  # its facts are not in question
        self.members += len(stored)
        self.waiting += sum(member.waits for member in stored.values())
        joined(self.counted, recounted(stored.values()))
        work = Workset(self._fresh)
        around = {member_id: each for each in circles(work, ids, self._reference.shadows) for member_id in each.members}
        for member_id in ids:
            member = stored.get(member_id)
            if member is None:
                yield Difference(member_id, "", None, "known from the raw log")
            elif member_id not in around:
                yield Difference(member_id, "", "known", None)
            elif member.derived_at and not member.waits:
                yield from self._recomputed(member, around[member_id], member.derived_at)

    def _recomputed(self, member: Member, around: Circle, at: Instant) -> Iterator[Difference]:
        reference = with_registry(self._reference, self._facilities, at)
        try:
            view = derive(around.facts(around.links(at), at)[member.member_id], reference, at)
        except Exception as error:  # noqa: BLE001 - whose facts break our rules is named, and the rest is compared
            yield Difference(member.member_id, "", "known", f"derive raised {type(error).__name__}")
        else:
            if view != member.view:
                yield from differences(member.member_id, member.view, view)


class Recount:
    """The raw log of one store, absorbed again from nothing into another, by this process alone.

    Args:
        fresh: an empty store; it ends up with the recomputed facts.
        progress: called with the number of lines absorbed so far.
    """

    def __init__(
        self,
        original: Reader,
        fresh: Store,
        readers: Mapping[str, LineReader],
        reference: Reference,
        now: Callable[[], Instant],
        progress: Callable[[int], None] = lambda _: None,
    ) -> None:
        check_format(original)
        self._original, self._fresh, self._reference = original, fresh, reference
        self.members = self.waiting = 0
        pipeline = Pipeline(fresh, readers, reference, now, journal=original)
        for lines in portions(original, 0, original.cursor()):
            pipeline.take(lines, bulk=True)
            progress(lines[-1].seq)

    def compare(self) -> Iterator[Difference]:
        """See `Comparison`; afterwards `members` and `waiting` are known."""
        comparison = Comparison(self._original, self._fresh, self._reference)
        yield from comparison.of(sorted({*walk_members(self._original), *walk_members(self._fresh)}))
        yield from counters_compared(self._original, comparison.counted)
        self.members, self.waiting = comparison.members, comparison.waiting

    def apply(self, original: Store) -> None:
        """Put the recomputed facts into the original, and mark every member to be derived again."""
        apply(self._fresh, original)


def counters_compared(original: Reader, counted: Counters) -> Iterator[Difference]:
    """Say which counters differ from the stored contributions counted anew; they follow the views, right or wrong."""
    for path, stored, right in counter_differences(original.measure_counts(), counted):
        yield Difference("", path, stored, right)


def differences(member_id: str, stored: View, recomputed: View) -> Iterator[Difference]:
    """Every field of every stay, task and contribution that differs."""
    before, after = _flat(stored), _flat(recomputed)
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path):
            yield Difference(member_id, path, _plain(before.get(path)), _plain(after.get(path)))


def _flat(view: View) -> dict[str, object]:
    found: dict[str, object] = {"flags": view.flags}
    for stay in view.stays:
        found |= {f"stays.{stay.stay_id}.{name}": value for name, value in msgspec.structs.asdict(stay).items()}
    for task in view.tasks:
        found |= {f"tasks.{task.task_id}.{name}": value for name, value in msgspec.structs.asdict(task).items()}
    for one in view.measures:
        name = "|".join(one.key)
        found |= {f"measures.{name}.{field}": value for field, value in msgspec.structs.asdict(one).items()}
    return found


def _plain(value: object) -> object:
    return msgspec.to_builtins(value)
