"""One server a test run, whichever worker of pytest-xdist asks first.

The first to ask starts it and writes down its address in the run's folder; the others read it there. Its guard watches
the run's controller, so it neither ends with the worker that started it nor outlives the run.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from tests.servers.process import CannotBeHad, Server, ServerFailed

S = TypeVar("S", bound=Server)
HELD: list[Server] = []
"""What this process started for the run: a process object that is let go while its process runs would warn."""


class Started(msgspec.Struct, frozen=True):
    """What the first to ask found out: where the server is, or why there is none."""

    address: str = ""
    guard: int = 0
    trouble: str = ""


class Run(msgspec.Struct, frozen=True):
    """One run of pytest, as all its workers know it."""

    controller: int
    folder: str

    @classmethod
    def begin(cls) -> "Run":
        return cls(os.getpid(), tempfile.mkdtemp(prefix="warmhandoff-run-"))

    def server(self, name: str, make: Callable[[int], S], address: Callable[[S], str]) -> str:
        """The address of the run's server of that name, started when nobody has asked before.

        Args:
            make: a server that watches the process given.
            address: how others reach it.

        Raises:
            CannotBeHad: this machine lacks it, or it did not start: for whoever asks, at once.
        """
        told = Path(self.folder, f"{name}.json")
        with Path(self.folder, f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not told.exists():
                told.write_bytes(msgspec.json.encode(self._start(make, address)))
            started = msgspec.json.decode(told.read_bytes(), type=Started)
        if started.trouble:
            raise CannotBeHad(started.trouble)
        return started.address

    def end(self) -> None:
        """End the run's servers. By the controller, after its last worker has gone."""
        for told in Path(self.folder).glob("*.json"):
            if guard := msgspec.json.decode(told.read_bytes(), type=Started).guard:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(guard, signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, make: Callable[[int], S], address: Callable[[S], str]) -> Started:
        try:
            server = make(self.controller).__enter__()
        except (CannotBeHad, ServerFailed) as error:
            return Started(trouble=str(error))
        HELD.append(server)
        return Started(address(server), server.guard)
