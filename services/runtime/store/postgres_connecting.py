"""Connections to one schema of a PostgreSQL server: how they are set up, and lent to one user at a time."""

import select
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from hashlib import sha256
from typing import Any

import msgspec
import psycopg
from psycopg import IsolationLevel
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

from models.errors import WorldIsAway
from services.runtime.store.contract import StoreIsStrange
from services.runtime.store.postgres_errors import errors_translated, is_lost, not_let_in
from services.runtime.store.postgres_text import adapt

_CONNECT_SECONDS = 3
_VERSION_MIN = 140_000
_PREPARED_MAX = 400
"""More than there are statements: each is planned once for a connection."""
_ALIVE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 15_000}
"""A server that vanished without a word is noticed within some fifteen seconds."""


_NOT_FROZEN = "idle_in_transaction_session_timeout=5s tcp_user_timeout=6s"
"""A frozen process must not hold its locks, neither between two statements nor in the midst of a long result."""
_BY_INDEX = "plan_cache_mode=force_generic_plan enable_seqscan=off enable_hashjoin=off enable_mergejoin=off"
"""What a batch asks is always found by an index. A planner that has not counted a table since it grew would scan it."""


class Use(Enum):
    """What a connection is for, and the settings for that."""

    READ = "default_transaction_read_only=on statement_timeout=0 jit=off"
    """Walks may take their time."""
    WRITE = f"lock_timeout=10s statement_timeout=0 {_BY_INDEX}"
    """The one writer: nobody else waits for it."""
    WORK = f"lock_timeout=10s statement_timeout=60s {_NOT_FROZEN} {_BY_INDEX}"
    """One of several."""
    GLANCE = "default_transaction_read_only=on lock_timeout=2s statement_timeout=2s"
    """An answer soon, or none."""


class Place(msgspec.Struct, frozen=True):
    """A schema of a database. The URL may hold a password and is never shown.

    Args:
        namespace: the schema; letters, digits and underscores.
    """

    url: str
    namespace: str

    def __str__(self) -> str:
        parts = conninfo_to_dict(self.url)
        address = f"{parts.get('host') or 'localhost'}:{parts.get('port') or 5432}"
        return f"{address}/{parts.get('dbname') or parts.get('user') or ''} schema {self.namespace}"

    def __repr__(self) -> str:
        return f"Place({self})"

    def key(self, what: str) -> int:
        """The number of an advisory lock of this store."""
        digest = sha256(f"warmhandoff {self.namespace} {what}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    def connect(self, use: Use) -> psycopg.Connection:
        """A new connection.

        Raises:
            WorldIsAway: the server cannot be reached, or refuses us.
            StoreIsStrange: the server is too old, or the database cannot hold our texts.
        """
        given = conninfo_to_dict(self.url)
        settings = " ".join(f"-c {each}" for each in (f"search_path={self.namespace}", *use.value.split()))
        address = make_conninfo(
            self.url,
            **_ALIVE,
            connect_timeout=_CONNECT_SECONDS,
            client_encoding="utf-8",
            application_name=given.get("application_name") or "warmhandoff",
            options=f"{given.get('options') or ''} {settings}".strip(),
        )
        try:
            connection = psycopg.connect(address, autocommit=True, prepare_threshold=0)
        except psycopg.OperationalError as error:
            raise not_let_in(error, str(self)) from None
        if connection.info.server_version < _VERSION_MIN:
            connection.close()
            raise StoreIsStrange(f"{self}: PostgreSQL 14 or newer is needed.")
        if connection.info.parameter_status("server_encoding") != "UTF8":
            connection.close()
            raise StoreIsStrange(f"{self}: the database must have the encoding UTF8: create another one.")
        connection.prepared_max = _PREPARED_MAX
        connection.isolation_level = IsolationLevel.READ_COMMITTED  # whatever the database's own setting
        adapt(connection)
        return connection


class Connections:
    """Connections of one kind, each used by one call at a time; a few idle ones are kept for the next calls."""

    _IDLE_MAX = 8

    def __init__(self, place: Place, connect: Callable[[], psycopg.Connection]) -> None:
        self._place, self._connect = place, connect
        self._idle: list[psycopg.Connection] = []
        self._closed = False
        self._guard = threading.Lock()

    @contextmanager
    def lend(self) -> Iterator[psycopg.Connection]:
        """A connection outside of any transaction; errors in the block are translated.

        Raises:
            WorldIsAway: the connection is lost, or there is none to be had; the next call tries a new one.
        """
        with errors_translated(str(self._place)):
            connection = self._take()
            try:
                yield connection
            except BaseException as error:
                if is_lost(error):
                    connection.close()
                    self._drop_idle()  # they met the same end
                self._put_back(connection)
                raise
            self._put_back(connection)

    def close(self) -> None:
        """Close the idle connections; those in use close when their call ends."""
        with self._guard:
            self._closed = True
        self._drop_idle()

    def _take(self) -> psycopg.Connection:
        while True:
            with self._guard:
                if self._closed:
                    raise WorldIsAway("the store is closed.")
                if not self._idle:
                    break
                connection = self._idle.pop()
            if not _has_ended(connection):
                return connection
            connection.close()
        return self._connect()

    def _put_back(self, connection: psycopg.Connection) -> None:
        usable = not connection.closed and connection.info.transaction_status == TransactionStatus.IDLE
        with self._guard:
            if usable and not self._closed and len(self._idle) < self._IDLE_MAX:
                self._idle.append(connection)
                return
        connection.close()

    def _drop_idle(self) -> None:
        with self._guard:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


def _has_ended(connection: psycopg.Connection) -> bool:
    """Whether the server has said something to a connection that asked nothing: then it was its last word."""
    ready: Any = select.poll()
    ready.register(connection.fileno(), select.POLLIN)
    return bool(ready.poll(0))
