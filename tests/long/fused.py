"""`warmhandoff` that kills itself before its n-th SQL statement that writes: `python fused.py [PROCESS:]N ARGUMENT...`.

So a crash falls between any two statements of any transaction: of a group of appends, of a batch, of the schema.
PROCESS is `listener` or `worker`; without it whichever is first dies. A worker that is started again has its fuse anew.
"""

import os
import signal
import sqlite3
import sys
from pathlib import Path

from services.runtime.store import sqlite, sqlite_connecting
from tests.long.launching import launched


def lit(fuse: str) -> None:
    """Light the fuse of every writing connection of this process."""
    whose, _, length = fuse.rpartition(":")
    here = "worker" if "--as-worker" in sys.argv else "listener"
    if whose not in ("", here):
        return
    left, plain = int(length), sqlite_connecting.open_writing

    def burn(_: str) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def opened(file: Path) -> sqlite3.Connection:
        connection = plain(file)
        connection.set_trace_callback(burn)
        return connection

    sqlite.open_writing = opened  # type: ignore[attr-defined]  # the name that it was imported under


if __name__ == "__main__":
    launched(__file__, sys.argv[1], lit)
