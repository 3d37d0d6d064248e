"""The reading half of the SQLite store: any thread, any process, beside a writer."""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import msgspec

from models.ledger import Answered
from models.measure import CounterKey, Sums
from models.measured import Measured
from models.owner import Owner
from models.patients import prefix_of
from models.time import Instant
from models.traffic import AnswerCount, FeedCount, Telling
from models.view import Effect
from services.runtime.store import sqlite_queries as queries
from services.runtime.store.chaining import NOTHING_YET, link
from services.runtime.store.contract import (
    CountChange,
    JournalLine,
    MemberRow,
    MessageRow,
    NoStore,
    OutboxRow,
    PatientRow,
    QuarantineRow,
    TaskRow,
    walk_lines,
)
from services.runtime.store.migrating import require_present_schema
from services.runtime.store.sqlite_backup import back_up
from services.runtime.store.sqlite_connecting import FILE_NAME, ReadingPool, errors_translated, instant, micros
from services.runtime.store.sqlite_counting import read_changes, read_counts, read_in_doubt
from services.runtime.store.sqlite_traffic import (
    read_answers,
    read_feeds,
    read_last_heard,
    read_tellings,
    read_traffic,
)

_EFFECTS = msgspec.json.Decoder(Effect)
_NAMES = msgspec.json.Decoder(tuple[str, ...])


