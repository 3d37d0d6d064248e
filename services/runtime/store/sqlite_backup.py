"""A consistent copy of the store while it is being written: whole and on disk, or not there."""

import os
import sqlite3
from pathlib import Path

from models.errors import WorldIsAway
from services.runtime.store.contract import StoreIsStrange
from services.runtime.store.migrating import require_present_schema
from services.runtime.store.sqlite_connecting import errors_translated, open_reading


def back_up(source: sqlite3.Connection, path: Path) -> None:
    """Copy what `source` sees to a new file, check the copy, and let it appear under its name only then.

    Raises:
        FileExistsError: there is such a file; it was left alone.
        WorldIsAway: the folder is missing, or the disk is full.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # the name is ours from here on
    except FileExistsError:
        raise
    except OSError as error:
        raise WorldIsAway(f"{path}: cannot be written: {error.strerror}.") from error
    partial = path.with_name(path.name + ".partial")
    try:
        partial.unlink(missing_ok=True)
        _copy(source, partial)
        _check(partial)
        _flush(partial)
        partial.replace(path)
        _flush(path.parent)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise WorldIsAway(f"{path}: cannot be written: {error.strerror}.") from error
        raise


def _copy(source: sqlite3.Connection, partial: Path) -> None:
    with errors_translated():
        target = sqlite3.connect(partial, isolation_level=None)
        try:
            # All pages in one step: a step by step copy starts anew whenever the writer commits. Nobody waits for it.
            source.backup(target, pages=-1)
            # One plain file: the copy brings no write-ahead log of its own.
            target.execute("PRAGMA journal_mode = DELETE")
        finally:
            target.close()


def _check(partial: Path) -> None:
    with errors_translated():
        copy = open_reading(partial)
        try:
            require_present_schema(copy, partial)
            (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        finally:
            copy.close()
    if verdict != "ok":
        raise StoreIsStrange(f"{partial}: the copy is damaged, and so is the store it was made from: {verdict}.")


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
