"""The bench runs to its end; how fast anything is, no test says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_bench_measures_every_part_and_names_no_machine(tmp_path: Path) -> None:
    out = tmp_path / "results.json"
    command = [sys.executable, "-m", "bench", "--quick", "--out", str(out), "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(out.read_text())
    measured = {figure["id"].partition(".")[0] for figure in found["figures"]}
    assert measured >= {"reader", "append", "derive", "rebuild", "load", "served", "delay", "peer"}
    assert all(figure["median"] > 0 for figure in found["figures"])
    assert str(tmp_path) not in out.read_text()
    assert found["machine"]["cores"] >= 1
