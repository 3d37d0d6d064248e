"""Put what was computed again from the raw log in place of what a store holds."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from models.time import Instant
from models.traffic import SLOT, FeedCount
from services.runtime.counters import correct_counters
from services.runtime.pipeline import DERIVE_FAILED, Pipeline
from services.runtime.store.contract import Batch, PatientRow, Rows, Store, walk_members, walk_patients
from services.runtime.workset import thaw_member

CHUNK = 1_000
"""Rows written together."""
MEMBERS = 100
"""Members written together: their rows are the large ones."""

_BEGINNING, _END = datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Fresh(Rows, Protocol):
    """What the raw log tells, absorbed from nothing."""

    def traffic(self, feed: str, start: Instant, end: Instant, span: timedelta) -> list[FeedCount]:
        """What a feed sent (`Reader.traffic`); a slot may come in several parts, which are to be added up."""


def apply(fresh: Fresh, original: Store) -> None:
    """Write what is known afresh, and mark every member to be derived again (`Pipeline.settle`)."""
    _apply_patients(fresh, original)
    _apply_traffic(fresh, original)
    # A member whom the raw log no longer tells of keeps a place, and nothing in it.
    ids = sorted({*walk_members(original), *walk_members(fresh)})
    for start in range(0, len(ids), MEMBERS):
        _apply_members(fresh, original, ids[start : start + MEMBERS])
    correct_counters(original)
    failed = [row.id for row in original.quarantine(status="waiting") if row.reason == DERIVE_FAILED]
    original.commit(Batch(settled=[(number, "replayed") for number in failed]))


def _apply_patients(fresh: Fresh, original: Store) -> None:
    batch, told = Batch(wake_all=True), set[str]()
    for row in walk_patients(fresh):
        told.add(row.key)
        batch.patients.append(row)
        if len(batch.patients) == CHUNK:
            original.commit(batch)
            batch = Batch()
    # What the raw log no longer tells of a source patient is emptied, not deleted: its key may be linked by people.
    batch.patients += [
        PatientRow(row.key, b"", row.identifiers) for row in walk_patients(original) if row.key not in told
    ]
    names = ("facilities", "registry", "digest")
    batch.reference = {name: blob for name in names if (blob := fresh.reference(name)) is not None}
    original.commit(batch)


def _apply_traffic(fresh: Fresh, original: Store) -> None:
    """Put what was counted of the feeds in place of the original's counts."""
    batch = Batch(traffic_anew=True)
    for feed in original.feeds():
        batch.traffic += fresh.traffic(feed, _BEGINNING, _END, SLOT)
        if len(batch.traffic) > CHUNK:
            original.commit(batch)
            batch = Batch()
    original.commit(batch)


def _apply_members(fresh: Fresh, original: Store, ids: Iterable[str]) -> None:
    ids = list(ids)
    kept, told = original.members(ids), fresh.members(ids)
    rows = [
        msgspec.structs.replace(
            kept.get(member_id, row), facts=row.facts, identifiers=row.identifiers, on_roster=row.on_roster
        )
        for member_id, row in told.items()
    ]
    rows += [
        msgspec.structs.replace(row, facts=b"", on_roster=False)
        for member_id, row in kept.items()
        if member_id not in told
    ]
    tasks = [task for row in rows for task in Pipeline.task_rows(thaw_member(row, {}))]
    original.commit(Batch(members=rows, tasks=tasks))
