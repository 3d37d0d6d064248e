"""Migrations of the SQLite file: each is applied in one transaction with the row that records it."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

from models.time import Instant
from services.runtime.store.contract import StoreIsStrange
from services.runtime.store.migration_files import Migration, checked, migrations_in, require_present
from services.runtime.store.sqlite_connecting import errors_translated
from services.runtime.store.stamps import micros

APPLICATION_ID = 0x5741524D  # "WARM", in the file's header: a database with another number is not ours

_FOLDER = Path(__file__).parent / "migrations"
_MIGRATION_TABLE = """
    CREATE TABLE IF NOT EXISTS migration (
        number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL, applied_at INTEGER NOT NULL
    ) STRICT
"""


def known_migrations() -> tuple[Migration, ...]:
    """All migrations of this version of the program."""
    return migrations_in(_FOLDER)


def migrate(connection: sqlite3.Connection, file: Path, now: Callable[[], Instant]) -> None:
    """Bring a file to the present schema; an empty file becomes a store.

    Raises:
        StoreIsStrange: see `applied_migrations`; nothing was changed.
    """
    for migration in known_migrations()[applied_migrations(connection, file) :]:
        _apply(connection, migration, now())


def require_present_schema(connection: sqlite3.Connection, file: Path) -> None:
    """Refuse to read what only a writer may bring up to date.

    Raises:
        NoStore: the file is still empty.
        StoreIsStrange: also when an older version made the store.
    """
    require_present(applied_migrations(connection, file), known_migrations(), file, file.parent)


def applied_migrations(connection: sqlite3.Connection, file: Path) -> int:
    """How many migrations the file has; 0 for an empty one.

    Raises:
        StoreIsStrange: no database, somebody else's, of a newer version, or of a changed migration.
    """
    try:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if application_id == APPLICATION_ID:
            rows = connection.execute("SELECT number, name, sha256 FROM migration ORDER BY number").fetchall()
            return checked(rows, known_migrations(), file)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_NOTADB:
            raise StoreIsStrange(f"{file}: not a database. Nothing was changed; name another folder.") from error
        with errors_translated():
            raise
    if tables or application_id:
        raise StoreIsStrange(f"{file}: a database of another program. Nothing was changed; name another folder.")
    return 0


def _apply(connection: sqlite3.Connection, migration: Migration, at: Instant) -> None:
    row = (migration.number, migration.name, migration.sha256, micros(at))
    with errors_translated():
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(_MIGRATION_TABLE)
            for statement in _statements(migration.sql):
                connection.execute(statement)
            connection.execute("INSERT INTO migration VALUES (?, ?, ?, ?)", row)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _statements(sql: str) -> Iterator[str]:
    """The statements one by one: `executescript` would commit between them."""
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
