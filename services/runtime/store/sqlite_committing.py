"""What a batch does inside its transaction: each field of `Batch` is carried out by one function."""

import sqlite3
from collections.abc import Sequence

import msgspec

from models.time import Instant
from models.view import Effect
from services.runtime.store import sqlite_queries as queries
from services.runtime.store.contract import Batch, MemberRow, PatientRow, QuarantineRow, TaskRow
from services.runtime.store.sqlite_connecting import micros
from services.runtime.store.sqlite_traffic import add_traffic, replace_tellings

_JSON = msgspec.json.Encoder()


def carry_out(connection: sqlite3.Connection, batch: Batch) -> None:
    """Write a batch; the transaction around it makes it all or nothing."""
    _patients(connection, batch.patients)
    _members(connection, batch.members)
    _tasks(connection, {row.member_id for row in batch.members}, batch.tasks)
    connection.executemany(queries.KEEP_MESSAGE, map(msgspec.structs.astuple, batch.messages))
    _quarantine(connection, batch.quarantined)
    connection.executemany(queries.SETTLE, [(status, number) for number, status in batch.settled])
    _effects(connection, batch.effects)
    _wake(connection, batch)
    connection.executemany(queries.KEEP_REFERENCE, batch.reference.items())
    _counts(connection, batch.counts)
    add_traffic(connection, batch.traffic, anew=batch.traffic_anew)
    replace_tellings(connection, batch.tellings)
    connection.executemany(queries.KEEP_MEASURED, map(msgspec.structs.astuple, batch.measured))
    if batch.cursor is not None:
        (head,) = connection.execute(queries.HEAD).fetchone()
        assert 0 <= batch.cursor <= head, f"cursor {batch.cursor} is beyond the journal's head {head}"
        connection.execute(queries.KEEP_CURSOR, (batch.cursor,))


def _patients(connection: sqlite3.Connection, rows: Sequence[PatientRow]) -> None:
    for row in rows:
        names = (_JSON.encode(each).decode() for each in (row.neighbours, row.members, row.reviews))
        connection.execute(queries.KEEP_PATIENT, (row.key, row.facts, *names))
        pairs = [(kind, value, row.key) for kind, value in row.identifiers]
        connection.executemany(queries.KEEP_PATIENT_IDENTIFIER, pairs)


def _members(connection: sqlite3.Connection, rows: Sequence[MemberRow]) -> None:
    for row in rows:
        times = _micros_or_none(row.derived_at), _micros_or_none(row.wake_at)
        connection.execute(queries.KEEP_MEMBER, (row.member_id, *times, row.on_roster))
        connection.execute(queries.KEEP_RECORD, (row.member_id, row.facts, row.view, row.revisions))
        pairs = [(kind, value, row.member_id) for kind, value in row.identifiers]
        connection.executemany(queries.KEEP_MEMBER_IDENTIFIER, pairs)


def _tasks(connection: sqlite3.Connection, member_ids: set[str], rows: Sequence[TaskRow]) -> None:
    """Replace the members' tasks, touching only rows that differ: most of a member's tasks are long closed."""
    strangers = {row.member_id for row in rows} - member_ids
    assert not strangers, "a batch brings tasks of members that it does not bring"
    standing = {row[0]: row for member_id in member_ids for row in connection.execute(queries.TASKS_OF, (member_id,))}
    wanted = {row.task_id: _task(row) for row in rows}
    connection.executemany(queries.DROP_TASK, [(task_id,) for task_id in standing.keys() - wanted.keys()])
    changed = [row for task_id, row in wanted.items() if standing.get(task_id) != row]
    connection.executemany(queries.KEEP_TASK, changed)


def _quarantine(connection: sqlite3.Connection, rows: Sequence[QuarantineRow]) -> None:
    (number,) = connection.execute(queries.QUARANTINE_HEAD).fetchone()
    for row in rows:
        where = (row.feed, row.seq, row.ordinal)
        values = (number + 1, *where, row.reason, row.where, row.shape, row.fix, row.status)
        # An ignored row takes no number.
        number += connection.execute(queries.KEEP_QUARANTINED, values).rowcount


def _effects(connection: sqlite3.Connection, effects: Sequence[Effect]) -> None:
    (position,) = connection.execute(queries.OUTBOX_HEAD).fetchone()
    rows = [
        (number, effect.id, effect.subject, effect.member_id, _JSON.encode(effect))
        for number, effect in enumerate(effects, start=position + 1)
    ]
    connection.executemany(queries.KEEP_EFFECT, rows)


def _wake(connection: sqlite3.Connection, batch: Batch) -> None:
    if batch.wake_all:
        connection.execute(queries.WAKE_ALL)
    else:
        connection.executemany(queries.WAKE, [(member_id,) for member_id in batch.wake])


def _counts(connection: sqlite3.Connection, counts: dict[str, int]) -> None:
    taken = counts.keys() & queries.SIZES.keys()
    assert not taken, f"{sorted(taken)} are sizes, which the store counts itself"
    connection.executemany(queries.ADD_COUNT, counts.items())


def _task(row: TaskRow) -> tuple[object, ...]:
    owner = (row.owner.mcp_id, row.owner.ecm_provider_id, row.owner.lead_cm_id)
    return (row.task_id, row.member_id, row.rule, row.state, _micros_or_none(row.due_at), *owner, row.body)


def _micros_or_none(at: Instant | None) -> int | None:
    return None if at is None else micros(at)
