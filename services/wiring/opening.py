"""A store that this program can work with: in a folder, or in a database under the folder's name."""

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec

from services.runtime.store.contract import Store
from services.runtime.store.sqlite import SqliteStore
from services.runtime.store.sqlite_reader import SqliteReader
from services.runtime.workset import check_format
from services.settings import Settings
from services.wiring.clock import Clock

if TYPE_CHECKING:
    from services.runtime.store.postgres import PostgresStore
    from services.runtime.store.postgres_reader import PostgresReader

S = TypeVar("S", bound=Store)

OpenReader: TypeAlias = "SqliteReader | PostgresReader"
OpenStore: TypeAlias = "SqliteStore | PostgresStore"


class Where(msgspec.Struct, frozen=True):
    """Where a store is.

    Args:
        folder: holds the store, or names it in the database; the inbox of a running service lies there in both cases.
        url: of the database; it may hold a password and is never shown. None: the store is a file in the folder.
    """

    folder: Path
    url: str | None = None

    @property
    def namespace(self) -> str:
        """The schema in the database, and the prefix of topics: `w` and eight hex digits of the folder's SHA-256."""
        name = str(self.folder).encode(errors="surrogateescape")  # any bytes name a folder, not only UTF-8
        return f"w{sha256(name).hexdigest()[:8]}"

    def __str__(self) -> str:
        """For people and logs: the folder in full, or host, port, database and schema."""
        if self.url is None:
            return str(self.folder.resolve())
        from services.runtime.store.postgres_connecting import Place

        return str(Place(self.url, self.namespace))

    def __repr__(self) -> str:
        """The same: a URL must not reach a log through a dump of this value."""
        return f"Where({self})"


def where_of(folder: Path, settings: Settings) -> Where:
    """The store of that name: in the database of the settings, if they name one."""
    return Where(folder, settings.database)


def open_reader(where: Where) -> OpenReader:
    """Open a store for reading; use it in a `with`.

    Raises:
        NoStore: nothing was ever put into it.
        StoreIsStrange: it is no store of this version.
        WorldIsAway: the database cannot be reached.
    """
    if where.url is None:
        return SqliteReader.open(where.folder)
    from services.runtime.store.postgres_reader import PostgresReader

    return PostgresReader.open(where.url, where.namespace)


def open_store(where: Where, clock: Clock) -> OpenStore:
    """Open a store as its one writer, making it where there is none; use it in a `with`.

    Raises:
        StoreIsBusy: another process writes to it.
        StoreIsStrange: its records have another shape; nothing was received into it.
        WorldIsAway: the folder or the database is not to be had.
    """
    return checked(_opened(where, clock))


def checked(store: S) -> S:
    """A store that was opened, whose records have our shape; another one is closed.

    Raises:
        StoreIsStrange: its records have another shape.
    """
    try:
        check_format(store)
    except BaseException:
        store.close()
        raise
    return store


def _opened(where: Where, clock: Clock) -> OpenStore:
    if where.url is None:
        return SqliteStore.open(where.folder, now=clock)
    from services.runtime.store.postgres import PostgresStore

    return PostgresStore.open(where.url, where.namespace, now=clock)
