"""`worker`: what it is told on the command line."""

from os import fsdecode
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import complete


def told(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(complete(), ["worker", *words])
    return done.exit_code, done.stderr


@pytest.mark.parametrize("name", ["a/b", "../x", ".", "..", "a b", "é", "a\n", fsdecode(b"\xff"), "x" * 101])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    code, said = told("--instance", name)
    assert (code, said.splitlines()) == (
        2,
        [f"--instance: {name!r} is no name.", "Write 1 to 100 of A-Z a-z 0-9 . _ - (not . or .. alone)."],
    )


@pytest.mark.parametrize("name", ["worker-a", "host.internal-1", "...", "_", "x" * 100])
def test_a_name_is_taken(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, said = told("--instance", name)
    assert (code, said.splitlines()[0]) == (2, "worker: no cluster is declared.")
