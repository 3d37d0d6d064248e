"""What a batch does inside its transaction: each field of `Batch` is carried out by one function, in both stores."""

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from models.view import Effect
from services.runtime.store import statements, summing
from services.runtime.store.contract import Batch, MemberRow, MessageRow, PatientRow, QuarantineRow, TaskRow
from services.runtime.store.counting import add_counts, keep_history
from services.runtime.store.session import Row, Session
from services.runtime.store.stamps import micros_or_none
from services.runtime.store.task_changes import Standing, TaskChanges, task_changes
from services.runtime.store.traffic import add_traffic, replace_tellings

_JSON = msgspec.json.Encoder()


class Tail(msgspec.Struct):
    """The last numbers given: of the journal, the outbox, quarantine."""

    journal: int
    outbox: int
    quarantine: int


class Dialect(Protocol):
    """What the two stores do each in its own way."""

    def tasks_of(self, session: Session, member_ids: Collection[str]) -> list[Standing]:
        """The tasks of members."""

    def change_tasks(self, session: Session, changes: TaskChanges) -> None:
        """Drop and change rows that stand."""

    def forget_zeros(self, session: Session, keys: Sequence[Row], shard: int) -> None:
        """Remove those of the counters of measures that have come to nothing."""

    def tail(self, session: Session) -> Tail:
        """The last numbers given; nobody else gives any from here to the end of the transaction."""

    def append(self, session: Session, tail: Tail, batch: Batch) -> list[int]:
        """Keep the lines that a batch brings, behind the tail, and move it; the numbers that they got."""

    def end(self, session: Session, before: Tail, after: Tail, cursor: int | None) -> None:
        """Remember the numbers given, and the cursor where it moves.

        Raises:
            AssertionError: the cursor is beyond the journal.
        """


def carry_out(session: Session, batch: Batch, dialect: Dialect) -> None:
    """Write a batch; the transaction around it makes it all or nothing. What gets a number comes last."""
    _keep_patients(session, batch.patients)
    _keep_members(session, batch.members)
    _replace_tasks(session, batch, dialect)
    session.write_all(statements.SETTLE, [(status, number) for number, status in batch.settled])
    if batch.wake_all:
        session.write(statements.WAKE_ALL)
    else:
        session.write_all(statements.WAKE, [(member_id,) for member_id in sorted(batch.wake)])
    session.write_all(statements.KEEP_REFERENCE, sorted(batch.reference.items()))
    _count(session, batch)
    add_traffic(session, batch.traffic, batch.shard, anew=batch.traffic_anew)
    replace_tellings(session, batch.tellings)
    dialect.forget_zeros(session, add_counts(session, batch.counters, batch.shard), batch.shard)
    keep_history(session, batch.changes, batch.doubts)
    session.add(summing.MEASURED, map(msgspec.structs.astuple, batch.measured), batch.shard)
    if batch.lines or batch.messages or batch.quarantined or batch.effects or batch.cursor is not None:
        _number(session, batch, dialect)


def _keep_patients(session: Session, rows: Sequence[PatientRow]) -> None:
    rows = sorted(rows, key=lambda row: row.key)
    session.write_all(
        statements.KEEP_PATIENT,
        [(row.key, row.facts, *map(_json, (row.neighbours, row.members, row.reviews))) for row in rows],
    )
    told = {(row.key, *each) for row in rows for each in row.identifiers}
    _keep_new(session, statements.PATIENT_IDENTIFIERS, statements.KEEP_PATIENT_IDENTIFIER, told)


def _keep_members(session: Session, rows: Sequence[MemberRow]) -> None:
    rows = sorted(rows, key=lambda row: row.member_id)
    session.write_all(
        statements.KEEP_MEMBER,
        [
            (row.member_id, *map(micros_or_none, (row.derived_at, row.wake_at, row.history_from)), int(row.on_roster))
            for row in rows
        ],
    )
    session.write_all(statements.KEEP_RECORD, [(row.member_id, row.facts, row.view, row.revisions) for row in rows])
    told = {(row.member_id, *each) for row in rows for each in row.identifiers}
    _keep_new(session, statements.MEMBER_IDENTIFIERS, statements.KEEP_MEMBER_IDENTIFIER, told)


def _keep_new(session: Session, stand: str, keep: str, told: set[tuple[str, str, str]]) -> None:
    """Keep identifiers (whose, kind, value) that do not stand: nearly all do, and looking is cheaper than trying."""
    known = session.rows_seen(stand, [(whose,) for whose in sorted({each[0] for each in told})])
    session.write_all(keep, sorted((kind, value, whose) for whose, kind, value in told.difference(known)))


def _replace_tasks(session: Session, batch: Batch, dialect: Dialect) -> None:
    member_ids = sorted({row.member_id for row in batch.members})
    wanted: list[TaskRow] = batch.tasks
    stand = dialect.tasks_of(session, member_ids) if member_ids else []
    changes = task_changes(member_ids, wanted, stand)
    dialect.change_tasks(session, changes)
    session.write_all(statements.KEEP_TASK, changes.added)
    counts = [(*key, number) for key, number in changes.counts.items() if number]
    session.add(summing.TASKS, counts, batch.shard)


def _count(session: Session, batch: Batch) -> None:
    taken = batch.counts.keys() & statements.SIZES.keys()
    assert not taken, f"{sorted(taken)} are sizes, which the store counts itself"
    session.add(summing.LINES, batch.counts.items(), batch.shard)


def _number(session: Session, batch: Batch, dialect: Dialect) -> None:
    before = dialect.tail(session)
    after = msgspec.structs.replace(before)
    seqs = dialect.append(session, after, batch)
    _keep_messages(session, batch.messages, seqs)
    _quarantine(session, batch.quarantined, seqs, after)
    _keep_effects(session, batch.effects, after)
    cursor = after.journal if batch.cursor is None and batch.lines else batch.cursor
    dialect.end(session, before, after, cursor)


def _keep_messages(session: Session, rows: Sequence[MessageRow], seqs: Sequence[int]) -> None:
    places = {(_seq(row.seq, seqs), row.ordinal): row for row in rows}  # a place holds the last one
    values = [(row.name, *place, row.control_id) for place, row in places.items()]
    session.write_all(statements.KEEP_MESSAGE, values)


def _quarantine(session: Session, rows: Sequence[QuarantineRow], seqs: Sequence[int], tail: Tail) -> None:
    if not rows:
        return
    places = [(_seq(row.seq, seqs), row.ordinal) for row in rows]
    taken = set(session.rows_of(statements.QUARANTINED_AT, places))
    kept = []
    for row, place in zip(rows, places, strict=True):
        if place in taken:
            continue
        taken.add(place)
        tail.quarantine += 1
        kept.append((tail.quarantine, row.feed, *place, row.reason, row.where, row.shape, row.fix, row.status))
    session.write_all(statements.KEEP_QUARANTINED, kept)


def _keep_effects(session: Session, effects: Sequence[Effect], tail: Tail) -> None:
    numbered = enumerate(effects, start=tail.outbox + 1)
    rows = [(number, effect.subject, _JSON.encode(effect)) for number, effect in numbered]
    tail.outbox += len(rows)
    session.write_all(statements.KEEP_EFFECT, rows)


def _seq(stated: int, seqs: Sequence[int]) -> int:
    """The seq of a line; one that the batch brings is stated as -(its index + 1)."""
    return stated if stated >= 0 else seqs[-stated - 1]


def _json(names: tuple[str, ...]) -> str:
    return _JSON.encode(names).decode()
