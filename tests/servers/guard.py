"""Runs one server, and ends it when the process that wanted it is gone, however that went.

`python -I -S guard.py WATCHED END USER FOLDER -- COMMAND...` starts COMMAND, prints its process id and waits.

A guard is a process of its own because Linux ends a child with the *thread* that started it, and tests start servers
from threads that come and go; and because a test run that is killed cannot clean up after itself.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
GRACE = 5_000
"""Milliseconds that a server gets to end before it is killed."""


def main(arguments: list[str]) -> int:
    """Guard the server until it ends (give its exit code) or WATCHED does (end it, remove FOLDER)."""
    watched, end, user, folder = arguments[:4]
    command = arguments[arguments.index("--") + 1 :]
    asked_to_end, tell = os.pipe()
    signal.signal(signal.SIGTERM, lambda _number, _frame: os.write(tell, b"."))
    # In a session of its own: Ctrl-C at the terminal is for the tests, which then end their servers in order.
    server = subprocess.Popen(
        command,
        user=user or None,
        start_new_session=True,
        preexec_fn=_die_with_parent,  # noqa: PLW1509 - a guard has one thread
    )
    print(server.pid, flush=True)
    ended = os.pidfd_open(server.pid)
    with contextlib.suppress(ProcessLookupError):  # who wanted the server is gone already
        _wait(asked_to_end, ended, os.pidfd_open(int(watched)))
    if server.poll() is None:
        _end(server.pid, ended, int(end))
        server.wait()
        shutil.rmtree(folder, ignore_errors=True)
    return server.returncode


def _die_with_parent() -> None:
    """Ask for SIGKILL when the guard itself is killed. After setuid, which would take it back."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _wait(*descriptors: int, timeout: int | None = None) -> None:
    """Wait until one of them can be read: a process descriptor can when its process has ended."""
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    poll.poll(timeout)


def _end(server: int, ended: int, number: int) -> None:
    """End a server that may be frozen; its children end with it, or are killed."""
    family = [server, *children(server)]
    for process in family:
        send(process, signal.SIGCONT)
    send(server, number)
    _wait(ended, timeout=GRACE)
    for process in family:
        send(process, signal.SIGKILL)


def send(process: int, number: int) -> None:
    """Send a signal to a process that may have ended meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def children(process: int) -> list[int]:
    """The processes that `process` started and that still run."""
    try:
        return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