class SqliteReader:
    """A store to read only: `services.runtime.store.contract.Reader` over the file in a folder.

    It writes nothing of its own; SQLite may leave its empty `-wal` and `-shm` files beside the store's.
    """

    def __init__(self, pool: "ReadingPool | _Still") -> None:
        self._pool = pool

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Read the store in a folder.

        Raises:
            NoStore: nothing was ever put into it.
            StoreIsStrange: the file is no store of this version.
        """
        file = folder / FILE_NAME
        if not file.exists():
            raise NoStore(f"{folder}: no store here yet. Load something first: `warmhandoff load PATH`.")
        reader = cls(ReadingPool(file))
        try:
            with reader._pool.snapshot() as connection:
                require_present_schema(connection, file)
        except BaseException:
            reader.close()
            raise
        return reader

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._pool.close()

    def cursor(self) -> int:
        return int(self._value(queries.CURSOR))

    def head(self) -> int:
        return int(self._value(queries.HEAD))

    def lines(self, after: int, limit: int) -> list[JournalLine]:
        return [_line(row) for row in self._rows(queries.LINES, after, limit)]

    def line(self, seq: int) -> JournalLine | None:
        rows = self._rows(queries.LINE, seq)
        return _line(rows[0]) if rows else None

    def broken_chain(self) -> list[tuple[str, int]]:
        with self._pool.snapshot() as connection:
            head = connection.execute(queries.HEAD).fetchone()[0]
            ends = {name: (seq, chain) for name, seq, chain in connection.execute(queries.FEEDS)}
        # The journal only grows, so a walk up to that head sees that one state without holding on to it.
        broken: dict[str, int] = {}
        seen: dict[str, tuple[int, bytes]] = {}
        for line in walk_lines(self):
            if line.seq > head:
                break
            _, previous = seen.get(line.feed, (0, NOTHING_YET))
            if not _holds(line, previous):
                broken.setdefault(line.feed, line.seq)
            seen[line.feed] = line.seq, line.chain
        for feed in ends.keys() | seen.keys():
            if ends.get(feed) != seen.get(feed):
                last, _ = ends.get(feed) or seen[feed]
                broken.setdefault(feed, last)
        return sorted(broken.items())

    def patients(self, keys: Collection[str]) -> dict[str, PatientRow]:
        with self._pool.snapshot() as connection:
            rows = [row for key in keys for row in connection.execute(queries.PATIENT, (key,))]
            return {row[0]: _patient(connection, row) for row in rows}

    def patient_keys(self, after: str, limit: int) -> list[str]:
        return [row[0] for row in self._rows(queries.PATIENT_KEYS, after, limit)]

    def patients_with(self, identifiers: Collection[tuple[str, str]]) -> set[str]:
        return self._words_for_each(queries.PATIENTS_WITH, identifiers)

    def parked(self, after: str, limit: int) -> list[PatientRow]:
        with self._pool.snapshot() as connection:
            rows = connection.execute(queries.PARKED, (after, limit)).fetchall()
            return [_patient(connection, row) for row in rows]

    def to_review(self, after: str, limit: int) -> list[PatientRow]:
        with self._pool.snapshot() as connection:
            rows = connection.execute(queries.TO_REVIEW, (after, limit)).fetchall()
            return [_patient(connection, row) for row in rows]

    def members(self, ids: Collection[str]) -> dict[str, MemberRow]:
        with self._pool.snapshot() as connection:
            found = {each: connection.execute(queries.MEMBER, (each,)).fetchone() for each in ids}
            return {each: _member(connection, each, row) for each, row in found.items() if row is not None}

    def member_ids(self, after: str, limit: int) -> list[str]:
        return [row[0] for row in self._rows(queries.MEMBER_IDS, after, limit)]

    def members_with(self, identifiers: Collection[tuple[str, str]]) -> set[str]:
        return self._words_for_each(queries.MEMBERS_WITH, identifiers)

    def due(self, at: Instant, limit: int) -> list[str]:
        return [row[0] for row in self._rows(queries.DUE, micros(at), limit)]

    def next_wake(self) -> Instant | None:
        return _instant_or_none(self._value(queries.NEXT_WAKE))

    def tasks(
        self, *, states: Collection[str] = (), rule: str = "", provider: str = "", mcp: str = "", task_id: str = ""
    ) -> list[TaskRow]:
        given = {"task_id": task_id, "provider": provider, "states": states, "rule": rule, "mcp": mcp}
        query = next((query for name, query in queries.TASKS_BY.items() if given[name]), queries.ALL_TASKS)
        filters = {**given, "states": msgspec.json.encode(sorted(states)).decode()}
        with self._pool.snapshot() as connection:
            return [_task(row) for row in connection.execute(query, filters)]

    def messages(self, names: Collection[str]) -> list[MessageRow]:
        found = [MessageRow(*row) for row in self._rows_for_each(queries.MESSAGES, [(name,) for name in set(names)])]
        return sorted(found, key=lambda row: (row.seq, row.ordinal, row.name))

    def acks(self, seqs: Collection[int]) -> list[Answered]:
        return [_ack(row) for row in sorted(self._rows_for_each(queries.ACKS, [(seq,) for seq in set(seqs)]))]

    def ack_times(self) -> list[int]:
        return [row[0] for row in self._rows(queries.ACK_TIMES)]

    def quarantine(self, *, status: str = "", number: int | None = None) -> list[QuarantineRow]:
        if number is not None:
            rows = self._rows(queries.QUARANTINED, number)
        elif status:
            rows = self._rows(queries.QUARANTINED_IN, status)
        else:
            rows = self._rows(queries.ALL_QUARANTINED)
        return [row for row in (QuarantineRow(*each) for each in rows) if status in ("", row.status)]

    def outbox(self, after: int, limit: int) -> list[OutboxRow]:
        return [_effect(row) for row in self._rows(queries.OUTBOX, after, limit)]

    def outbox_of(self, subject: str) -> list[OutboxRow]:
        return [_effect(row) for row in self._rows(queries.OUTBOX_OF, subject)]

    def subjects(self, prefix: str, limit: int) -> list[str]:
        return [row[0] for row in self._rows(queries.SUBJECTS, prefix, limit)]

    def reference(self, name: str) -> bytes | None:
        rows = self._rows(queries.REFERENCE, name)
        return rows[0][0] if rows else None

    def counts(self) -> dict[str, int]:
        with self._pool.snapshot() as connection:
            sizes = {name: connection.execute(query).fetchone()[0] for name, query in queries.SIZES.items()}
            return dict(connection.execute(queries.COUNTERS).fetchall()) | sizes

    def feeds(self) -> list[str]:
        with self._pool.snapshot() as connection:
            return read_feeds(connection)

    def traffic(self, feed: str, start: Instant, end: Instant, span: timedelta) -> list[FeedCount]:
        with self._pool.snapshot() as connection:
            return read_traffic(connection, feed, start, end, span)

    def last_heard(self, feed: str, at: Instant) -> Instant | None:
        with self._pool.snapshot() as connection:
            return read_last_heard(connection, feed, at)

    def answers(self, feed: str, start: Instant, end: Instant) -> list[AnswerCount]:
        with self._pool.snapshot() as connection:
            return read_answers(connection, feed, start, end)

    def tellings(self, since: Instant, until: Instant) -> list[list[Telling]]:
        with self._pool.snapshot() as connection:
            return read_tellings(connection, since, until)

    def quarantine_depth(self) -> dict[tuple[str, str], int]:
        return {(feed, reason): n for feed, reason, n in self._rows(queries.QUARANTINE_DEPTH)}

    def patients_of(self, feed: str) -> tuple[int, int]:
        # They lie between their prefix, which ends in "|", and the same with the letter after it.
        prefix = prefix_of(feed)
        keys = (prefix, f"{prefix[:-1]}}}")
        with self._pool.snapshot() as connection:
            told, parked = (connection.execute(q, keys).fetchone()[0] for q in (queries.PATIENTS_OF, queries.PARKED_OF))
        return told, parked

    def measured(self) -> list[Measured]:
        return [Measured(*row) for row in self._rows(queries.MEASURED)]

    def task_counts(self) -> dict[tuple[str, str], int]:
        return {(rule, state): n for rule, state, n in self._rows(queries.TASK_COUNTS)}

    def measure_counts(self) -> dict[CounterKey, Sums]:
        with self._pool.snapshot() as connection:
            return read_counts(connection)

    def measure_changes(self, after: Instant, number: int, limit: int) -> list[CountChange]:
        with self._pool.snapshot() as connection:
            return read_changes(connection, after, number, limit)

    def in_doubt(self, at: Instant) -> set[str]:
        with self._pool.snapshot() as connection:
            return read_in_doubt(connection, at)

    @contextmanager
    def still(self) -> Iterator["SqliteReader"]:
        with self._pool.snapshot() as connection:
            yield SqliteReader(_Still(connection))

    def checkpoint(self, sha256: bytes) -> int:
        rows = self._rows(queries.CHECKPOINT, sha256)
        return rows[0][0] if rows else 0

    def backup(self, path: str) -> None:
        with self._pool.snapshot() as connection:
            back_up(connection, Path(path))

    def _rows(self, query: str, *values: object) -> list[Any]:
        with self._pool.snapshot() as connection:
            return connection.execute(query, values).fetchall()

    def _value(self, query: str) -> Any:
        return self._rows(query)[0][0]

    def _rows_for_each(self, query: str, values: Collection[tuple[object, ...]]) -> list[Any]:
        with self._pool.snapshot() as connection:
            return [row for each in values for row in connection.execute(query, each)]

    def _words_for_each(self, query: str, pairs: Collection[tuple[str, str]]) -> set[str]:
        return {row[0] for row in self._rows_for_each(query, pairs)}


class _Still:
    """One connection inside its transaction, in the place of a pool."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        with errors_translated():
            yield self._connection

    def close(self) -> None:
        """Whoever opened it closes it."""


