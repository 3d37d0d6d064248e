"""A database that is put back to what it was."""

from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.end_to_end.running import until


class Backup:
    """A copy of a database as it is now. Whoever is connected meanwhile loses the connection.

    It is made and put back by the server itself: `pg_dump` is not everywhere where a server is.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._name = parts.path.removeprefix("/")
        self._copy = f"{self._name}_backup"
        self._server = urlunsplit(parts._replace(path="/postgres"))
        self._do("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        until(self._is_deserted)
        self._do("CREATE DATABASE {copy} TEMPLATE {name}")
        self._do("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")

    def restore(self) -> None:
        """Have the database be as it was; once."""
        self._do("DROP DATABASE {name} WITH (FORCE)")
        self._do("ALTER DATABASE {copy} RENAME TO {name}")

    def _is_deserted(self) -> bool:
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(self._server, autocommit=True) as connection:
            return not connection.execute(query, [self._name]).fetchall()

    def _do(self, statement: str) -> None:
        names = {"name": sql.Identifier(self._name), "copy": sql.Identifier(self._copy)}
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(**names))
