"""One writing process a store: a file lock that the kernel releases, however the process ends."""

import fcntl
import os
from pathlib import Path

from models.errors import WorldIsAway
from services.runtime.store.contract import StoreIsBusy

LOCK_NAME = "warmhandoff.lock"


class FolderLock:
    """The lock of a store folder, held until `release`. The file stays: removing it would let two in at once."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, folder: Path) -> "FolderLock":
        """Take the lock of a folder, or say at once who has it.

        Raises:
            StoreIsBusy: another process (or this one) writes to the store.
            WorldIsAway: the folder cannot be written.
        """
        try:
            descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise WorldIsAway(f"{folder}: the store cannot be locked: {error.strerror}.") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise StoreIsBusy(
                f"{folder}: process {holder} is writing to this store.\n"
                "  Commands that read work beside it; hand files to it through its drop folder, or stop it first."
            ) from error
        except OSError as error:
            os.close(descriptor)
            raise WorldIsAway(f"{folder}: this file system has no locks: {error.strerror}.") from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        return cls(descriptor)

    def release(self) -> None:
        """Let the next writer in. Harmless twice."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None
