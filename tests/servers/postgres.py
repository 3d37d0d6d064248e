"""A real PostgreSQL, on a free port of 127.0.0.1, with fsync as in production."""

import os
import pwd
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.servers.process import PATIENCE_S, CannotBeHad, Server, ServerFailed, run

ROLE = "warmhandoff"
SUPERUSER = "postgres"
DEBIAN = Path("/usr/lib/postgresql")
UNPRIVILEGED = ("postgres", "nobody")
"""Who runs the server when the tests run as root, which PostgreSQL refuses; the first that this machine knows."""
STOPS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "fsync": "on",
    "synchronous_commit": "on",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # statements hold what tests wrote; the words of the error are enough
    "shared_buffers": "64MB",
}


class Postgres:
    """A PostgreSQL somewhere, by the address of one of its databases."""

    def __init__(self, address: str) -> None:
        """
        Args:
            address: `postgresql://user@host:port/database` of somebody who may create databases.
        """
        self.address = address

    def url(self, database: str = "postgres") -> str:
        """The address of another database there."""
        return urlunsplit(urlsplit(self.address)._replace(path=f"/{database}"))

    def create_database(self, name: str) -> str:
        """Create an empty database; give its address."""
        self._do("CREATE DATABASE {}", name)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, with whoever is still connected to it."""
        self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _do(self, statement: str, name: str) -> None:
        with psycopg.connect(self.address, autocommit=True, connect_timeout=int(PATIENCE_S)) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))


class PostgresServer(Server, Postgres):
    """A PostgreSQL of one's own, to be stopped, killed and frozen.

    Its databases belong to a role that is no superuser, and sort by the rules of English unless told otherwise: a store
    that forgot to ask for a privilege or for `COLLATE "C"` finds out here.
    """

    end_signal = signal.SIGQUIT  # SIGKILL would leave a segment of shared memory behind each time

    def __init__(self, *, watch: int | None = None, settings: Mapping[str, str] | None = None) -> None:
        """
        Args:
            watch: the process at whose end the server ends too (default: this one).
            settings: configuration parameters besides, or instead of, SETTINGS.

        Raises:
            CannotBeHad: there is no PostgreSQL server on this machine.
        """
        self._programs = _programs()
        self.user = _unprivileged()
        Server.__init__(self, watch=watch)
        Postgres.__init__(self, f"postgresql://{ROLE}@127.0.0.1:{self.port}/postgres")
        self._settings = {**SETTINGS, "port": str(self.port), **(settings or {})}
        self._has_role = False

    def admin_url(self, database: str = "postgres") -> str:
        """The address for a superuser."""
        return self.url(database).replace(f"//{ROLE}@", f"//{SUPERUSER}@")

    def make(self) -> None:
        if self.user:
            shutil.chown(self.folder, self.user)
        who = ["-U", SUPERUSER, "-A", "trust"]
        initdb = [str(self._programs / "initdb"), "-D", str(self._data), *who, "-E", "UTF8", "--no-sync"]
        try:
            run([*initdb, "--locale=C", "--locale-provider=icu", "--icu-locale=en-US"], user=self.user)
        except ServerFailed:  # older than 15, or built without ICU
            run([*initdb, "--locale=C.UTF-8"], user=self.user)

    def start(self) -> None:
        super().start()
        if not self._has_role:
            with psycopg.connect(self.admin_url(), autocommit=True) as connection:
                connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
            self._has_role = True

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """Stop it: `smart` waits for clients to go, `fast` rolls them back, `immediate` recovers at the next start."""
        self._send_and_wait(STOPS[mode])

    def restart(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        self.stop(mode)
        self.start()

    def command(self) -> list[str]:
        options = [part for key, value in self._settings.items() for part in ("-c", f"{key}={value}")]
        return [str(self._programs / "postgres"), "-D", str(self._data), *options]

    def answers(self) -> bool:
        try:
            psycopg.connect(self.admin_url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    @property
    def _data(self) -> Path:
        return self.folder / "data"


def _programs() -> Path:
    """The folder of `initdb` and `postgres`: of the PATH, else the newest of Debian's, which are not in it."""
    newest_first: list[Path] = sorted(DEBIAN.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    for place in (*map(Path, os.get_exec_path()), *newest_first):
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    how = "Run `sh .ci/set-up-servers`, or name a server in DATABASE_URL."
    raise CannotBeHad(f"no PostgreSQL server on this machine (initdb is neither in PATH nor in {DEBIAN}). {how}")


def _unprivileged() -> str | None:
    """Who runs the server, when the tests run as root."""
    if os.getuid() != 0:
        return None
    known = {each.pw_name for each in pwd.getpwall()}
    return next(name for name in UNPRIVILEGED if name in known)
