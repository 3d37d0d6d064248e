"""Starts `warmhandoff` changed in one respect, in the process that listens and in the pipeline's process alike.

A module of this folder that changes something calls `launched` when it is run as a program.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.cli.main import main
from services.wiring import process
from services.wiring.logs import LEVEL, set_up
from services.wiring.process import WorkerProcess

_WORKER = "--as-worker"


def launched(program: str, word: str, change: Callable[[str], None]) -> None:
    """Run the command line, or the pipeline's process, with something changed.

    Args:
        program: the file that was run: the pipeline's process is started with it, too.
        word: its first argument, which says what is changed.
    """
    _followed(program, word)
    change(word)
    del sys.argv[1]
    if sys.argv[1] != _WORKER:
        main()
        return
    folder, config, digest = sys.argv[2:]
    set_up(os.environ.get(LEVEL, "info"))
    sys.exit(process.main(Path(folder), Path(config) if config else None, digest))


def _followed(program: str, word: str) -> None:
    plain = WorkerProcess.__init__

    def begun(self: WorkerProcess, *args: Any, **named: Any) -> None:
        plain(self, *args, **named)
        self._command = [sys.executable, program, word, _WORKER, *self._command[-3:]]

    WorkerProcess.__init__ = begun  # type: ignore[method-assign]
