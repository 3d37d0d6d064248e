"""The parts of a long run, and which of them are played at the same time."""

import shutil
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from tests.long.asked import Asked, Failed

PARTS = {
    "mutants": "a million messages bent and broken, through framing, files, reader and store",
    "memory": "resident memory over a long bulk load",
    "kills": "two hundred kills of `serve` under load",
    "feed": "twenty minutes of a synthetic exchange, with every fault, over MLLP",
    "rest": "tests that take too long for every day: stories through a real broker, listeners of a cluster",
    "cluster": "workers on Kafka and PostgreSQL: fifty kills, and whatever else can fail",
}
BESIDE = {"feed": ("mutants", "memory", "rest")}
"""What is played beside a part that mostly waits, if both are asked for: one after the other they would take longer."""


def failures(parts: Sequence[str], run: Asked, disk: Path | None) -> Iterator[str]:
    """Play parts, and give those that failed."""
    for part in parts:
        if not any(part in BESIDE.get(other, ()) for other in parts):
            yield from _lane(part, [each for each in BESIDE.get(part, ()) if each in parts], run, disk)


def _lane(part: str, beside: Sequence[str], run: Asked, disk: Path | None) -> Iterator[str]:
    """Play a part, and others beside it in a process of their own; those that failed."""
    with ProcessPoolExecutor(1, get_context("spawn")) as other:
        others = [(each, other.submit(_played, each, run, disk)) for each in beside]
        if not _played(part, run, disk):
            yield part
        yield from (each for each, done in others if not done.result())


def _played(part: str, run: Asked, disk: Path | None) -> bool:
    """Play one part in a folder of its own, which stays when it fails."""
    folder = Path(tempfile.mkdtemp(prefix=f"long-{part}-", dir=disk))
    print(f"== {part}: {PARTS[part]}", flush=True)
    began = time.monotonic()
    try:
        for found in import_module(f"tests.long.{part}").run(run, folder):
            print(f"   {part} {time.monotonic() - began:6.0f} s  {found}", flush=True)
    except Exception as error:  # noqa: BLE001 - whatever one part finds, the others still run
        if not isinstance(error, Failed):
            traceback.print_exc()
        print(f"!! {part}: {error}\n   its folder was kept: {folder}", flush=True)
        return False
    shutil.rmtree(folder)
    print(f"== {part}: well, {time.monotonic() - began:.0f} s", flush=True)
    return True
