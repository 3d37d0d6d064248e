"""Compute everything again from the raw log, into a store of its own, and compare (design §2.2: batch equals live)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from models.reference import Reference
from models.time import Instant
from models.traffic import SLOT
from models.view import View
from services.intake.reading import LineReader
from services.member.counting import Counters, joined
from services.member.derive import derive
from services.runtime.counters import correct_counters, counter_differences, recounted
from services.runtime.pipeline import DERIVE_FAILED, Pipeline
from services.runtime.recall import Circle, circles, with_registry
from services.runtime.store.contract import Batch, PatientRow, Reader, Store, walk_members, walk_patients
from services.runtime.workset import Member, Workset, check_format, thaw_member

CHUNK = 1_000
"""Journal lines absorbed at a time."""
MEMBERS = 100
"""Members derived together."""

_BEGINNING, _END = datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Difference(msgspec.Struct, frozen=True):
    """One place where the stored view and the recomputed one differ; `path` is like `tasks.<id>.state`. For a counter
    there is no member.
    """

    member_id: str
    path: str
    stored: Any
    recomputed: Any


class Recount:
    """The raw log of one store, absorbed again from nothing into another.

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
        self._original, self._fresh = original, fresh
        self.pipeline = Pipeline(fresh, readers, reference, now, journal=original)
        self._reference = reference
        self._absorb(progress)

    def _absorb(self, progress: Callable[[int], None]) -> None:
        """Absorb the lines that the original has processed; nothing is derived yet."""
        after, last = 0, self._original.cursor()
        while after < last:
            lines = self._original.lines(after, min(CHUNK, last - after))
            self.pipeline.take(lines, bulk=True)
            after = lines[-1].seq
            progress(after)

    def compare(self) -> Iterator[Difference]:
        """Derive every member at the instant of the stored record, and say what differs; count contributions anew, too.

        Members who wait to be derived in the original are left out: they are unfinished, not wrong.
        """
        ids = sorted({*walk_members(self._original), *walk_members(self._fresh)})
        counted: Counters = {}
        for start in range(0, len(ids), MEMBERS):
            yield from self._compare(ids[start : start + MEMBERS], counted)
        # Counters follow the stored views, be these right or wrong.
        for path, stored, right in counter_differences(self._original.measure_counts(), counted):
            yield Difference("", path, stored, right)

    def _compare(self, ids: list[str], counted: Counters) -> Iterator[Difference]:
        rows = self._original.members(ids)
        stored = {member_id: thaw_member(row, {}) for member_id, row in rows.items()}  # its facts are not in question
        joined(counted, recounted(stored.values()))
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
        reference = with_registry(self._reference, self.pipeline.facilities, at)
        try:
            view = derive(around.facts(around.links(at), at)[member.member_id], reference, at)
        except Exception as error:  # noqa: BLE001 - whose facts break our rules is named, and the rest is compared
            yield Difference(member.member_id, "", "known", f"derive raised {type(error).__name__}")
        else:
            if view != member.view:
                yield from differences(member.member_id, member.view, view)

    def apply(self, original: Store) -> None:
        """Put the recomputed facts into the original, and derive every member again."""
        fresh_keys = set()
        batch = Batch(wake_all=True)
        for row in walk_patients(self._fresh):
            fresh_keys.add(row.key)
            batch.patients.append(row)
            if len(batch.patients) == CHUNK:
                original.commit(batch)
                batch = Batch()
        # What the raw log no longer tells of a source patient is emptied, not deleted: its key may be linked by people.
        gone = [row for row in walk_patients(original) if row.key not in fresh_keys]
        batch.patients += [PatientRow(row.key, b"", row.identifiers) for row in gone]
        batch.reference = {
            name: blob for name in ("facilities", "digest") if (blob := self._fresh.reference(name)) is not None
        }
        original.commit(batch)
        self._apply_traffic(original)
        # A member whom the raw log no longer tells of keeps a place, and nothing in it.
        ids = sorted({*walk_members(original), *walk_members(self._fresh)})
        for start in range(0, len(ids), MEMBERS):
            self._apply_members(original, ids[start : start + MEMBERS])
        correct_counters(original)
        failed = [row.id for row in original.quarantine(status="waiting") if row.reason == DERIVE_FAILED]
        original.commit(Batch(settled=[(number, "replayed") for number in failed]))

    def _apply_traffic(self, original: Store) -> None:
        """Put what was counted of the feeds in place of the original's counts."""
        batch = Batch(traffic_anew=True)
        for feed in original.feeds():
            batch.traffic += self._fresh.traffic(feed, _BEGINNING, _END, SLOT)
            if len(batch.traffic) > CHUNK:
                original.commit(batch)
                batch = Batch()
        original.commit(batch)

    def _apply_members(self, original: Store, ids: list[str]) -> None:
        kept, fresh = original.members(ids), self._fresh.members(ids)
        rows = [
            msgspec.structs.replace(
                kept.get(member_id, row), facts=row.facts, identifiers=row.identifiers, on_roster=row.on_roster
            )
            for member_id, row in fresh.items()
        ]
        rows += [
            msgspec.structs.replace(row, facts=b"", on_roster=False)
            for member_id, row in kept.items()
            if member_id not in fresh
        ]
        tasks = [task for row in rows for task in self.pipeline.task_rows(thaw_member(row))]
        original.commit(Batch(members=rows, tasks=tasks))


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
