"""The reading half of the PostgreSQL store: any thread, any process, beside writers."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Protocol, Self

from psycopg import IsolationLevel

from models.errors import WorldIsAway
from models.ledger import Answered
from models.time import Instant
from services.runtime.store import postgres_queries as queries
from services.runtime.store import statements
from services.runtime.store.contract import TaskRow
from services.runtime.store.postgres_connecting import Connections, Place, Use
from services.runtime.store.postgres_migrating import require_present_schema
from services.runtime.store.postgres_session import PostgresSession
from services.runtime.store.postgres_text import Texts
from services.runtime.store.reading import SqlReader, ack_of, task_of
from services.runtime.store.session import Session
from services.runtime.store.stamps import instant_or_none


class Sessions(Protocol):
    """Where a reader gets its sessions."""

    def snapshot(self) -> AbstractContextManager[Session]:
        """One that sees one committed state throughout the block."""

    def moment(self) -> AbstractContextManager[Session]:
        """One for a single statement."""

    def close(self) -> None:
        """Let go of them."""


class PostgresReader(SqlReader):
    """A store to read only: `services.runtime.store.contract.Reader` over a schema of a database."""

    HEAD, CURSOR, MESSAGES, OUTBOX_OF = queries.HEAD, queries.CURSOR, queries.MESSAGES, queries.OUTBOX_OF

    def __init__(self, place: Place, sessions: Sessions) -> None:
        self.place, self._sessions = place, sessions

    @classmethod
    def open(cls, url: str, namespace: str) -> Self:
        """Read the store of a namespace.

        Raises:
            NoStore: nothing was ever put into it.
            StoreIsStrange: it is no store of this version.
            WorldIsAway: the database cannot be reached.
        """
        place = Place(url, namespace)
        connections = reading(place)
        try:
            with connections.lend() as connection:
                require_present_schema(connection, place)
        except BaseException:
            connections.close()
            raise
        return cls(place, Pooled(connections))

    def close(self) -> None:
        self._sessions.close()

    def read_until(self) -> Instant | None:
        return instant_or_none(self._rows(queries.READ_UNTIL)[0][0])

    def tasks(
        self, *, states: Collection[str] = (), rule: str = "", provider: str = "", mcp: str = "", task_id: str = ""
    ) -> list[TaskRow]:
        filters = {"task_id": task_id, "provider": provider, "states": Texts(states), "rule": rule, "mcp": mcp}
        given = {name: value for name, value in filters.items() if value}
        where = " AND ".join(queries.TASKS_WHERE[name] for name in given)
        query = f"{statements.TASK} WHERE {where} {statements.TASK_ORDER}" if where else statements.ALL_TASKS
        return list(map(task_of, self._rows(query, *given.values())))

    def acks(self, seqs: Collection[int]) -> list[Answered]:
        keys = [(seq,) for seq in seqs]
        with self._snapshot() as session:
            rows = session.rows_of(queries.ACKS, keys) + session.rows_of(queries.ACKS_BY_CONTENT, keys)
        return [ack_of(row) for row in sorted(rows, key=lambda row: row[0])]

    def subjects(self, prefix: str, limit: int) -> list[str]:
        # What begins with a text lies between the text, and the text with the last of all characters behind it.
        return [row[0] for row in self._rows(queries.SUBJECTS, prefix, f"{prefix}\U0010ffff", limit)]

    @contextmanager
    def still(self, moment: str = "") -> Iterator["PostgresReader"]:
        """See `Reader.still`.

        Args:
            moment: that of another reader which stands still, in this process or another one: the same state.
        """
        with self._sessions.snapshot() as session:
            if moment:
                assert set(moment) <= set("0123456789ABCDEF-"), "no name of a moment"
                session.write(f"SET TRANSACTION SNAPSHOT '{moment}'")
            yield PostgresReader(self.place, Single(session))

    def moment(self) -> str:
        """The name of the state that a reader sees that stands still; it lasts as long as that one."""
        return str(self._rows(queries.EXPORT)[0][0])

    def backup(self, path: str) -> None:
        """A database is backed up by its own means.

        Raises:
            WorldIsAway: always, with the command.
        """
        raise WorldIsAway(
            f"{path}: this store is in a database; nothing was written. Back it up with its own program:\n"
            f"  pg_dump --format=custom --schema={self.place.namespace} --file={path} DATABASE"
        )

    def _snapshot(self) -> AbstractContextManager[Session]:
        return self._sessions.snapshot()

    def _moment(self) -> AbstractContextManager[Session]:
        return self._sessions.moment()


def reading(place: Place) -> Connections:
    """Connections for readers."""
    return Connections(place, partial(place.connect, Use.READ))


class Pooled:
    """Sessions over connections that are lent."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """In a transaction that sees one state."""
        with self._connections.lend() as connection:
            connection.isolation_level = IsolationLevel.REPEATABLE_READ
            with connection.transaction():
                yield PostgresSession(connection)

    @contextmanager
    def moment(self) -> Iterator[Session]:
        """A statement sees one state by itself."""
        with self._connections.lend() as connection:
            yield PostgresSession(connection)

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()


class Single:
    """One session inside its transaction, in the place of many."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """The one."""
        yield self._session

    moment = snapshot

    def close(self) -> None:
        """Whoever opened it closes it."""
