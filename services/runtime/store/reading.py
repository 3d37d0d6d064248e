"""The reading half of both stores: what is asked the same way of either."""

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from datetime import timedelta
from hashlib import sha256
from typing import ClassVar, Concatenate, ParamSpec, Self, TypeVar

import msgspec

from models.ledger import Answered
from models.measure import CounterKey, Sums
from models.measured import Measured
from models.owner import Owner
from models.patients import prefix_of
from models.time import Instant
from models.traffic import AnswerCount, FeedCount, Telling
from models.view import Effect
from services.runtime.store import counting, statements, traffic
from services.runtime.store.chaining import NOTHING_YET, link
from services.runtime.store.contract import (
    CountChange,
    JournalLine,
    MemberRow,
    MessageRow,
    OutboxRow,
    PatientRow,
    QuarantineRow,
    Reader,
    TaskRow,
    walk_lines,
)
from services.runtime.store.session import Row, Session
from services.runtime.store.stamps import instant, instant_or_none, micros

P = ParamSpec("P")
T = TypeVar("T")

_EFFECTS = msgspec.json.Decoder(Effect)
_NAMES = msgspec.json.Decoder(tuple[str, ...])


class SqlReader(Reader, ABC):
    """`services.runtime.store.contract.Reader`; where the databases are asked differently, each says how."""

    HEAD: ClassVar[str]
    CURSOR: ClassVar[str]
    MESSAGES: ClassVar[str]
    OUTBOX_OF: ClassVar[str]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def close(self) -> None: ...
    @abstractmethod
    def tasks(
        self, *, states: Collection[str] = (), rule: str = "", provider: str = "", mcp: str = "", task_id: str = ""
    ) -> list[TaskRow]: ...
    @abstractmethod
    def acks(self, seqs: Collection[int]) -> list[Answered]: ...
    @abstractmethod
    def subjects(self, prefix: str, limit: int) -> list[str]: ...
    @abstractmethod
    def still(self) -> AbstractContextManager["SqlReader"]: ...
    @abstractmethod
    def read_until(self) -> Instant | None: ...
    @abstractmethod
    def backup(self, path: str) -> None: ...

    @abstractmethod
    def _snapshot(self) -> AbstractContextManager[Session]:
        """A session that sees one committed state throughout the block."""

    def _moment(self) -> AbstractContextManager[Session]:
        """A session for a single statement."""
        return self._snapshot()

    def cursor(self) -> int:
        return int(self._rows(self.CURSOR)[0][0])

    def head(self) -> int:
        return int(self._rows(self.HEAD)[0][0])

    def lines(self, after: int, limit: int) -> list[JournalLine]:
        return [_line(row) for row in self._rows(statements.LINES, after, limit)]

    def line(self, seq: int) -> JournalLine | None:
        rows = self._rows(statements.LINE, seq)
        return _line(rows[0]) if rows else None

    def broken_chain(self) -> list[tuple[str, int]]:
        with self.still() as still:
            head, rows = still.head(), still._rows(statements.FEED_ENDS)
        ends = {name: (seq, chain) for name, seq, chain in rows}
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
        with self._snapshot() as session:
            return {row.key: row for row in _patients(session, session.rows_of(statements.PATIENTS, _each(keys)))}

    def patient_keys(self, after: str, limit: int) -> list[str]:
        return [row[0] for row in self._rows(statements.PATIENT_KEYS, after, limit)]

    def patients_with(self, identifiers: Collection[tuple[str, str]]) -> set[str]:
        return {row[0] for row in self._rows_of(statements.PATIENTS_WITH, identifiers)}

    def parked(self, after: str, limit: int) -> list[PatientRow]:
        with self._snapshot() as session:
            return _patients(session, session.rows(statements.PARKED, after, limit))

    def to_review(self, after: str, limit: int) -> list[PatientRow]:
        with self._snapshot() as session:
            return _patients(session, session.rows(statements.TO_REVIEW, after, limit))

    def members(self, ids: Collection[str]) -> dict[str, MemberRow]:
        with self._snapshot() as session:
            rows = session.rows_of(statements.MEMBERS, _each(ids))
            identifiers = _identifiers(session, statements.MEMBER_IDENTIFIERS, rows)
            return {row[0]: _member(row, identifiers[row[0]]) for row in rows}

    def member_ids(self, after: str, limit: int) -> list[str]:
        return [row[0] for row in self._rows(statements.MEMBER_IDS, after, limit)]

    def members_with(self, identifiers: Collection[tuple[str, str]]) -> set[str]:
        return {row[0] for row in self._rows_of(statements.MEMBERS_WITH, identifiers)}

    def due(self, at: Instant, limit: int) -> list[str]:
        return [row[0] for row in self._rows(statements.DUE, micros(at), limit)]

    def next_wake(self) -> Instant | None:
        return instant_or_none(self._rows(statements.NEXT_WAKE)[0][0])

    def messages(self, names: Collection[str]) -> list[MessageRow]:
        found = [MessageRow(*row) for row in self._rows_of(self.MESSAGES, _each(names))]
        return sorted(found, key=lambda row: (row.seq, row.ordinal, row.name))

    def ack_times(self) -> list[int]:
        return [row[0] for row in self._rows(statements.ACK_TIMES)]

    def quarantine(self, *, status: str = "", number: int | None = None) -> list[QuarantineRow]:
        if number is not None:
            rows = self._rows(statements.QUARANTINED, number)
        elif status:
            rows = self._rows(statements.QUARANTINED_IN, status)
        else:
            rows = self._rows(statements.ALL_QUARANTINED)
        return [row for row in (QuarantineRow(*each) for each in rows) if status in ("", row.status)]

    def outbox(self, after: int, limit: int) -> list[OutboxRow]:
        return list(map(effect_of, self._rows(statements.OUTBOX, after, limit)))

    def outbox_of(self, subject: str) -> list[OutboxRow]:
        return list(map(effect_of, self._rows(self.OUTBOX_OF, subject)))

    def reference(self, name: str) -> bytes | None:
        rows = self._rows(statements.REFERENCE, name)
        return rows[0][0] if rows else None

    def counts(self) -> dict[str, int]:
        with self._snapshot() as session:
            sizes = {name: session.rows(statement)[0][0] for name, statement in statements.SIZES.items()}
            return dict(session.rows(statements.COUNTERS)) | sizes

    def feeds(self) -> list[str]:
        return self._read(traffic.read_feeds)

    def traffic(self, feed: str, start: Instant, end: Instant, span: timedelta) -> list[FeedCount]:
        return self._read(traffic.read_traffic, feed, start, end, span)

    def last_heard(self, feed: str, at: Instant) -> Instant | None:
        return self._read(traffic.read_last_heard, feed, at)

    def answers(self, feed: str, start: Instant, end: Instant) -> list[AnswerCount]:
        return self._read(traffic.read_answers, feed, start, end)

    def tellings(self, since: Instant, until: Instant) -> list[list[Telling]]:
        return self._read(traffic.read_tellings, since, until)

    def quarantine_depth(self) -> dict[tuple[str, str], int]:
        return {(feed, reason): n for feed, reason, n in self._rows(statements.QUARANTINE_DEPTH)}

    def patients_of(self, feed: str) -> tuple[int, int]:
        # They lie between their prefix, which ends in "|", and the same with the letter after it.
        prefix = prefix_of(feed)
        keys = (prefix, f"{prefix[:-1]}}}")
        with self._snapshot() as session:
            told, parked = (session.rows(each, *keys)[0][0] for each in (statements.PATIENTS_OF, statements.PARKED_OF))
        return told, parked

    def measured(self) -> list[Measured]:
        return [Measured(*row) for row in self._rows(statements.MEASURED)]

    def task_counts(self) -> dict[tuple[str, str], int]:
        return {(rule, state): n for rule, state, n in self._rows(statements.TASK_COUNTS)}

    def measure_counts(self) -> dict[CounterKey, Sums]:
        return self._read(counting.read_counts)

    def measure_changes(self, after: Instant, number: int, limit: int) -> list[CountChange]:
        return self._read(counting.read_changes, after, number, limit)

    def in_doubt(self, at: Instant) -> set[str]:
        return self._read(counting.read_in_doubt, at)

    def checkpoint(self, sha256: bytes) -> int:
        rows = self._rows(statements.CHECKPOINT, sha256)
        return rows[0][0] if rows else 0

    def _read(self, ask: Callable[Concatenate[Session, P], T], *values: P.args, **named: P.kwargs) -> T:
        with self._snapshot() as session:
            return ask(session, *values, **named)

    def _rows(self, statement: str, *values: object) -> list[Row]:
        with self._moment() as session:
            return session.rows(statement, *values)

    def _rows_of(self, statement: str, keys: Iterable[tuple[object, ...]]) -> list[Row]:
        with self._moment() as session:
            return session.rows_of(statement, keys)


