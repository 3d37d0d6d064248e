"""The schema's history: numbered SQL files, each applied in one transaction with the row that records it."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec

from models.time import Instant
from services.runtime.store.contract import NoStore, StoreIsStrange
from services.runtime.store.sqlite_connecting import errors_translated, micros

APPLICATION_ID = 0x5741524D  # "WARM", in the file's header: a database with another number is not ours

_FOLDER = Path(__file__).parent / "migrations"
_FILE_NAME = re.compile(r"(?P<number>\d{4})_(?P<name>\w+)\.sql")
_MIGRATION_TABLE = """
    CREATE TABLE IF NOT EXISTS migration (
        number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL, applied_at INTEGER NOT NULL
    ) STRICT
"""


class Migration(msgspec.Struct, frozen=True):
    """One numbered step; once shipped, its bytes never change."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> bytes:
        """What the store remembers of it."""
        return sha256(self.sql.encode()).digest()

    def statements(self) -> Iterator[str]:
        """The statements one by one: `executescript` would commit between them."""
        pending = ""
        for line in self.sql.splitlines(keepends=True):
            pending += line
            if sqlite3.complete_statement(pending):
                yield pending
                pending = ""


@cache
def known_migrations() -> tuple[Migration, ...]:
    """All migrations of this version of the program, numbered from 1 without a gap."""
    migrations = []
    for file in sorted(_FOLDER.glob("*.sql")):
        match = _FILE_NAME.fullmatch(file.name)
        assert match, f"{file.name} is no name of a migration"
        migrations.append(Migration(int(match["number"]), match["name"], file.read_text("utf-8")))
    assert [each.number for each in migrations] == list(range(1, len(migrations) + 1)), "migrations have a gap"
    return tuple(migrations)


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
    applied, known = applied_migrations(connection, file), len(known_migrations())
    if applied == 0:
        raise NoStore(f"{file.parent}: no store here yet. Load something first: `warmhandoff load PATH`.")
    if applied < known:
        raise StoreIsStrange(
            f"{file}: made by an older version, schema {applied} < {known}.\n"
            "  Start the service or load something once: that upgrades the store."
        )


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
            return _checked(rows, file)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_NOTADB:
            raise StoreIsStrange(f"{file}: not a database. Nothing was changed; name another folder.") from error
        with errors_translated():
            raise
    if tables or application_id:
        raise StoreIsStrange(f"{file}: a database of another program. Nothing was changed; name another folder.")
    return 0


def _checked(rows: list[tuple[int, str, bytes]], file: Path) -> int:
    known = known_migrations()
    newest = rows[-1][0] if rows else 0
    if newest > len(known):
        raise StoreIsStrange(f"{file}: made by a newer version, schema {newest} > {len(known)}: upgrade warmhandoff.")
    for (number, name, digest), migration in zip(rows, known, strict=False):
        if (number, digest) != (migration.number, migration.sha256):
            raise StoreIsStrange(
                f"{file}: migration {number} ({name}) is not the one this version ships.\n"
                "  Use the version that made the store; nothing was changed."
            )
    return len(rows)


def _apply(connection: sqlite3.Connection, migration: Migration, at: Instant) -> None:
    row = (migration.number, migration.name, migration.sha256, micros(at))
    with errors_translated():
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(_MIGRATION_TABLE)
            for statement in migration.statements():
                connection.execute(statement)
            connection.execute("INSERT INTO migration VALUES (?, ?, ?, ?)", row)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
