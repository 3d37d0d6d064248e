"""A server of the tests as a process: started, stopped, killed, frozen, and gone when the tests are.

with KafkaServer() as kafka:
    ...
    kafka.kill()
    kafka.start()      # the same port, the same data
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.patience import PATIENCE_S
from tests.servers import guard

PORTS = range(15_000, 32_000)
"""Below those that Linux gives to outgoing connections: a server that was killed must find its port free again."""
_RESERVED: list[socket.socket] = []
"""What tells the other test processes of this machine which ports are given out, as long as this one runs."""


class CannotBeHad(Exception):
    """This machine lacks what the server needs; the words say what, and how to get it."""


class ServerFailed(Exception):
    """The server did not start, or ended unasked; the words hold the end of its log."""


class Server(ABC):
    """One server with a folder and a port of its own. Every method blocks until what it says has happened."""

    end_signal = signal.SIGKILL
    """What ends it when its data no longer matter."""
    user: str | None = None
    """Who runs it, when that is not whoever runs the tests."""

    def __init__(self, *, watch: int | None = None) -> None:
        """
        Args:
            watch: the process at whose end the server ends too (default: this one).
        """
        self.watch = os.getpid() if watch is None else watch
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="warmhandoff-server-"))
        self.pid = 0
        self._is_made = False
        self._guard: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    @property
    def guard(self) -> int:
        """The process that SIGTERM makes end the server and remove its folder, from anywhere."""
        assert self._guard, "the server was never started"
        return self._guard.pid

    @property
    def is_running(self) -> bool:
        return self._guard is not None and self._guard.poll() is None

    def start(self) -> None:
        """Start it on its port and data, and wait until it answers.

        Raises:
            ServerFailed: it ended, or did not answer within a minute.
        """
        assert not self.is_running, f"{type(self).__name__} runs already"
        if not self._is_made:
            self.make()
            self._is_made = True
        watching = [str(self.watch), str(int(self.end_signal)), self.user or "", str(self.folder)]
        with self._log.open("ab") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, *watching, "--", *self.command()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                cwd="/",
                text=True,
            )
        assert self._guard.stdout
        with self._guard.stdout as told:
            self.pid = int(told.readline() or 0)
        self._wait_for_answer()

    def stop(self) -> None:
        """Stop it as an operator would (SIGTERM)."""
        self._send_and_wait(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: no last words. What it had started ends by itself, and would keep the next start from its data."""
        family = self._family()
        self._send_and_wait(signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, family)), "what the server had started outlives it")

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """SIGSTOP: it is there, and does not answer."""
        guard.send(self.pid, signal.SIGSTOP)  # the first: from now on it starts nobody
        for process in guard.children(self.pid):
            guard.send(process, signal.SIGSTOP)

    def thaw(self) -> None:
        for process in self._family():
            guard.send(process, signal.SIGCONT)

    def remove(self) -> None:
        """End it, however, and remove its data."""
        if self._guard is not None:
            self._guard.terminate()
            self._guard.wait(PATIENCE_S)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self, lines: int = 40) -> str:
        """The end of what the server wrote to stderr."""
        if not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    @abstractmethod
    def make(self) -> None:
        """Write what the server starts from, before its first start."""

    @abstractmethod
    def command(self) -> list[str]:
        """What starts the server in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it takes requests now."""

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _family(self) -> list[int]:
        return [self.pid, *guard.children(self.pid)]

    def _send_and_wait(self, number: int) -> None:
        assert self._guard, f"{type(self).__name__} was never started"
        assert self.is_running, f"{type(self).__name__} does not run"
        os.kill(self.pid, number)
        self._guard.wait(PATIENCE_S)

    def _wait_for_answer(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while not self.answers():
            if not self.is_running:
                raise ServerFailed(f"{type(self).__name__} ended while it started:\n{self.log()}")
            if time.monotonic() > until:
                raise ServerFailed(f"{type(self).__name__} did not answer within {PATIENCE_S:.0f} s:\n{self.log()}")
            time.sleep(0.02)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that no other call gives out while this process runs."""
    while True:
        port = random.choice(PORTS)
        # A name of the same reach as the port, which Linux forgets with the process.
        reserved = socket.socket(socket.AF_UNIX)
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                reserved.bind(f"\0warmhandoff tests: port {port}")
                trial.bind(("127.0.0.1", port))
            except OSError:
                reserved.close()
                continue
        _RESERVED.append(reserved)
        return port


def wait_until(holds: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until, otherwise
        time.sleep(0.02)


def is_alive(process: int) -> bool:
    """Whether it runs; one that has ended and waits for its parent to notice does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def run(command: list[str], *, user: str | None = None) -> None:
    """Run one step of making a server.

    Raises:
        ServerFailed: it failed; with what it wrote.
    """
    done = subprocess.run(command, check=False, user=user, capture_output=True, text=True, timeout=PATIENCE_S, cwd="/")
    if done.returncode:
        raise ServerFailed(f"{Path(command[0]).name} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
