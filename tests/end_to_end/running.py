"""The program as its users meet it: the command as a process, `serve` on real ports, senders on real sockets."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from connectors.mllp.acks import read_ack
from connectors.mllp.framing import Decoder, frame
from tests import wire
from tests.patience import PATIENCE_S

COMMAND = Path(sys.executable).with_name("warmhandoff")
ZONE = ZoneInfo("America/Los_Angeles")


class House:
    """A working folder with a store, perhaps a configuration, and the command."""

    def __init__(self, folder: Path, store: str = "store") -> None:
        self.folder, self.store = folder, folder / store
        self.variables: dict[str, str] = {}

    def run(self, *words: str | Path, stdin: bytes | None = None, **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        return subprocess.run(
            self.command(*words), cwd=self.folder, env=environment() | self.variables, input=stdin, capture_output=True,
            timeout=PATIENCE_S, check=False, **options,
        )  # fmt: skip

    def command(self, *words: str | Path) -> list[str]:
        return [str(COMMAND), "--store", str(self.store), *map(str, words)]

    def ok(self, *words: str | Path, stdin: bytes | None = None) -> str:
        """Run a command that must succeed; its output."""
        done = self.run(*words, stdin=stdin)
        assert done.returncode == 0, (words, done.returncode, done.stderr.decode(), done.stdout.decode()[-500:])
        return done.stdout.decode()

    def json(self, *words: str | Path) -> Any:
        return json.loads(self.ok(*words, "--json"))

    def lines(self, *words: str | Path) -> list[Any]:
        return [json.loads(line) for line in self.ok(*words).splitlines()]

    def config(self, text: str) -> None:
        (self.folder / "warmhandoff.yaml").write_text(text, encoding="utf-8")

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def serve(self, *words: str | Path, mllp: str | None = "127.0.0.1:0", **options: Any) -> "Served":
        """Start the service; ports are given by the kernel unless said otherwise."""
        named = ["--mllp", mllp] if mllp else []
        return Served(self, [*named, "--http", "127.0.0.1:0", *map(str, words)], options)


class Served:
    """A running `serve`. Leaving the block stops it as Ctrl-C does."""

    def __init__(self, house: House, words: Sequence[str], options: dict[str, Any]) -> None:
        self.house = house
        self.log = house.folder / f"serve-{time.monotonic_ns()}.log"
        self._log = self.log.open("wb")
        self.process = subprocess.Popen(
            house.command("serve", *words), cwd=house.folder, env=environment() | house.variables,
            stdout=subprocess.PIPE, stderr=self._log, text=True, **options,
        )  # fmt: skip
        self.ports: dict[str, int] = {}
        self._read_addresses()

    def _read_addresses(self) -> None:
        """`mllp HOST:PORT feed NAME` for each listener, then `http HOST:PORT`."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            kind, address, *rest = line.split()
            self.ports[rest[-1] if kind == "mllp" else kind] = int(address.rpartition(":")[2])
            if kind == "http":
                return
        raise AssertionError(f"serve did not start: {self.log.read_text()}")

    @property
    def port(self) -> int:
        """The port of the feed that nobody declared."""
        return self.ports["mllp"]

    def health(self) -> tuple[int, dict[str, Any]]:
        url = f"http://127.0.0.1:{self.ports['http']}/healthz"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, json.load(refused)

    def metrics(self) -> dict[str, float]:
        """What Prometheus reads, by name and labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports['http']}/metrics", timeout=PATIENCE_S) as answer:
            lines = answer.read().decode().splitlines()
        return {name: float(value) for name, _, value in (x.rpartition(" ") for x in lines if not x.startswith("#"))}

    def children(self) -> list[int]:
        """The processes that any of its threads has started."""
        found: list[int] = []
        for thread in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            with suppress(FileNotFoundError, ProcessLookupError):  # a thread may have ended since
                found += map(int, thread.read_text().split())
        return found

    def caught_up(self) -> Self:
        """Wait until every kept line was processed."""
        until(lambda: self.health()[1]["lines_waiting"] == 0)
        return self

    def kill(self) -> None:
        """As a power cut would, for the process."""
        self.process.kill()
        self._gone()

    def stop(self, number: int = signal.SIGINT) -> int:
        """As Ctrl-C or the supervisor would; the exit code."""
        self.process.send_signal(number)
        return self._gone()

    def _gone(self) -> int:
        code = self.process.wait(timeout=PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._log.close()
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            code = self.stop()
            assert code == 0 or kind, self.log.read_text()
        elif not self._log.closed:
            self._gone()


class Wire:
    """One MLLP connection of a sender that knows nothing of us but the port."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self._decoder = Decoder()
        self._answers: list[bytes] = []

    def tell(self, *messages: bytes) -> None:
        """Send without waiting."""
        self.socket.sendall(b"".join(map(frame, messages)))

    def ask(self, message: bytes) -> bytes | None:
        """Send and wait for the answer; None when the connection closes instead."""
        try:
            self.tell(message)
        except OSError:
            return None
        return self.answer()

    def answer(self) -> bytes | None:
        while not self._answers:
            try:
                data = self.socket.recv(65536)
            except ConnectionError:
                return None
            if not data:
                return None
            self._answers += [block for block in self._decoder.feed(data) if isinstance(block, bytes)]
        return self._answers.pop(0)

    def code(self, message: bytes) -> str:
        """MSA-1 of the answer, `closed` when there is none."""
        answer = self.ask(message)
        return "closed" if answer is None else read_ack(answer)[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def environment() -> dict[str, str]:
    """Nothing of the developer's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WARMHANDOFF")}
    return {**kept, "COLUMNS": "200"}


def until(holds: Callable[[], bool], *, pause_s: float = 0.05) -> None:
    """Wait until something holds."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end, "what the test waits for did not come"
        time.sleep(pause_s)


def codes(port: int, *messages: bytes) -> list[str]:
    """MSA-1 of each, sent one after the other over one connection."""
    with Wire(port) as wire_:
        return [wire_.code(message) for message in messages]


def folded(outbox: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What a subscriber knows of each task who heard everything, in order of position; measures are heard of, too."""
    assert [line["position"] for line in outbox] == list(range(1, len(outbox) + 1))
    assert len({line["id"] for line in outbox}) == len(outbox)
    known: dict[str, dict[str, Any]] = {}
    for line in outbox:
        before = known.get(line["subject"])
        assert line["revision"] == (before["revision"] + 1 if before else 1), line["subject"]
        known[line["subject"]] = line
    tasks = {subject: line for subject, line in known.items() if line["effect"] != "contribution_changed"}
    return {subject: told(line) for subject, line in tasks.items() if line["reason"] != "cause_removed"}


def told(task: dict[str, Any]) -> dict[str, Any]:
    """What an effect and the work list both say of a task."""
    return {word: task[word] for word in ("member_id", "rule", "state", "due_at", "owner", "reason")}


def outbox_agrees(house: House) -> None:
    """Folding the outbox gives the work list of now."""
    tasks = {task["task_id"]: told(task) for task in house.json("tasks")["tasks"]}
    assert folded(house.lines("alerts")) == tasks


# -- made-up people ---------------------------------------------------------------------------------------------------


def roster(*members: str) -> str:
    """One roster file of many: `M1`, `M2`, ... beyond the cast of `tests.wire` too."""
    head = ",".join(wire.ROSTER_COLUMNS)
    rows = []
    for member in members:
        wire.NAMES.setdefault(member, (f"FAMILY{member}", "GIVEN", "19700101"))
        rows.append(wire.roster(member).splitlines()[1])
    return "\n".join([head, *rows]) + "\n"


def stamp(at: datetime) -> str:
    """A wall clock with its distance from UTC: on the nights when clocks are set, no hour comes twice or never."""
    return at.astimezone(ZONE).strftime("%Y%m%d%H%M%S%z")


def adt(
    trigger: str, control: str, member: str = "M1", *, visit: str = "", at: datetime | None = None,
    admitted: datetime | None = None, hospital: str = "H1", processing: str = "P", extra: str = "",
) -> bytes:  # fmt: skip
    """A real ADT message about an inpatient stay.

    Args:
        at: when it happened; default an hour ago. admitted: when the stay began; default two days ago, for A01 `at`.
        extra: fields of MSH from 13 on, such as `|||AL|NE`.
    """
    wire.NAMES.setdefault(member, (f"FAMILY{member}", "GIVEN", "19700101"))
    now = datetime.now(UTC).replace(microsecond=0)
    at = at or now - timedelta(hours=1)
    admitted = at if trigger == "A01" else admitted or now - timedelta(days=2)
    fields = {2: "I", 3: "MED^1^A", 19: visit or f"V-{member}", 39: hospital, 44: stamp(admitted)}
    if trigger == "A03":
        fields |= {36: "01", 45: stamp(at)}
    segments = [wire.pid(member, f"MRN-{member}", hospital), wire.segment("PV1", fields)]
    text = wire.message(trigger, control, stamp(now), stamp(at), stamp(at), segments, hospital)
    head, line_end, rest = text.partition("\r")
    head = head.replace(f"|{control}|P|2.5.1", f"|{control}|{processing}|2.5.1") + extra
    return (head + line_end + rest).encode()


MALFORMED = b"MSH|^~\\&|ADT|H1|HIE|PLANA|20250101||ADT^Z99|BAD-1|P|2.5.1\rPID|1||X\r"
