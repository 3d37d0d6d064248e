"""`demo` plays the whole story through the real ports, ends well, and leaves a store that other commands read."""

import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.view import Effect, Owner
from services.cli.demo.playing import Happened
from services.cli.demo.retelling import Teller
from services.cli.demo.staging import StoryClock
from services.cli.demo.story import story

PROGRAM = Path(sys.executable).with_name("warmhandoff")
START = datetime(2025, 3, 1, 17, 0, tzinfo=UTC)
STORY = story(START)
HL7 = [line for line in STORY.lines if line.kind == "hl7v2"]
# Without an MSH there is nobody to answer: such bytes are kept, and the connection closes.
UNANSWERABLE = [line for line in HL7 if not line.body.startswith(b"MSH") or len(line.body) < 9]


def run(*args: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *args],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo")
    return folder, run("--store", folder / "store", "demo", "--once", "--speed", "50", cwd=folder)


@pytest.mark.slow
def test_the_story_ends_well(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    _, done = played
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert f"answers      {len(HL7) - len(UNANSWERABLE)} AA\n" in done.stdout
    assert f"{len(UNANSWERABLE)} had no MSH to answer" in done.stdout
    assert re.search(r"verify +40 members computed again from the raw log: the same\n", done.stdout)


@pytest.mark.slow
def test_everything_that_cannot_be_read_waits_and_nothing_else(
    played: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = played
    expected = sum(line.note.endswith(": quarantined") for line in HL7)
    assert f"quarantined  {expected}," in done.stdout
    assert len(re.findall(r"waits as q-\d+", done.stdout)) == expected


@pytest.mark.slow
def test_what_the_summary_says_to_try_works(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = played
    tips = done.stdout.split("Try next\n")[1].splitlines()
    alias = shlex.split(shlex.split(tips[0])[1].partition("=")[2])
    commands = [shlex.split(tip, comments=True)[1:] for tip in tips if tip.startswith("  wh ")]
    assert len(commands) >= 7
    for command in commands:
        tried = subprocess.run([*alias, *command], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
        assert tried.returncode == 0, (command, tried.stderr)
        assert tried.stdout, command


@pytest.mark.slow
def test_a_store_in_use_or_by_default_is_left_alone(played: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, _ = played
    refused = run("--store", folder / "store", "demo", "--once", cwd=folder)
    assert refused.returncode == 2
    assert "is not empty" in refused.stderr


@pytest.mark.slow
def test_without_a_store_it_makes_one_of_its_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    spare = tmp_path / "spare"
    spare.mkdir()
    done = run("demo", "--once", "--speed", "1000", cwd=tmp_path, WARMHANDOFF_STORE=str(mine), TMPDIR=str(spare))
    assert done.returncode == 0, done.stderr
    assert not mine.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spare"]
    assert [path.name.rpartition("-")[0] for path in spare.iterdir()] == ["warmhandoff-demo"]


def test_the_storys_clock_never_goes_back() -> None:
    clock = StoryClock(START)
    clock.to(START + timedelta(days=2))
    clock.to(START)
    first = clock()
    assert first > START + timedelta(days=2)
    assert clock() > first
    clock.go_live()
    assert abs(clock() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_task_whose_evidence_alone_changes_is_not_told() -> None:
    def effect(revision: int, state: str, day: int, kind: str = "task_changed") -> Effect:
        due = START + timedelta(days=day)
        return Effect(
            f"e{revision}",
            START,
            kind,
            None,
            "M1",
            "t1",
            revision,
            "tcm.contact_2bd",
            state,
            due,
            Owner(),
            None,
            (),  # type: ignore[arg-type]
        )

    teller = Teller()

    def told(*effects: Effect) -> list[str]:
        return [event.words.strip() for event in teller.tell(Happened(START, None, effects))[0]]

    assert told(effect(1, "open", 2, "task_opened")) == ["time passes: 1 opened: M1 tcm.contact_2bd"]
    assert told(effect(2, "open", 2)) == []
    assert told(effect(3, "open", 3)) == ["time passes: 1 moved: M1 tcm.contact_2bd"]
    assert told(effect(4, "overdue", 3)) == ["time passes: 1 overdue: M1 tcm.contact_2bd"]
    assert told(effect(5, "open", 4)) == ["time passes: 1 reopened: M1 tcm.contact_2bd"]
    assert told(effect(6, "cancelled", 4, "task_withdrawn")) == ["time passes: 1 cancelled: M1 tcm.contact_2bd"]