def task_of(row: Row) -> TaskRow:
    """A row of `statements.TASK`."""
    task_id, member_id, rule, state, due_at, mcp_id, ecm_provider_id, lead_cm_id, body = row
    owner = Owner(mcp_id, ecm_provider_id, lead_cm_id)
    return TaskRow(task_id, member_id, rule, state, instant_or_none(due_at), owner, body)


def effect_of(row: Row) -> OutboxRow:
    """A row of position and effect."""
    return OutboxRow(row[0], _EFFECTS.decode(row[1]))


def ack_of(row: Row) -> Answered:
    """A row of the ACK ledger, its number first."""
    _, feed, seq, control_id, received_at, kept_at, code, duration, repeat, answer = row
    return Answered(feed, seq, control_id, instant(received_at), instant(kept_at), code, duration, bool(repeat), answer)


def _each(names: Collection[str]) -> list[tuple[str]]:
    return [(name,) for name in names]


def _holds(line: JournalLine, previous: bytes) -> bool:
    right = link(previous, line.feed, line.kind, micros(line.received_at), line.sha256)
    return line.chain == right and line.sha256 == sha256(line.body).digest()


def _line(row: Row) -> JournalLine:
    seq, feed, received_at, kind, body, digest, chain = row
    return JournalLine(seq, feed, instant(received_at), kind, body, digest, chain)


def _identifiers(session: Session, statement: str, rows: list[Row]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, kind, value in session.rows_of(statement, [(row[0],) for row in rows]):
        found[key].append((kind, value))
    return found


def _patients(session: Session, rows: list[Row]) -> list[PatientRow]:
    identifiers = _identifiers(session, statements.PATIENT_IDENTIFIERS, rows)
    return [
        PatientRow(key, facts, tuple(sorted(identifiers[key])), *map(_NAMES.decode, (neighbours, members, reviews)))
        for key, facts, neighbours, members, reviews in rows
    ]


def _member(row: Row, identifiers: list[tuple[str, str]]) -> MemberRow:
    member_id, facts, view, revisions, *times, on_roster = row
    derived_at, wake_at, history_from = map(instant_or_none, times)
    told = tuple(sorted(identifiers))
    return MemberRow(member_id, facts, told, view, revisions, derived_at, wake_at, bool(on_roster), history_from)
