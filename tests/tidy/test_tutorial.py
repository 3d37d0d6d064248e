"""The tutorial is true: its commands run, in order, and print what the page says, but for times, ids and figures."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.patience import PATIENCE_S

PAGE = Path(__file__).parents[2] / "docs/tutorial/first-hour.md"
BLOCK = re.compile(r"^(<!-- second terminal -->\n)?```(sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PASSING = [
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:?\d\d)?"), "TIME"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\b\d+(\.\d+)?\b"), "N"),
    (re.compile(r"\s+"), " "),
]

INBOXES = ("incoming", "warmhandoff-data/inbox")


class Step(msgspec.Struct, frozen=True):
    """A command and the lines that it prints; `serves` says that it runs on beside the others."""

    command: str
    printed: tuple[str, ...] = ()
    serves: bool = False


def steps(text: str) -> Iterator[Step]:
    """What a reader types, in order."""
    for second, kind, body in BLOCK.findall(text):
        if kind == "sh":
            if not body.startswith("# in the checkout"):
                yield Step(body, serves=bool(second))
            continue
        for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, *printed = part.splitlines()
            yield Step(command, tuple(printed))


def essence(line: str) -> str:
    for pattern, word in PASSING:
        line = pattern.sub(word, line)
    return line.strip()


class Reader:
    """Somebody with two terminals, and with patience where the page says to sleep."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports: dict[str, int] = {}
        self._server: subprocess.Popen[str] | None = None
        program = str(Path(sys.executable).parent)
        self._environment = {**os.environ, "PATH": f"{program}{os.pathsep}{os.environ['PATH']}"}
        self._environment.pop("WARMHANDOFF_STORE", None)
        self._shell = subprocess.Popen(
            ["bash"], cwd=folder, env=self._environment, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, step: Step) -> list[str]:
        if step.serves:
            self._serve(step.command)
            return []
        command = re.sub("2575|8080", lambda match: str(self._ports[match[0]]), step.command)
        shell = self._shell
        assert shell.stdin
        assert shell.stdout
        shell.stdin.write(f"{command}\necho '--- done'\n")
        shell.stdin.flush()
        printed: list[str] = []
        while (line := shell.stdout.readline()) and line != "--- done\n":
            printed.append(line.rstrip("\n"))
        if command.startswith("sleep"):
            self._wait_until_taken()
        return printed

    def _serve(self, command: str) -> None:
        """Start it on ports that are free, and wait until it names them."""
        self.stop()
        folder = self._folder / "first-hour"
        command = re.sub("2575|8080", "0", command)
        with (folder.parent / "serve.log").open("ab") as log:
            self._server = subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=folder, env=self._environment,
                                            stdout=subprocess.PIPE, stderr=log, text=True)  # fmt: skip
        assert self._server.stdout
        for port in ("2575", "8080"):
            said = self._server.stdout.readline().split()
            assert said, "it does not start"
            self._ports[port] = int(said[1].rpartition(":")[2])

    def _wait_until_taken(self) -> None:
        """However slow the machine: until what was dropped, decided or sent has been worked off."""
        folder, end = self._folder / "first-hour", time.monotonic() + PATIENCE_S
        while self._server and (
            any(path.is_file() for inbox in INBOXES for path in (folder / inbox).iterdir()) or self._lines_waiting()
        ):
            assert time.monotonic() < end, "it is never done"
            time.sleep(0.1)

    def _lines_waiting(self) -> int:
        health = f"http://127.0.0.1:{self._ports['8080']}/healthz"
        with urllib.request.urlopen(health, timeout=PATIENCE_S) as answer:
            return int(json.load(answer)["lines_waiting"])

    def stop(self) -> None:
        if self._server:
            self._server.send_signal(signal.SIGINT)
            assert self._server.wait(PATIENCE_S) == 0
            assert self._server.stdout
            self._server.stdout.close()
            self._server = None

    def close(self) -> None:
        if self._server:
            self._server.kill()
            self._server.communicate()
        self._shell.communicate()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bash"), reason="the page speaks to a shell")
def test_the_first_hour_goes_as_the_page_says(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    told = list(steps(PAGE.read_text("utf-8")))
    assert len(told) > 30
    try:
        for step in told:
            printed = reader.run(step)
            seen = [essence(line) for line in printed]
            absent = [line for line in step.printed if essence(line) not in seen]
            assert not absent, f"$ {step.command}\nprinted:\n" + "\n".join(printed)
            assert step.printed or not any("Error" in line or "warmhandoff:" in line for line in printed), printed
        reader.stop()
    finally:
        reader.close()