def _holds(line: JournalLine, previous: bytes) -> bool:
    right = link(previous, line.feed, line.kind, micros(line.received_at), line.sha256)
    return line.chain == right and line.sha256 == sha256(line.body).digest()


def _instant_or_none(stamp: int | None) -> Instant | None:
    return None if stamp is None else instant(stamp)


def _line(row: Any) -> JournalLine:
    seq, feed, received_at, kind, body, digest, chain = row
    return JournalLine(seq, feed, instant(received_at), kind, body, digest, chain)


def _ack(row: Any) -> Answered:
    _, feed, seq, control_id, received_at, kept_at, code, duration, repeat, answer = row
    return Answered(feed, seq, control_id, instant(received_at), instant(kept_at), code, duration, bool(repeat), answer)


def _patient(connection: sqlite3.Connection, row: Any) -> PatientRow:
    key, facts, neighbours, members, reviews = row
    identifiers = tuple(connection.execute(queries.PATIENT_IDENTIFIERS, (key,)))
    names = map(_NAMES.decode, (neighbours, members, reviews))
    return PatientRow(key, facts, identifiers, *names)


def _member(connection: sqlite3.Connection, member_id: str, row: Any) -> MemberRow:
    facts, view, revisions, derived_at, wake_at, history_from, on_roster = row
    identifiers = tuple(connection.execute(queries.MEMBER_IDENTIFIERS, (member_id,)))
    derived_at, wake_at, history_from = map(_instant_or_none, (derived_at, wake_at, history_from))
    return MemberRow(member_id, facts, identifiers, view, revisions, derived_at, wake_at, bool(on_roster), history_from)


def _task(row: Any) -> TaskRow:
    task_id, member_id, rule, state, due_at, mcp_id, ecm_provider_id, lead_cm_id, body = row
    owner = Owner(mcp_id, ecm_provider_id, lead_cm_id)
    return TaskRow(task_id, member_id, rule, state, _instant_or_none(due_at), owner, body)


def _effect(row: Any) -> OutboxRow:
    return OutboxRow(row[0], _EFFECTS.decode(row[1]))
