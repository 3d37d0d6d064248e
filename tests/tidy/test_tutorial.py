"""The tutorial is true: its commands run, in order, and print what the page says, but for times, ids and figures."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

PAGE = Path(__file__).parents[2] / "docs/tutorial/first-hour.md"
BLOCK = re.compile(r"^(<!-- second terminal -->\n)?```(sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PASSING = [
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d:?\d\d)?"), "TIME"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"\b\d+(\.\d+)?\b"), "N"),
    (re.compile(r"\s+"), " "),
]


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
    """Somebody with two terminals and two free ports."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = dict(zip(("2575", "8080"), free_ports(2), strict=True))
        self._server: subprocess.Popen[bytes] | None = None
        program = str(Path(sys.executable).parent)
        self._environment = {**os.environ, "PATH": f"{program}{os.pathsep}{os.environ['PATH']}"}
        self._environment.pop("WARMHANDOFF_STORE", None)
        self._shell = subprocess.Popen(
            ["bash"], cwd=folder, env=self._environment, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, step: Step) -> list[str]:
        command = re.sub("2575|8080", lambda match: str(self._ports[match[0]]), step.command)
        if step.serves:
            self._serve(command)
            return []
        shell = self._shell
        assert shell.stdin
        assert shell.stdout
        shell.stdin.write(f"{command}\necho '--- done'\n")
        shell.stdin.flush()
        printed: list[str] = []
        while (line := shell.stdout.readline()) and line != "--- done\n":
            printed.append(line.rstrip("\n"))
        return printed

    def _serve(self, command: str) -> None:
        self.stop()
        folder = self._folder / "first-hour"
        with (folder.parent / "serve.log").open("ab") as log:
            self._server = subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=folder, env=self._environment,
                                            stdout=log, stderr=log)  # fmt: skip
        health = f"http://127.0.0.1:{self._ports['8080']}/healthz"
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(health, timeout=2) as answer:
                    assert answer.status == 200
                    return
            except OSError:
                assert self._server.poll() is None, "it does not start"
                time.sleep(0.1)
        pytest.fail("it does not get ready")

    def stop(self) -> None:
        if self._server:
            self._server.send_signal(signal.SIGINT)
            assert self._server.wait(30) == 0
            self._server = None

    def close(self) -> None:
        if self._server:
            self._server.kill()
            self._server.wait()
        self._shell.communicate()


def free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


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
