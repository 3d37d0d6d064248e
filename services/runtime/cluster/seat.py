"""The seat of the one publisher of a namespace, and what it remembers: both on one PostgreSQL connection.

The lock and the memory go down together: who has lost the connection leads no longer and can remember nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Self

import msgspec
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from models.measure import CounterKey, Sums
from services.runtime.cluster.marks import Heads, Mark

_BEAT_S = 1.0
_ANSWER_S = 10
_SETTINGS = {
    # A frozen process keeps its sockets open: only its silence tells. After these, another may sit down.
    "idle_session_timeout": "5s",
    "statement_timeout": f"{_ANSWER_S}s",
}

_TAKE = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
_HEADS = "SELECT (SELECT coalesce(max(position), 0) FROM outbox), (SELECT coalesce(max(id), 0) FROM quarantine)"
_MARK = "SELECT body FROM published WHERE stream = 'outbox' AND body IS NOT NULL"
_COUNTERS = "SELECT body FROM published WHERE stream LIKE 'count|%%' AND body IS NOT NULL"
_REMEMBER = """
    WITH gone AS (DELETE FROM published WHERE stream = ANY (%s))
    INSERT INTO published (stream, position, body) SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bytea[])
    ON CONFLICT (stream) DO UPDATE SET position = excluded.position, body = excluded.body
"""


Counters = Mapping[CounterKey, Sums]


class Seat:
    """A connection that leads, or waits to lead, the publishing of a namespace."""

    def __init__(self, connection: AsyncConnection[TupleRow], namespace: str) -> None:
        self._connection = connection
        self._namespace = namespace

    @classmethod
    @asynccontextmanager
    async def at(cls, url: str, namespace: str) -> AsyncIterator[Self]:
        """Connect; the seat is given up at the end.

        Raises:
            psycopg.Error: also by every other call, when the database is away or took the seat back.
        """
        given = conninfo_to_dict(url).get("options") or ""
        settings = {**_SETTINGS, "search_path": namespace}
        ours = [f"-c {name}={value}" for name, value in settings.items()]
        connection = await AsyncConnection.connect(
            url,
            autocommit=True,
            connect_timeout=3,
            options=" ".join([str(given), *ours]),
            application_name=f"warmhandoff publisher {namespace}",
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=_ANSWER_S * 1000,
        )
        try:
            yield cls(connection, namespace)
        finally:
            await connection.close()

    async def taken(self) -> bool:
        """Sit down, unless another sits there."""
        return bool((await self._row(_TAKE, f"{self._namespace}.outbox"))[0])

    async def held(self) -> None:
        """Show that we live, until cancelled or the connection is lost."""
        while True:
            await self.heads()
            await asyncio.sleep(_BEAT_S)

    async def heads(self) -> Heads:
        """How far the streams were written."""
        return Heads(*await self._row(_HEADS))

    async def remembered(self) -> Mark:
        """How far they were published, as `remember` was told."""
        rows = await self._rows(_MARK)
        return msgspec.json.decode(rows[0][0], type=Mark) if rows else Mark()

    async def counters(self) -> Counters:
        """The counters as they were published last."""
        rows = await self._rows(_COUNTERS)
        return dict(msgspec.msgpack.decode(body, type=tuple[CounterKey, Sums]) for (body,) in rows)

    async def remember(self, mark: Mark, counters: Mapping[CounterKey, Sums | None]) -> None:
        """Keep what was published, in one transaction. Of the counters, only those that are other than before; None:
        it is gone.
        """
        rows = [("outbox", mark.published.outbox, msgspec.json.encode(mark))]
        rows += [(_stream(key), 0, msgspec.msgpack.encode((key, sums))) for key, sums in counters.items() if sums]
        gone = [_stream(key) for key, sums in counters.items() if not sums]
        async with asyncio.timeout(_ANSWER_S):
            await self._connection.execute(_REMEMBER, [gone, *(list(column) for column in zip(*rows, strict=True))])

    def drop(self) -> None:
        """Lose the connection, for a test."""
        self._connection.pgconn.finish()

    async def _row(self, query: str, *values: str) -> TupleRow:
        (row,) = await self._rows(query, *values)
        return row

    async def _rows(self, query: str, *values: str) -> list[TupleRow]:
        async with asyncio.timeout(_ANSWER_S):  # a database that is frozen closes nothing and answers nothing
            return await (await self._connection.execute(query, values)).fetchall()


def _stream(key: CounterKey) -> str:
    """A hash: owners are texts from files, which may hold what PostgreSQL's text cannot."""
    return f"count|{sha256(msgspec.json.encode(key)).hexdigest()}"
