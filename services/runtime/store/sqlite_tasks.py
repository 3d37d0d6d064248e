"""Tasks in the SQLite store: members' rows become what they should be, and only what differs is written."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from services.runtime.store import sqlite_queries as queries
from services.runtime.store.contract import TaskRow
from services.runtime.store.sqlite_connecting import micros

_Columns = tuple[object, ...]
_RULE, _STATE, _OWNER, _REST = 0, 1, slice(2, 5), slice(5, 7)
"""Where they are in a row's columns, as `TASKS_OF` gives and `KEEP_TASK` takes them."""


def replace_tasks(connection: sqlite3.Connection, member_ids: Collection[str], rows: Sequence[TaskRow]) -> None:
    """Replace the tasks of members by these rows; most of a member's tasks are long closed and stay as they are."""
    wanted: dict[str, dict[str, _Columns]] = defaultdict(dict)
    for row in rows:
        wanted[row.member_id][row.task_id] = _columns(row)
    assert wanted.keys() <= set(member_ids), "a batch brings tasks of members that it does not bring"
    changes = _Changes()
    for member_id in member_ids:
        tasks = wanted[member_id]
        for number, task_id, *stands in connection.execute(queries.TASKS_OF, (member_id,)):
            changes.replace(number, tuple(stands), tasks.pop(task_id, None))
        for task_id, columns in tasks.items():
            changes.add(member_id, task_id, columns)
    changes.carry_out(connection)


class _Changes:
    """Rows to add, to drop and to change, by the columns that differ: an UPDATE moves the entries of every index on a
    column that it names, also where the value stays.
    """

    def __init__(self) -> None:
        self._dropped: list[_Columns] = []
        self._added: list[_Columns] = []
        self._changed: dict[str, list[_Columns]] = defaultdict(list)
        self._counts: Counter[tuple[object, object]] = Counter()

    def add(self, member_id: str, task_id: str, columns: _Columns) -> None:
        self._added.append((member_id, task_id, *columns))
        self._counts[columns[_RULE], columns[_STATE]] += 1

    def replace(self, number: int, before: _Columns, after: _Columns | None) -> None:
        if before == after:
            return
        self._counts[before[_RULE], before[_STATE]] -= 1
        if after is None:
            self._dropped.append((number,))
            return
        self._counts[after[_RULE], after[_STATE]] += 1
        self._changed[queries.CHANGE_TASK].append((*after[_REST], number))
        if before[_STATE] != after[_STATE]:
            self._changed[queries.CHANGE_TASK_STATE].append((after[_STATE], number))
        if (before[_RULE], before[_OWNER]) != (after[_RULE], after[_OWNER]):
            self._changed[queries.CHANGE_TASK_OWNER].append((after[_RULE], *after[_OWNER], number))

    def carry_out(self, connection: sqlite3.Connection) -> None:
        connection.executemany(queries.DROP_TASK, self._dropped)
        for query, values in self._changed.items():
            connection.executemany(query, values)
        connection.executemany(queries.KEEP_TASK, self._added)
        connection.executemany(queries.COUNT_TASKS, [(*word, n) for word, n in self._counts.items() if n])


def _columns(row: TaskRow) -> _Columns:
    owner = (row.owner.mcp_id, row.owner.ecm_provider_id, row.owner.lead_cm_id)
    return (row.rule, row.state, *owner, None if row.due_at is None else micros(row.due_at), row.body)
