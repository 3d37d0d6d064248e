"""The tests that take too long for every day (`@pytest.mark.long`): stories through a real broker, for one."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.long.asked import Asked, hold


def run(asked: Asked, folder: Path) -> Iterator[str]:
    """Run them all; `--brief` some of them."""
    log = folder / "pytest.log"
    words = [sys.executable, "-m", "pytest", "-n", "2", "-m", "long", "tests"]
    some = ["-k", "decision or topics_that"] if asked.brief else []
    with log.open("wb") as file:
        done = subprocess.run([*words, *some], stdout=file, stderr=file, check=False)
    last = log.read_text(errors="replace").strip().splitlines()[-1]
    hold(done.returncode == 0, f"{last}; {log} has the rest")
    yield last
