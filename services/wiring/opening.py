"""A store that this program can work with, open for writing."""

from pathlib import Path

from services.runtime.store.sqlite import SqliteStore
from services.runtime.workset import check_format
from services.wiring.clock import Clock


def open_store(folder: Path, clock: Clock) -> SqliteStore:
    """Open the store in a folder for writing, making it where there is none; see `SqliteStore.open`.

    Raises:
        StoreIsStrange: its records have another shape; nothing was received into it.
    """
    store = SqliteStore.open(folder, now=clock)
    try:
        check_format(store)
    except BaseException:
        store.close()
        raise
    return store
