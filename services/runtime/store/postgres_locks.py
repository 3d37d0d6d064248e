"""Names locked for the length of a transaction: as rows, since there may be more than PostgreSQL has other locks."""

from collections.abc import Collection
from hashlib import sha256

import psycopg
from psycopg import errors

from services.runtime.store import postgres_queries as queries
from services.runtime.store.postgres_session import PostgresSession


def lock_names(session: PostgresSession, names: Collection[str]) -> None:
    """Lock names, waiting for whoever has them.

    Everybody takes them in order of their hash. Rows are made first: whoever makes one that another is making waits for
    the other's end, and holds nothing but rows that it made itself and that come before.
    """
    keys = _keys(names)
    session.write_all(queries.NEW_NAMES, keys)
    session.rows_of(queries.LOCK_NAMES, keys)


def try_lock_names(session: PostgresSession, names: Collection[str]) -> bool:
    """Lock names, if nobody has any of them; else lock none. Waits for nobody."""
    try:
        with session.connection.transaction() as savepoint:
            if _lock_free(session, _keys(names)):
                return True
            raise psycopg.Rollback(savepoint)
    except errors.LockNotAvailable:
        pass  # another is making one of the rows just now
    return False


def _lock_free(session: PostgresSession, keys: list[tuple[int]]) -> bool:
    """Lock what is there, then make what is not; False as soon as another has one."""
    free = set(session.rows_of(queries.TRY_NAMES, keys))
    missing = [key for key in keys if key not in free]
    if not missing:
        return True
    if session.rows_of(queries.NAMES, missing):
        return False
    # A row that another has made and not committed cannot be seen, only waited for: as short as there is.
    (before,) = session.rows("SELECT current_setting('lock_timeout')")[0]
    session.write("SELECT set_config('lock_timeout', '1ms', true)")
    session.write_all(queries.NEW_NAMES, missing)
    session.write("SELECT set_config('lock_timeout', ?, true)", before)
    return len(session.rows_of(queries.TRY_NAMES, missing)) == len(missing)


def _keys(names: Collection[str]) -> list[tuple[int]]:
    digests = (sha256(name.encode()).digest() for name in names)
    return sorted({(int.from_bytes(each[:8], "big", signed=True),) for each in digests})
