"""What a batch does in the SQLite store alone: tasks by their number, and numbers after the last row."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Sequence

from services.runtime.store import committing
from services.runtime.store import sqlite_queries as queries
from services.runtime.store.committing import Tail
from services.runtime.store.contract import Batch
from services.runtime.store.session import Row, Session
from services.runtime.store.sqlite_session import SqliteSession
from services.runtime.store.task_changes import OWNER, REST, RULE, STATE, Standing, TaskChanges, standing


def carry_out(connection: sqlite3.Connection, batch: Batch) -> None:
    """Write a batch inside the transaction of a connection."""
    assert not batch.lines, "lines come by `append` where there is one writer"
    committing.carry_out(SqliteSession(connection), batch, _SqliteDialect())


class _SqliteDialect:
    def tasks_of(self, session: Session, member_ids: Collection[str]) -> list[Standing]:
        return list(map(standing, session.rows_of(queries.TASKS_OF, [(each,) for each in member_ids])))

    def change_tasks(self, session: Session, changes: TaskChanges) -> None:
        """Write only what differs: an UPDATE moves the entries of every index on a column that it names."""
        changed: dict[str, list[Row]] = defaultdict(list)
        for stands, after in changes.changed:
            before, (number,) = stands.columns, stands.place
            changed[queries.CHANGE_TASK].append((*after[REST], number))
            if before[STATE] != after[STATE]:
                changed[queries.CHANGE_TASK_STATE].append((after[STATE], number))
            if (before[RULE], before[OWNER]) != (after[RULE], after[OWNER]):
                changed[queries.CHANGE_TASK_OWNER].append((after[RULE], *after[OWNER], number))
        session.write_all(queries.DROP_TASK, [each.place for each in changes.dropped])
        for query, values in changed.items():
            session.write_all(query, values)

    def forget_zeros(self, session: Session, keys: Sequence[Row], shard: int) -> None:  # noqa: ARG002 - one writer
        session.write_all(queries.DROP_MEASURE_COUNT, keys)

    def tail(self, session: Session) -> Tail:
        return Tail(*session.rows(queries.TAIL)[0])

    def append(self, session: Session, tail: Tail, batch: Batch) -> list[int]:  # noqa: ARG002 - see `carry_out`
        return []

    def end(self, session: Session, before: Tail, after: Tail, cursor: int | None) -> None:
        del before  # the rows themselves tell the last numbers
        if cursor is not None:
            assert 0 <= cursor <= after.journal, f"cursor {cursor} is beyond the journal's head {after.journal}"
            session.write(queries.KEEP_CURSOR, cursor)
