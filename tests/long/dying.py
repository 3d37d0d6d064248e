"""`serve` processes that are going to be killed: as they start, under load, between two statements, as they stop."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Timer
from types import ModuleType
from typing import Any

from tests.end_to_end.running import House, Served, environment
from tests.long.asked import hold


class Doomed(Served):
    """A service that may be dead before it says where it listens.

    Args:
        after_s: kill it so long after it was begun, whatever it does.
    """

    def __init__(
        self, house: House, words: Sequence[str], options: dict[str, Any], after_s: float | None = None
    ) -> None:
        self._after_s = after_s
        super().__init__(house, words, options)

    def _read_addresses(self) -> None:
        if self._after_s is not None:
            Timer(self._after_s, self.process.kill).start()
        try:
            super()._read_addresses()
        except AssertionError:
            self.process.wait()
            if self.process.returncode != -9:
                raise

    @property
    def listens(self) -> bool:
        """It came so far as to say where."""
        return "http" in self.ports

    @property
    def is_dead(self) -> bool:
        return self.process.poll() is not None


class Launched(House):
    """The same folder; what runs in it is changed by one of our launchers (`fused`, `timekeeping`)."""

    def __init__(self, house: House, launcher: ModuleType, word: object) -> None:
        super().__init__(house.folder, house.store.name)
        self._program = [sys.executable, str(launcher.__file__), str(word)]

    def command(self, *words: str | Path) -> list[str]:
        return [*self._program, *super().command(*words)[1:]]


def worker_of(process: int) -> int | None:
    """The pipeline's process of a service; None while there is none."""
    path = Path(f"/proc/{process}/task/{process}/children")
    try:
        found = path.read_text().split()
    except OSError:
        return None
    return int(found[0]) if found else None


def serving(house: House, drop: Path, *, after_s: float | None = None) -> Doomed:
    """Start `serve` in a house, with a drop folder."""
    words = ["--mllp", "127.0.0.1:0", "--http", "127.0.0.1:0", "--drop", str(drop)]
    return Doomed(house, words, {}, after_s)


def noted(house: House, task_id: str, text: str) -> "subprocess.Popen[bytes]":
    """Begin `task note`, as somebody would while the service lives, or just when it dies."""
    command = house.command("task", "note", task_id, "--action", "note", "--text", text)
    return subprocess.Popen(
        command, cwd=house.folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def patiently(house: House, *words: str | Path, stdin: bytes | None = None) -> str:
    """Run a command that must succeed and may take long; its output."""
    done = subprocess.run(
        house.command(*words), cwd=house.folder, env=environment(), input=stdin, capture_output=True, check=False
    )
    said, complaint = done.stdout.decode(), done.stderr.decode()
    hold(done.returncode == 0, f"`{words[0]}` ended with {done.returncode}: {complaint[-1000:]}\n{said[:2500]}")
    return said
