"""Who writes to a store: locks that the kernel releases, however a process ends."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from models.errors import WorldIsAway
from services.runtime.store.contract import StoreIsBusy

LOCK_NAME = "warmhandoff.lock"
GATE_NAME = "warmhandoff.gate"
_PATIENCE_S, _LOOK_AGAIN_S = 3.0, 0.01
"""How long the helper of a process that was killed may take to end."""


class FolderLock:
    """The lock of a store folder: one service, or one command, writes. The file stays: removing it would let two in at
    once. A helper process inherits the lock (`descriptor`), so that nobody else comes in before both have ended.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor: int | None = descriptor

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
            holder = _locked(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise WorldIsAway(f"{folder}: this file system has no locks: {error.strerror}.") from error
        if holder is not None:
            os.close(descriptor)
            who = f"process {holder}" if _lives(holder) else f"a helper of process {holder}, which has ended,"
            raise StoreIsBusy(
                f"{folder}: {who} is writing to this store.\n"
                "  Commands that read work beside it; hand files to it through its drop folder, or stop it first."
            )
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        return cls(descriptor)

    def release(self) -> None:
        """Let the next writer in. Harmless twice."""
        if self.descriptor is not None:
            os.ftruncate(self.descriptor, 0)
            os.close(self.descriptor)
            self.descriptor = None


class Gate:
    """Lets one transaction at a time in, of the processes that share a store. SQLite alone would have the others sleep
    and try again; here the kernel wakes the next one at once. Entering raises WorldIsAway when the file is gone.

    Args:
        guarded: the store's file.
    """

    def __init__(self, guarded: Path) -> None:
        self._guarded, self._stood = guarded, guarded.stat()
        self._file = guarded.with_name(GATE_NAME).open("ab")

    def __enter__(self) -> None:
        if not stands(self._guarded, self._stood):  # what is written to it now would be lost with it
            raise WorldIsAway(f"{self._guarded}: the store was moved or replaced. Put it back, or start again.")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Forget the gate. Harmless twice."""
        self._file.close()


def stands(file: Path, before: os.stat_result) -> bool:
    """Whether a file is still the one that was opened: neither moved, nor deleted, nor replaced."""
    try:
        return os.path.samestat(file.stat(), before)
    except OSError:
        return False


def _locked(descriptor: int) -> str | None:
    """Take the lock; else give the process that has it. One that was killed is waited for: its helper ends soon."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            if _lives(holder) or time.monotonic() > end:
                return holder or "unknown"
            time.sleep(_LOOK_AGAIN_S)
        else:
            return None


def _lives(process: str) -> bool:
    if not process.isdigit():
        return False  # it is writing its number, or ending
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
