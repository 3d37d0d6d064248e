"""`python -m tests.long`, or `make test-long`: what only time and chance find. Under an hour on two cores.

`make test-long SEED=7 ONLY=kills` replays one part. A part that fails keeps its folder, and the others go on.
"""

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from random import randrange

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


def main(arguments: list[str] | None = None) -> int:
    """Run the parts asked for; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.long", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of: {', '.join(PARTS)} (default: all)")
    parser.add_argument("--seed", type=int, help="replay (default: another one each time)")
    parser.add_argument("--brief", action="store_true", help="seconds instead of minutes: it runs, and proves little")
    parser.add_argument("--number", type=int, action="append", default=[], help="only these mutants; may be repeated")
    parser.add_argument("--folder", type=Path, help="on which disk (default: the temporary folder)")
    asked = parser.parse_args(arguments)
    if strange := set(asked.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(strange))}; there are {', '.join(PARTS)}")
    run = Asked(randrange(10**6) if asked.seed is None else asked.seed, asked.brief, tuple(asked.number))
    print(f"seed {run.seed}", flush=True)
    parts = asked.parts or list(PARTS)
    alone = [part for part in parts if not any(part in BESIDE.get(other, ()) for other in parts)]
    failed = [
        each
        for part in alone
        for each in _lane(part, [p for p in BESIDE.get(part, ()) if p in parts], run, asked.folder)
    ]
    for part in failed:
        print(f"FAILED {part}: replay with `make test-long ONLY={part} SEED={run.seed}`", flush=True)
    return 1 if failed else 0


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


if __name__ == "__main__":
    sys.exit(main())
