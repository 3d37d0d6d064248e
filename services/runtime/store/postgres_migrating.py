"""Migrations of a schema in PostgreSQL: each is applied in one transaction with the row that records it."""

from collections.abc import Callable
from pathlib import Path

import psycopg

from models.time import Instant
from services.runtime.store.contract import StoreIsStrange
from services.runtime.store.migration_files import Migration, checked, migrations_in, require_present
from services.runtime.store.postgres_connecting import Place
from services.runtime.store.stamps import micros

_FOLDER = Path(__file__).parent / "migrations_postgres"
_MIGRATION_TABLE = """
    CREATE TABLE IF NOT EXISTS migration (
        number bigint PRIMARY KEY, name text COLLATE "C" NOT NULL, sha256 bytea NOT NULL, applied_at bigint NOT NULL
    )
"""
_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind IN ('r', 'p', 'v', 'm')"


def known_migrations() -> tuple[Migration, ...]:
    """All migrations of this version of the program."""
    return migrations_in(_FOLDER)


def migrate(connection: psycopg.Connection, place: Place, now: Callable[[], Instant]) -> None:
    """Bring a schema to the present state, making it where there is none; one process at a time does so.

    Raises:
        StoreIsStrange: see `applied_migrations`; nothing was changed.
    """
    if applied_migrations(connection, place) == len(known_migrations()):
        return
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (place.key("migrate"),))
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {place.namespace}")
        for migration in known_migrations()[applied_migrations(connection, place) :]:
            with connection.transaction():
                connection.execute(_MIGRATION_TABLE)
                connection.execute(migration.sql, prepare=False)  # many statements in one
                row = (migration.number, migration.name, migration.sha256, micros(now()))
                connection.execute("INSERT INTO migration VALUES (%s, %s, %s, %s)", row)


def require_present_schema(connection: psycopg.Connection, place: Place) -> None:
    """Refuse to read what only a writer may bring up to date.

    Raises:
        NoStore: there is no such schema, or it is still empty.
        StoreIsStrange: also when an older version made the store.
    """
    require_present(applied_migrations(connection, place), known_migrations(), place, place)


def applied_migrations(connection: psycopg.Connection, place: Place) -> int:
    """How many migrations the schema has; 0 where there is none, or nothing in it.

    Raises:
        StoreIsStrange: somebody else's, of a newer version, or of a changed migration.
    """
    tables = {name for (name,) in connection.execute(_TABLES, (place.namespace,))}
    if "migration" in tables:
        rows = connection.execute("SELECT number, name, sha256 FROM migration ORDER BY number", binary=True).fetchall()
        return checked(rows, known_migrations(), place)
    if tables:
        raise StoreIsStrange(f"{place}: holds tables of another program. Nothing was changed; use another `--store`.")
    return 0
