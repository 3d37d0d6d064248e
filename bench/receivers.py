"""Receivers to measure, each in a process of its own. The first line of each says where it listens."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import msgspec

from bench.sending import Address

ROOT = Path(__file__).parents[1]
HAPI = Path(__file__).parent / "hapi"
START_S, FETCH_S, END_S = 60.0, 180.0, 20.0


class NotHere(Exception):
    """What a peer needs is not on this machine; the message says what."""


class Running(msgspec.Struct, frozen=True):
    """A receiver that listens, and its process."""

    address: Address
    process: int


@contextmanager
def started(command: Sequence[str], folder: Path) -> Iterator[Running]:
    """A program until the block ends.

    Raises:
        NotHere: it said no address; the message has the end of what it complained of.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WARMHANDOFF_")}
    environment["PYTHONPATH"] = str(ROOT)
    complaints = folder / "stderr"
    with (
        complaints.open("wb") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, cwd=folder, env=environment, text=True
        ) as program,
    ):
        try:
            host, _, port = next((word for word in _first_line(program).split() if ":" in word), "").rpartition(":")
            if not port.isdigit():
                raise NotHere(complaints.read_text(errors="replace").strip()[-300:] or "it did not start")
            yield Running((host, int(port)), program.pid)
        finally:
            _ended(program)


def echo() -> list[str]:
    """Keeps nothing, answers AA: the limit of the senders."""
    return [sys.executable, "-m", "bench.echoing"]


def journal(store: Path) -> list[str]:
    """Our listener and journal, without the pipeline."""
    return [sys.executable, "-m", "bench.journaling", str(store)]


def serve(store: Path, config: Path | None = None) -> list[str]:
    """The service as a user runs it."""
    program = "from services.cli.main import main; main()"
    where = ["--store", str(store), *(("--config", str(config)) if config else ())]
    return [sys.executable, "-c", program, *where, "serve", "--mllp", "127.0.0.1:0", "--http", ""]


def hapi(libraries: str, *file: str) -> list[str]:
    """HAPI HL7v2's listener; with a file it answers once the message is durable there."""
    return ["java", "-cp", libraries, str(HAPI / "Receiver.java"), *file]


def hapi_libraries(folder: Path) -> str:
    """Fetch what HAPI needs, as Maven's settings say, into Maven's own repository; give the class path.

    Raises:
        NotHere: no Java, no Maven, or no way to the libraries.
    """
    out = folder / "class-path"
    command = ["mvn", "-q", "-B", "-f", str(HAPI / "pom.xml"), "dependency:build-classpath", f"-Dmdep.outputFile={out}"]
    try:
        subprocess.run(["java", "-version"], check=True, capture_output=True, timeout=START_S)
        subprocess.run(command, check=True, capture_output=True, timeout=FETCH_S)
    except FileNotFoundError as missing:
        raise NotHere(f"there is no `{missing.filename}` on this machine") from None
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise NotHere("Maven could not fetch its libraries") from None
    return out.read_text().strip()


def resident_megabytes(process: int) -> float:
    """Resident memory of a process and all that it started; what they share is counted for each."""
    status = Path(f"/proc/{process}/status").read_text()
    here = int(status.partition("VmRSS:")[2].split()[0]) / 1024
    children = [
        int(child) for task in Path(f"/proc/{process}/task").glob("*/children") for child in task.read_text().split()
    ]
    return here + sum(map(resident_megabytes, children))


def _ended(program: "subprocess.Popen[str]") -> None:
    program.terminate()
    try:
        program.wait(timeout=END_S)
    except subprocess.TimeoutExpired:
        program.kill()


def _first_line(program: "subprocess.Popen[str]") -> str:
    said = SimpleQueue[str]()
    assert program.stdout is not None
    Thread(target=lambda out=program.stdout: said.put(out.readline().strip()), daemon=True).start()
    try:
        return said.get(timeout=START_S)
    except Empty:
        return ""
