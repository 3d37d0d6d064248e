"""The pipeline's process, when the machine is in need."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.runtime.store.sqlite import SqliteStore
from services.wiring import process
from services.wiring.process import WorkerProcess
from services.wiring.setup import read_setup
from tests.end_to_end.running import until


def test_a_child_that_cannot_be_started_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "RETRY_S", 0.01)
    popen, refused = subprocess.Popen, []

    def short_of_memory(*words: Any, **options: Any) -> Any:
        if 0 < len(refused) < 3:
            refused.append("no")
            raise OSError(12, "Cannot allocate memory")
        return popen(*words, **options)

    monkeypatch.setattr(subprocess, "Popen", short_of_memory)
    with SqliteStore.open(tmp_path, now=lambda: datetime.now(UTC)) as store:
        worker = WorkerProcess(store, tmp_path, read_setup(None))
        worker.start()
        first = worker._child
        assert first is not None
        refused.append("from now on")
        first.kill()
        until(lambda: worker._child is not first)
        until(lambda: worker.is_well)
        worker.stop()
    assert len(refused) == 3
