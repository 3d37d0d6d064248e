"""The store in a PostgreSQL schema: one writing process (`open`), or several (`join`), and any number of readers."""

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Self

import psycopg

from models.errors import WorldIsAway
from models.ledger import BETWEEN, Answered
from models.time import Instant
from services.runtime.store import postgres_queries as queries
from services.runtime.store.appending import WITHIN_MICROS, hashed, weight_of
from services.runtime.store.cluster_contract import ClusterStore, Cursor, Partition
from services.runtime.store.contract import Appended, Batch, NewLine, StoreIsBusy
from services.runtime.store.postgres_appending import Note, append_lines, note_answers, replace_answer
from services.runtime.store.postgres_committing import carry_out
from services.runtime.store.postgres_connecting import Connections, Place, Use
from services.runtime.store.postgres_errors import errors_translated
from services.runtime.store.postgres_migrating import migrate
from services.runtime.store.postgres_months import Months
from services.runtime.store.postgres_reader import Pooled, PostgresReader, reading
from services.runtime.store.postgres_session import PostgresSession
from services.runtime.store.postgres_text import Blobs, Numbers, Texts
from services.runtime.store.postgres_transaction import PostgresTransaction, cursor_of, now_of, transaction
from services.runtime.store.stamps import instant, micros
from services.runtime.store.writer import Writer, Written

_PATIENCE_S, _LOOK_AGAIN_S = 2.0, 0.02
"""How long the server may take to notice that a process that was killed is gone."""

_ON_DISK = """
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')
"""
"""What was acknowledged is kept, whatever the database's own setting; one that waits for more servers stands."""


