"""What a batch does inside its transaction: each field of `Batch` is carried out by one function."""

import sqlite3
from collections.abc import Sequence

import msgspec

from models.time import Instant
from models.view import Effect
from services.runtime.store import sqlite_queries as queries
from services.runtime.store.contract import Batch, MemberRow, PatientRow, QuarantineRow
from services.runtime.store.sqlite_connecting import micros
from services.runtime.store.sqlite_counting import add_counts, keep_history
from services.runtime.store.sqlite_tasks import replace_tasks
from services.runtime.store.sqlite_traffic import add_traffic, replace_tellings

_JSON = msgspec.json.Encoder()


def carry_out(connection: sqlite3.Connection, batch: Batch) -> None:
    """Write a batch; the transaction around it makes it all or nothing."""
    _patients(connection, batch.patients)
    _members(connection, batch.members)
    replace_tasks(connection, {row.member_id for row in batch.members}, batch.tasks)
    connection.executemany(queries.KEEP_MESSAGE, map(msgspec.structs.astuple, batch.messages))
    _quarantine(connection, batch.quarantined)
    connection.executemany(queries.SETTLE, [(status, number) for number, status in batch.settled])
    _effects(connection, batch.effects)
    _wake(connection, batch)
    connection.executemany(queries.KEEP_REFERENCE, batch.reference.items())
    _counts(connection, batch.counts)
    add_traffic(connection, batch.traffic, anew=batch.traffic_anew)
    replace_tellings(connection, batch.tellings)
    add_counts(connection, batch.counters)
    keep_history(connection, batch.changes, batch.doubts)
    connection.executemany(queries.KEEP_MEASURED, map(msgspec.structs.astuple, batch.measured))
    if batch.cursor is not None:
        (head,) = connection.execute(queries.HEAD).fetchone()
        assert 0 <= batch.cursor <= head, f"cursor {batch.cursor} is beyond the journal's head {head}"
        connection.execute(queries.KEEP_CURSOR, (batch.cursor,))


def _patients(connection: sqlite3.Connection, rows: Sequence[PatientRow]) -> None:
    connection.executemany(
        queries.KEEP_PATIENT,
        [(row.key, row.facts, *map(_json, (row.neighbours, row.members, row.reviews))) for row in rows],
    )
    told = [(kind, value, row.key) for row in rows for kind, value in row.identifiers]
    connection.executemany(queries.KEEP_PATIENT_IDENTIFIER, told)


def _members(connection: sqlite3.Connection, rows: Sequence[MemberRow]) -> None:
    connection.executemany(
        queries.KEEP_MEMBER,
        [
            (row.member_id, *map(_micros_or_none, (row.derived_at, row.wake_at, row.history_from)), row.on_roster)
            for row in rows
        ],
    )
    connection.executemany(queries.KEEP_RECORD, [(row.member_id, row.facts, row.view, row.revisions) for row in rows])
    told = [(kind, value, row.member_id) for row in rows for kind, value in row.identifiers]
    connection.executemany(queries.KEEP_MEMBER_IDENTIFIER, told)


def _quarantine(connection: sqlite3.Connection, rows: Sequence[QuarantineRow]) -> None:
    (number,) = connection.execute(queries.QUARANTINE_HEAD).fetchone()
    for row in rows:
        where = (row.feed, row.seq, row.ordinal)
        values = (number + 1, *where, row.reason, row.where, row.shape, row.fix, row.status)
        # An ignored row takes no number.
        number += connection.execute(queries.KEEP_QUARANTINED, values).rowcount


def _effects(connection: sqlite3.Connection, effects: Sequence[Effect]) -> None:
    (position,) = connection.execute(queries.OUTBOX_HEAD).fetchone()
    rows = [(number, effect.subject, _JSON.encode(effect)) for number, effect in enumerate(effects, start=position + 1)]
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


def _json(names: tuple[str, ...]) -> str:
    return _JSON.encode(names).decode()


def _micros_or_none(at: Instant | None) -> int | None:
    return None if at is None else micros(at)
