"""Watches a folder: a file that has stopped changing is taken in, then moved to `taken/` or `refused/` (R-53)."""

import asyncio
import hashlib
import logging
import os
import stat
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from models.errors import FileIsWrong, MessageIsWrong, WorldIsAway

log = logging.getLogger(__name__)

TAKEN, REFUSED, DONE = "taken", "refused", ".done"
_UNFINISHED = (".tmp", ".part", "~", DONE)

Take = Callable[[BinaryIO, str], Awaitable[None]]
"""Takes a file in: its bytes and its name. Raises FileIsWrong to refuse it, WorldIsAway to be asked again."""


class _Look(msgspec.Struct, frozen=True):
    """What a file looked like: while it stays so, nobody writes to it. Inode and device tell a swapped file."""

    device: int
    inode: int
    size: int
    modified_ns: int


class DropFolder:
    """A folder that partners put files into.

    A file is ready when a companion `<name>.done` stands beside it, or when size and time have not changed for
    `quiet_seconds` since we first saw it so. Dot files, `*.tmp`, `*.part` and `*~` are left alone; symbolic links, hard
    links, pipes and subfolders are never followed. After a crash the file is still there and is offered again: the
    checkpoint of `FileIntake` adds nothing twice.

    Args:
        folder: made when absent, with `taken/` and `refused/` in it.
        take: takes a file in; it is on disk when this returns.
        clock: seconds of any monotonic clock.
    """

    def __init__(
        self,
        folder: Path,
        take: Take,
        *,
        quiet_seconds: float = 2.0,
        poll_seconds: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._take, self._clock = folder, take, clock
        self._quiet_seconds, self._poll_seconds = quiet_seconds, poll_seconds
        self._seen: dict[str, tuple[_Look, float]] = {}
        self._denied = False
        self.failure = ""
        """Why the last sweep ended early, or left a file; empty while all is well."""

    def make(self) -> None:
        """Make the folder, and those in it, where they are missing.

        Raises:
            OSError: that is not allowed here.
        """
        for folder in (self._folder, self._folder / TAKEN, self._folder / REFUSED):
            folder.mkdir(parents=True, exist_ok=True)

    async def run(self) -> None:
        """Watch until cancelled. A disk that is away is asked again, and no error ends the watch."""
        while True:
            failure = ""
            try:
                await self.sweep()
                if self._denied:
                    failure = "a file in a drop folder may not be read by us"
            except (OSError, WorldIsAway):
                self._seen.clear()
                failure = "a drop folder or the store behind it is away"
            except Exception as error:  # noqa: BLE001 - a bug met by one file must not stop the watch unseen
                failure = f"taking a file failed with {type(error).__name__}"
            if failure and failure != self.failure:
                log.error("a drop folder waits, trying again", extra={"problem": failure})
            self.failure = failure
            await asyncio.sleep(self._poll_seconds)

    async def sweep(self) -> int:
        """Take every file that is ready, oldest first; return how many were taken or refused.

        Raises:
            WorldIsAway: the journal cannot be written now; the file stays.
            OSError: the folder cannot be read or written.
        """
        self._denied = False
        ready = await asyncio.to_thread(self._ready)
        return sum([await self._offer(name, look) for name, look in ready])

    def _ready(self) -> list[tuple[str, _Look]]:
        self.make()
        now, looks = self._clock(), _looks(self._folder)
        self._seen = {
            name: before if (before := self._seen.get(name)) and before[0] == look else (look, now)
            for name, look in looks.items()
        }
        return sorted(
            ((name, look) for name, (look, since) in self._seen.items() if self._is_ready(name, now - since)),
            key=lambda item: (item[1].modified_ns, item[0]),
        )

    def _is_ready(self, name: str, quiet_seconds: float) -> bool:
        return quiet_seconds >= self._quiet_seconds or (self._folder / f"{name}{DONE}").is_file()

    async def _offer(self, name: str, look: _Look) -> bool:
        """Take one file; False when it changed under our hands and waits for another round."""
        stream = await asyncio.to_thread(_opened, self._folder / name, look)
        if stream is None:
            self._denied |= not os.access(self._folder / name, os.R_OK)
            return False
        refusal = ""
        with stream:
            try:
                await self._take(stream, name)
            except (FileIsWrong, MessageIsWrong) as wrong:
                refusal = str(wrong)
            if _look(os.fstat(stream.fileno())) != look:
                return False
        await asyncio.to_thread(self._put_away, name, refusal)
        return True

    def _put_away(self, name: str, refusal: str) -> None:
        target = _free_name(self._folder / (REFUSED if refusal else TAKEN), self._folder / name)
        if refusal:
            target.with_name(f"{target.name}.reason.txt").write_text(f"{refusal}\n", encoding="utf-8")
        # Its mark goes first: one that outlives its file would vouch for the next of that name, half-written or not.
        (self._folder / f"{name}{DONE}").unlink(missing_ok=True)
        (self._folder / name).replace(target)
        self._seen.pop(name, None)


def _looks(folder: Path) -> dict[str, _Look]:
    """The plain files of a folder that may be ready."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    looks = {}
    for name in names:
        if not name.startswith(".") and not name.lower().endswith(_UNFINISHED):
            try:
                found = (folder / name).lstat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
                looks[name] = _look(found)
    return looks


def _look(found: os.stat_result) -> _Look:
    return _Look(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def _opened(path: Path, look: _Look) -> BinaryIO | None:
    """The file we looked at, open; None when another stands in its place by now (a swap, a link, a pipe)."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    stream = os.fdopen(number, "rb")
    if _look(os.fstat(number)) == look:
        return stream
    stream.close()
    return None


def _free_name(folder: Path, source: Path) -> Path:
    """Where to put a file: under its name; when that is taken, with eight digits of its hash before the suffix."""
    target = folder / source.name
    if not target.exists():
        return target
    with source.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()[:8]
    return folder / f"{source.stem}-{digest}{source.suffix}"
