"""What changed from one member information file to the next: members assigned, updated and removed.

A member information file is a full snapshot of a provider's members, unless it is marked as incremental; whoever is
absent from the next one was removed. The rows themselves stay facts: this is how they are told to people.

Source: care-rules §2.5, "Roster semantics".
"""

from collections.abc import Iterable

import msgspec

from models.events import RosterRow


class Updated(msgspec.Struct, frozen=True):
    """A member whose row says something else: before, after, and the fields that differ, in the row's order."""

    before: RosterRow
    after: RosterRow

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that differ."""
        names = self.after.__struct_fields__
        return tuple(name for name in names if getattr(self.before, name) != getattr(self.after, name))


class Changes(msgspec.Struct, frozen=True):
    """The way from one snapshot to another, each part in order of member id. Nothing at all when they are the same."""

    assigned: tuple[RosterRow, ...] = ()
    updated: tuple[Updated, ...] = ()
    removed: tuple[RosterRow, ...] = ()


def diff_snapshots(before: Iterable[RosterRow], after: Iterable[RosterRow]) -> Changes:
    """Compare two snapshots; where a member stands twice in one, its last row holds."""
    old, new = _by_member(before), _by_member(after)
    return Changes(
        assigned=tuple(new[key] for key in sorted(new.keys() - old.keys())),
        updated=tuple(Updated(old[key], new[key]) for key in sorted(old.keys() & new.keys()) if old[key] != new[key]),
        removed=tuple(old[key] for key in sorted(old.keys() - new.keys())),
    )


def apply_changes(before: Iterable[RosterRow], changes: Changes) -> tuple[RosterRow, ...]:
    """The snapshot to which the changes lead, in order of member id."""
    rows = _by_member(before)
    for row in changes.removed:
        del rows[row.member_id]
    rows |= _by_member([*changes.assigned, *(change.after for change in changes.updated)])
    return tuple(rows[key] for key in sorted(rows))


def _by_member(rows: Iterable[RosterRow]) -> dict[str, RosterRow]:
    return {row.member_id: row for row in rows}