class PostgresStore(PostgresReader, Written[PostgresSession], ClusterStore):
    """`services.runtime.store.cluster_contract.ClusterStore` in one schema; close it, or use it in a `with`."""

    def __init__(self, place: Place, writing: Connections, working: Connections) -> None:
        super().__init__(place, Pooled(reading(place)))
        self._writing, self._working = writing, working
        self._months = Months(place, working)
        self._writer = Writer[PostgresSession](_Engine(writing, self._months))

    @classmethod
    def open(cls, url: str, namespace: str, *, now: Callable[[], Instant]) -> Self:  # type: ignore[override]
        """Open a store as its one writer, making it where there is none.

        Args:
            url: of the database.
            namespace: the schema.
            now: tells when a migration was applied.

        Raises:
            StoreIsBusy: another process writes to it.
            StoreIsStrange: the schema is no store of this version; nothing was changed.
            WorldIsAway: the database cannot be reached.
        """
        place = Place(url, namespace)
        writing = Connections(place, partial(_claimed, place, Use.WRITE, "pg_try_advisory_lock"))
        return cls._opened(place, writing, Connections(place, partial(place.connect, Use.WORK)), now)

    @classmethod
    def join(cls, url: str, namespace: str, *, now: Callable[[], Instant]) -> Self:
        """Open a store as one of several writers, making it where there is none.

        Raises:
            StoreIsBusy: a process writes to it that wants to be the only one.
            StoreIsStrange, WorldIsAway: as `open`.
        """
        place = Place(url, namespace)
        sharing = partial(_claimed, place, Use.WORK, "pg_try_advisory_lock_shared")
        return cls._opened(place, Connections(place, sharing), Connections(place, sharing), now)

    @classmethod
    def assist(cls, url: str, namespace: str) -> Self:
        """Open a store for a helper of the process that has opened it as its one writer, and waits for the helper.

        Raises:
            WorldIsAway: the database cannot be reached.
        """
        place = Place(url, namespace)
        connect = partial(place.connect, Use.WORK)
        return cls(place, Connections(place, connect), Connections(place, connect))

    @classmethod
    def attend(cls, url: str, namespace: str, *, now: Callable[[], Instant]) -> Self:
        """Open a store for a process that receives, and derives nothing: it may go on while another has the store for
        itself (`open`), but not begin then.

        Raises:
            StoreIsBusy, StoreIsStrange, WorldIsAway: as `join`.
        """
        cls.join(url, namespace, now=now).close()
        return cls.assist(url, namespace)

    @classmethod
    def _opened(cls, place: Place, writing: Connections, working: Connections, now: Callable[[], Instant]) -> Self:
        try:
            with writing.lend() as connection:
                migrate(connection, place, now)
        except BaseException:
            writing.close()
            raise
        return cls(place, writing, working)

    def append(
        self, lines: Sequence[NewLine], *, once: bool = False, checkpoint: tuple[bytes, int] | None = None
    ) -> "Future[list[Appended]]":
        kept = [hashed(line) for line in lines]
        work = partial(append_lines, months=self._months, lines=kept, once=once, checkpoint=checkpoint)
        return self._writer.submit(work, weight_bytes=weight_of(lines), lines=len(lines))

    def answered(self, rows: Sequence[Answered]) -> None:
        self._writer.note([Note(row) for row in rows])

    def note_answered(self, rows: Sequence[tuple[bytes, Instant, Answered]]) -> None:
        self._writer.note([Note(row, sha256, micros(at)) for sha256, at, row in rows])

    def answers_of(self, asked: Sequence[tuple[str, bytes, Instant]]) -> list[tuple[Instant, bytes | None] | None]:
        until = Numbers(micros(at) for _, _, at in asked)
        values = (
            Numbers(range(len(asked))),
            Texts(feed for feed, _, _ in asked),
            Blobs(sha256 for _, sha256, _ in asked),
            Numbers(at - WITHIN_MICROS for at in until if at is not None),
            until,
        )
        told: list[tuple[Instant, bytes | None] | None] = [None] * len(asked)
        with self._snapshot() as session:
            # What the journal says counts more: an answer may have been replaced there.
            for query, more in ((queries.ANSWERED_IN_LEDGER, (BETWEEN,)), (queries.ANSWERED_IN_JOURNAL, ())):
                for index, at, answer in session.rows(query, *values, *more):
                    before = told[index]
                    told[index] = instant(at), before[1] if answer is None and before else answer
        return told

    def set_answer(self, seq: int, answer: bytes) -> "Future[None]":
        return self._writer.submit(partial(replace_answer, seq=seq, answer=answer), weight_bytes=len(answer))

    def commit(self, batch: Batch) -> None:
        self._writer.submit_alone(partial(carry_out, batch=batch, months=self._months)).result()

    def transaction(self) -> AbstractContextManager[PostgresTransaction]:
        return transaction(self.place, self._working, self._months)

    def raise_epoch(self, instance: str) -> int:
        with self._working.lend() as connection:
            return int(PostgresSession(connection).rows(queries.RAISE_EPOCH, instance)[0][0])

    def cursors_now(self, partitions: Collection[Partition]) -> dict[Partition, Cursor]:
        with errors_translated(str(self.place)), self.place.connect(Use.GLANCE) as connection:
            return dict(map(cursor_of, PostgresSession(connection).rows_of(queries.CURSORS, partitions)))

    def now(self) -> Instant:
        with self._moment() as session:
            return now_of(session)

    def close(self) -> None:
        super().close()
        self._writer.close()
        self._working.close()


class _Engine:
    """`services.runtime.store.writer.Engine` on the one connection of the writing thread; a lost one is replaced."""

    def __init__(self, connections: Connections, months: Months) -> None:
        self._connections, self._months = connections, months

    def transact(self, works: Sequence[Callable[[PostgresSession], Any]]) -> list[Any]:
        try:
            with self._connections.lend() as connection, connection.transaction():
                return [work(PostgresSession(connection)) for work in works]
        except WorldIsAway:
            self._months.forget()
            raise

    def note(self, connection: PostgresSession, rows: Sequence[Note]) -> None:
        note_answers(connection, rows)

    def rest(self) -> None:
        """The server looks after itself."""

    def close(self) -> None:
        self._connections.close()


def _claimed(place: Place, use: Use, claim: str) -> psycopg.Connection:
    """A connection that holds its share of the right to write for as long as it lasts.

    Args:
        claim: the function that locks, for one alone or for several.
    """
    connection = place.connect(use)
    try:
        end = time.monotonic() + _PATIENCE_S
        while connection.execute(f"SELECT {claim}(%s)", (place.key("writer"),)).fetchone() != (True,):
            if time.monotonic() > end:
                raise StoreIsBusy(
                    f"{place}: another process is writing to this store.\n"
                    "  Commands that read work beside it. Wait until it ends, or stop it;"
                    " a service takes files from its drop folder."
                )
            time.sleep(_LOOK_AGAIN_S)
        connection.execute(_ON_DISK)
    except BaseException:
        connection.close()
        raise
    return connection
