"""What `verify` says of a store."""

from pathlib import Path
from uuid import uuid4

from services.runtime.recount import Difference, Recount
from services.runtime.store.contract import Reader
from services.runtime.store.sqlite import SqliteStore
from services.wiring.clock import Clock
from tests.worlds import setup


def recounted(reader: Reader, folder: Path) -> tuple[list[Difference], dict[str, int]]:
    """Where members and counters differ from what the raw log says; and how it counts, read once more."""
    with SqliteStore.open(folder / uuid4().hex, now=Clock()) as fresh:
        again = Recount(reader, fresh, setup().readers, setup().reference, Clock())
        return list(again.compare()), fresh.counts()
