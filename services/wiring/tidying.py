"""What was handed over through the store's inbox is in the journal for good: the files need not stay."""

import asyncio
import hashlib
import logging
from datetime import timedelta
from pathlib import Path

from connectors.files.drop import TAKEN
from connectors.files.intake import file_key
from models.errors import WorldIsAway
from models.time import Instant
from services.runtime.store.contract import Reader
from services.wiring.clock import Clock
from services.wiring.loading import DROPPED, INBOX

log = logging.getLogger(__name__)

KEPT = timedelta(days=7)
"""How long a file stays after it was written, for whoever looks for what a command handed over."""
ROUND_S = 3600.0


def forget_taken(store: Reader, folder: Path, now: Instant) -> int:
    """Remove files of the inbox that are older than `KEPT` and in the journal; give their number.

    A file that the journal does not hold stays, whoever put it there.

    Raises:
        OSError: the folder cannot be read, or a file not removed.
    """
    gone = 0
    for path in sorted((folder / INBOX / TAKEN).glob("*")):
        found = path.lstat()
        is_old = found.st_mtime < (now - KEPT).timestamp()
        if is_old and path.is_file() and not path.is_symlink() and _is_kept(store, path):
            path.unlink()
            gone += 1
    return gone


async def keep_forgetting(store: Reader, folder: Path, clock: Clock) -> None:
    """Do so every hour, until cancelled. A disk that is away is asked again an hour later."""
    while True:
        try:
            await asyncio.to_thread(forget_taken, store, folder, clock())
        except (OSError, WorldIsAway) as error:
            log.warning("old files of the inbox could not be removed", extra={"error": type(error).__name__})
        await asyncio.sleep(ROUND_S)


def _is_kept(store: Reader, path: Path) -> bool:
    return store.checkpoint(file_key(hashlib.sha256(path.read_bytes()).digest(), DROPPED)) > 0
