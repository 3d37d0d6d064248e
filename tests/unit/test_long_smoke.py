"""The long tests run to their end; what they find in seconds is little."""

from pathlib import Path

import pytest

from tests.long import mutants, piping
from tests.long.__main__ import main
from tests.long.asked import Asked, Failed, hold


def test_some_mutants_break_nothing(tmp_path: Path) -> None:
    asked = Asked(seed=7)
    found = mutants.judged((asked, range(600)))
    assert found.failures == []
    assert found.counts["interpreted"] > 100
    assert found.counts["quarantined"] > 100
    assert piping.piped(asked, 0, 150, tmp_path)["interpreted"] > 50


def test_the_nth_mutant_of_a_seed_is_always_the_same() -> None:
    asked = Asked(seed=7)
    assert mutants.message(asked, 41) == mutants.message(Asked(seed=7), 41)
    assert mutants.message(asked, 41) != mutants.message(Asked(seed=8), 41)


def test_a_failure_names_the_command_that_replays_it_and_keeps_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        hold(False, "a promise was broken")

    monkeypatch.setattr(mutants.Judge, "read", broken)
    found = mutants.judged((Asked(seed=7), range(1)))
    assert found.failures == [(0, "a promise was broken")]
    monkeypatch.setattr("tests.long.memory.run", lambda *_: (_ for _ in ()).throw(Failed("it grew")))
    assert main(["memory", "--seed", "7", "--folder", str(tmp_path)]) == 1
    told = capsys.readouterr().out
    assert "it grew" in told
    assert "make test-long ONLY=memory SEED=7" in told
    assert len(list(tmp_path.iterdir())) == 1
