"""Questions to a store, answered as of an instant from what had been received by then."""

import logging
from collections.abc import Collection, Iterator, Sequence

from models.reference import Reference
from models.time import Instant
from models.view import Task, View
from services.member.derive import derive
from services.runtime.recall import facilities_of, facts_of, with_registry
from services.runtime.store.contract import Reader, walk_members
from services.runtime.workset import Workset, check_format

log = logging.getLogger(__name__)

CHUNK = 200
"""Members recalled together: their shared rows are read once."""


class Questions:
    """Reads one store with one set of reference data."""

    def __init__(self, reader: Reader, reference: Reference) -> None:
        check_format(reader)
        self._reader, self._reference = reader, reference
        self._facilities = facilities_of(reader)
        self._same_reference = reader.reference("digest") == reference.digest.encode()

    def views(self, as_of: Instant, only: str = "") -> Iterator[tuple[str, View]]:
        """Every member known at an instant with their view, in order of id; `only` one of them."""
        ids: list[str] = []
        for member_id in [only] if only else walk_members(self._reader):
            ids.append(member_id)
            if len(ids) == CHUNK:
                yield from self._views(ids, as_of)
                ids = []
        yield from self._views(ids, as_of)

    def _views(self, ids: Sequence[str], as_of: Instant) -> Iterator[tuple[str, View]]:
        work = Workset(self._reader)
        members = work.members(ids)
        # A stored view holds from when it was derived until time alone changes it.
        fresh = {
            m.member_id
            for m in members
            if self._same_reference and m.derived_at and m.derived_at <= as_of and (not m.wake_at or m.wake_at > as_of)
        }
        stale = [m.member_id for m in members if m.member_id not in fresh]
        reference = with_registry(self._reference, self._facilities, as_of)
        recalled = facts_of(work, stale, reference.shadows, as_of)
        for member in members:
            if member.member_id in fresh:
                if member.on_roster:
                    yield member.member_id, member.view
            elif (facts := recalled[member.member_id]).roster:
                try:
                    view = derive(facts, reference, as_of)
                except Exception as error:  # noqa: BLE001 - whose facts break our rules hides nobody else (design §8)
                    told = {"error": type(error).__name__}  # without the traceback: it may show a person's values
                    log.error("derive failed: a member is shown as last derived", extra=told)  # noqa: TRY400
                    if not member.derived_at or member.derived_at > as_of:
                        continue
                    view = member.view
                yield member.member_id, view

    def view(self, member_id: str, as_of: Instant) -> View | None:
        """A member's view; None for a member unknown then."""
        return next((view for _, view in self.views(as_of, member_id)), None)

    def tasks(
        self, as_of: Instant, *, states: Collection[str], rule: str, provider: str, mcp: str
    ) -> list[tuple[str, Task]]:
        """The work list: (member, task) that fit the filters, by due time (none last)."""
        found = [
            (member_id, task)
            for member_id, view in self.views(as_of)
            for task in view.tasks
            if (not states or task.state in states)
            and rule in ("", task.rule)
            and provider in ("", task.owner.ecm_provider_id)
            and mcp in ("", task.owner.mcp_id)
        ]
        return sorted(found, key=lambda x: (x[1].due_at is None, x[1].due_at or x[1].opened_at, x[0], x[1].task_id))

    def member_of(self, task_id: str) -> str | None:
        """Whose task an id is, also of one withdrawn."""
        rows = self._reader.tasks(task_id=task_id)
        if rows:
            return rows[0].member_id
        told = [row.effect for row in self._reader.outbox_of(task_id)]
        return told[0].member_id if told and told[0].effect != "contribution_changed" else None
