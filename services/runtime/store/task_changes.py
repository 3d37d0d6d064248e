"""What it takes to make members' tasks what they should be; most are long closed and stay as they are."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec

from services.runtime.store.contract import TaskRow
from services.runtime.store.stamps import micros_or_none

_Columns = tuple[Any, ...]
RULE, STATE, OWNER, REST = 0, 1, slice(2, 5), slice(5, 7)
"""Where they are in a row's columns: rule, state, the three of the owner, due time and body."""
_COLUMNS = 7


class Standing(msgspec.Struct, frozen=True):
    """A task that stands in the store: whose it is, its columns, and by what the store finds it."""

    member_id: str
    task_id: str
    columns: _Columns
    place: _Columns


class TaskChanges(msgspec.Struct):
    """Rows to add (member, id, columns), rows to drop, rows that change and what to; `counts` by (rule, state)."""

    added: list[_Columns]
    dropped: list[Standing]
    changed: list[tuple[Standing, _Columns]]
    counts: Counter[tuple[str, str]]


def standing(row: Sequence[Any]) -> Standing:
    """A row of member, id, columns, and whatever else the store finds it by."""
    member_id, task_id, *rest = row
    return Standing(member_id, task_id, tuple(rest[:_COLUMNS]), tuple(rest[_COLUMNS:]))


def task_changes(member_ids: Collection[str], wanted: Iterable[TaskRow], stand: Iterable[Standing]) -> TaskChanges:
    """What changes when these are all tasks of the members, and those stand now."""
    missing: dict[str, dict[str, _Columns]] = defaultdict(dict)
    for row in wanted:
        missing[row.member_id][row.task_id] = _columns(row)
    assert missing.keys() <= set(member_ids), "a batch brings tasks of members that it does not bring"
    changes = TaskChanges([], [], [], Counter())
    for each in stand:
        before, after = each.columns, missing[each.member_id].pop(each.task_id, None)
        if before == after:
            continue
        changes.counts[before[RULE], before[STATE]] -= 1
        if after is None:
            changes.dropped.append(each)
        else:
            changes.counts[after[RULE], after[STATE]] += 1
            changes.changed.append((each, after))
    for member_id, tasks in missing.items():
        for task_id, columns in tasks.items():
            changes.added.append((member_id, task_id, *columns))
            changes.counts[columns[RULE], columns[STATE]] += 1
    return changes


def _columns(row: TaskRow) -> _Columns:
    owner = (row.owner.mcp_id, row.owner.ecm_provider_id, row.owner.lead_cm_id)
    return (row.rule, row.state, *owner, micros_or_none(row.due_at), row.body)
