"""A transaction of one of several workers: it reads, locks and writes on one connection."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from models.errors import WorldIsAway
from models.time import Instant
from services.runtime.store import postgres_queries as queries
from services.runtime.store.appending import hashed
from services.runtime.store.cluster_contract import Cursor, Partition, Transaction
from services.runtime.store.contract import Batch, NewLine
from services.runtime.store.postgres_appending import known_lines
from services.runtime.store.postgres_committing import carry_out
from services.runtime.store.postgres_connecting import Connections, Place
from services.runtime.store.postgres_locks import lock_names, try_lock_names
from services.runtime.store.postgres_months import Months
from services.runtime.store.postgres_reader import PostgresReader, Single
from services.runtime.store.postgres_session import PostgresSession
from services.runtime.store.session import Row, Session
from services.runtime.store.stamps import instant, instant_or_none, micros_or_none


class PostgresTransaction(PostgresReader, Transaction):
    """`services.runtime.store.cluster_contract.Transaction`. It sees, statement by statement, what others commit: what
    must not change meanwhile is locked by name.
    """

    def __init__(self, place: Place, session: PostgresSession, months: Months) -> None:
        super().__init__(place, Single(session))
        self._session, self._months = session, months

    def commit(self, batch: Batch) -> None:
        carry_out(self._session, batch, self._months)

    def cursors(self, partitions: Collection[Partition]) -> dict[Partition, Cursor]:
        keys = sorted(set(partitions))
        self._session.write_all(queries.NEW_CURSORS, [(*key, b"") for key in keys])
        return dict(map(cursor_of, self._session.rows_of(queries.LOCK_CURSORS, keys)))

    def move(self, cursors: Mapping[Partition, Cursor]) -> None:
        rows = [
            (*partition, each.offset, each.sha256, micros_or_none(each.clear_until))
            for partition, each in sorted(cursors.items())
        ]
        self._session.write_all(queries.MOVE_CURSORS, rows)

    def known(self, lines: Sequence[NewLine], once: Sequence[bool]) -> list[int | None]:
        return known_lines(self._session, [hashed(line) for line in lines], once)

    def lock(self, names: Collection[str]) -> None:
        lock_names(self._session, names)

    def try_lock(self, names: Collection[str]) -> bool:
        return try_lock_names(self._session, names)

    def share_reference(self) -> None:
        self._session.write("SELECT pg_advisory_xact_lock_shared(?)", self.place.key("reference"))

    def own_reference(self) -> None:
        self._session.write("SELECT pg_advisory_xact_lock(?)", self.place.key("reference"))

    def hold_epoch(self, instance: str, epoch: int) -> bool:
        rows = self._session.rows(queries.EPOCH, instance)
        return not rows or rows[0][0] <= epoch

    def take_time(self) -> None:
        self._session.write("SELECT set_config('idle_in_transaction_session_timeout', '5min', true)")


@contextmanager
def transaction(place: Place, connections: Connections, months: Months) -> Iterator[PostgresTransaction]:
    """A transaction on a connection of its own."""
    try:
        with connections.lend() as connection, connection.transaction():
            yield PostgresTransaction(place, PostgresSession(connection), months)
    except WorldIsAway:
        months.forget()  # the database may come back as an older one
        raise


def cursor_of(row: Row) -> tuple[Partition, Cursor]:
    """A row of `postgres_queries.CURSORS`."""
    topic, number, offset, sha256, clear_until = row
    return (topic, number), Cursor(offset, sha256, instant_or_none(clear_until))


def now_of(session: Session) -> Instant:
    """The database's clock."""
    return instant(session.rows(queries.NOW)[0][0])
