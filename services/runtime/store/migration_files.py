"""A schema's history: numbered SQL files, and whether a store has gone through the same one."""

import re
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

import msgspec

from services.runtime.store.contract import NoStore, StoreIsStrange

_FILE_NAME = re.compile(r"(?P<number>\d{4})_(?P<name>\w+)\.sql")


class Migration(msgspec.Struct, frozen=True):
    """One numbered step; once shipped, its bytes never change."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> bytes:
        """What the store remembers of it."""
        return sha256(self.sql.encode()).digest()


@cache
def migrations_in(folder: Path) -> tuple[Migration, ...]:
    """All migrations of this version of the program, numbered from 1 without a gap."""
    migrations = []
    for file in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(file.name)
        assert match, f"{file.name} is no name of a migration"
        migrations.append(Migration(int(match["number"]), match["name"], file.read_text("utf-8")))
    assert [each.number for each in migrations] == list(range(1, len(migrations) + 1)), "migrations have a gap"
    return tuple(migrations)


def checked(rows: Sequence[tuple[int, str, bytes]], known: Sequence[Migration], place: object) -> int:
    """How many migrations a store has gone through, if they are ours.

    Args:
        rows: number, name and SHA-256 of each, in order.
        place: the store, as people know it.

    Raises:
        StoreIsStrange: it is of a newer version, or of a changed migration.
    """
    newest = rows[-1][0] if rows else 0
    if newest > len(known):
        raise StoreIsStrange(f"{place}: made by a newer version, schema {newest} > {len(known)}: upgrade warmhandoff.")
    for (number, name, digest), migration in zip(rows, known, strict=False):
        if (number, digest) != (migration.number, migration.sha256):
            raise StoreIsStrange(
                f"{place}: migration {number} ({name}) is not the one this version ships.\n"
                "  Use the version that made the store; nothing was changed."
            )
    return len(rows)


def require_present(applied: int, known: Sequence[Migration], store: object, named: object) -> None:
    """Refuse to read what only a writer may bring up to date.

    Args:
        store: what holds it; `named`: what people call it by.

    Raises:
        NoStore: it is still empty.
        StoreIsStrange: an older version made it.
    """
    if applied == 0:
        raise NoStore(f"{named}: no store here yet. Load something first: `warmhandoff load PATH`.")
    if applied < len(known):
        raise StoreIsStrange(
            f"{store}: made by an older version, schema {applied} < {len(known)}.\n"
            "  Start the service or load something once: that upgrades the store."
        )
