"""`demo` plays a made-up world through the real ports, ends well, and leaves a store that other commands read."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from services.cli import demoing
from services.cli.demo.staging import recipe_until
from services.cli.demo.summing import hints
from services.cli.main import complete
from services.runtime.store.contract import walk_lines
from services.runtime.store.sqlite_reader import SqliteReader
from services.simulation.truth import Label
from services.simulation.world import World
from services.wiring.setup import VALUE_SETS

PROGRAM = Path(sys.executable).with_name("warmhandoff")
TODAY = datetime(2025, 4, 10, 20, tzinfo=UTC)
MEMBERS, DAYS = 24, 9
FASTEST = ("demo", "--once", "--speed", "1000")
SMALL = ("--members", str(MEMBERS), "--days", str(DAYS))


@pytest.fixture(scope="module", autouse=True)
def april() -> Iterator[None]:
    """The machine's clock says April: the same bytes in every run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demoing, "clock", lambda: TODAY)
        yield


def typed(*words: str | Path) -> Result:
    return CliRunner().invoke(complete(), [str(word) for word in words])


def run(*words: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    folder = tmp_path_factory.mktemp("demo") / "store"
    return folder, typed("--store", folder, *FASTEST, *SMALL)


@pytest.fixture
def store(played: tuple[Path, Result]) -> Iterator[SqliteReader]:
    with SqliteReader.open(played[0]) as reader:
        yield reader


def world() -> World:
    return World(recipe_until(TODAY, MEMBERS, DAYS, seed=1))


def test_the_story_ends_well(played: tuple[Path, Result]) -> None:
    _, done = played
    assert (done.exit_code, done.stderr) == (0, "")
    sent = sum(delivery.kind == "hl7v2" for delivery in world().deliveries())
    assert f"answers      {sent} AA; " in done.output
    assert re.search(r"verify +\d+ members computed again from the raw log: the same\n", done.output)
    assert re.search(r"score +\d+ stays found, 0 missing, 0 extra; \d+ tasks found, 0 missing, 0 extra", done.output)
    faults = re.findall(r"^  (\w+) .* (\d+) +(\d+)$", done.output, re.MULTILINE)
    assert len(faults) > 5
    assert {wrong for *_, wrong in faults} == {"0"}


def test_the_end_tells_measures_and_dollars_as_the_commands_tell_them(played: tuple[Path, Result]) -> None:
    folder, done = played
    told = dict(re.findall(r"^  (sim\.\w+) +(\$[\d,.]+) earned", done.output, re.MULTILINE))
    asked = typed(
        "--store", folder, "--config", folder / "demo.yaml", "programs", "--json", "--as-of", TODAY.isoformat()
    )
    paid = {one["program"]: one["earned"] for one in json.loads(asked.stdout)["programs"]}
    assert {name: amount.replace("$", "").replace(",", "") for name, amount in told.items()} == paid
    assert float(paid["sim.episode"]) > 0
    assert re.search(r"^  tcs\.cm_contact_7d +[\d.]+%  \d+ of [1-9]\d*$", done.output, re.MULTILINE)


def test_where_there_is_no_terminal_each_day_is_a_line(played: tuple[Path, Result]) -> None:
    days = re.findall(r"^... \d\d ...  (\d+) messages, (\d+) files(.*)$", played[1].output, re.MULTILINE)
    deliveries = world().deliveries()
    assert sum(int(messages) for messages, _, _ in days) == sum(one.kind == "hl7v2" for one in deliveries)
    assert sum(int(files) for _, files, _ in days) == sum(one.kind != "hl7v2" for one in deliveries)
    told = " ".join(more for _, _, more in days)
    for word in ("admitted", "discharged", "opened", "met", "due soon", "overdue", "escalated"):
        assert f" {word}" in told


def test_every_line_was_received_when_the_world_says(store: SqliteReader) -> None:
    deliveries = world().deliveries()
    told = {(one.received_at, one.feed, one.kind, one.body) for one in deliveries}
    kept = [(line.received_at, line.feed, line.kind, line.body) for line in walk_lines(store)]
    assert set(kept) <= told
    assert [at for at, *_ in kept] == sorted(at for at, *_ in kept)
    # What is missing are the same bytes again, which got their stored answer.
    assert {body for *_, body in told} == {body for *_, body in kept}


def test_what_falls_due_is_said_when_it_falls_due(store: SqliteReader) -> None:
    effects = [row.effect for row in store.outbox(0, 100_000)]
    received = {line.received_at for line in walk_lines(store)}
    overdue = [e for e in effects if e.effect == "task_changed" and e.alert == "overdue" and e.at not in received]
    assert len(overdue) > 10
    story = [effect for effect in overdue if effect.at < TODAY]
    assert all(effect.due_at and effect.at - effect.due_at <= timedelta(seconds=1) for effect in story)


def test_a_world_that_is_told_otherwise_than_it_was_ends_with_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: World, at: datetime) -> Iterator[Label]:
        for label in labels(self, at):
            yield msgspec.structs.replace(label, tasks=label.tasks[1:])

    labels = World.labels
    monkeypatch.setattr(World, "labels", broken)
    done = typed("--store", tmp_path / "store", *FASTEST, "--members", "8", "--days", "6")
    assert done.exit_code == 1
    assert re.search(r"\d+ tasks found, 0 missing, [1-9]\d* extra", done.output)
    assert re.search(r"SIM-M\d+ at .*, tasks .*: expected nothing; listed t", done.output)
    assert "Try next" in done.output


def test_ctrl_c_in_the_middle_ends_cleanly(tmp_path: Path) -> None:
    words = [PROGRAM, "--store", tmp_path / "store", "demo", "--speed", "1"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as going:
        assert going.stdout
        assert going.stderr
        for line in going.stdout:
            if "messages" in line:
                break
        going.send_signal(signal.SIGINT)
        rest, said = going.stdout.read(), going.stderr.read()
    assert going.returncode == 0
    assert rest.endswith(f"Stopped before the end. What was played is in {tmp_path / 'store'}.\n")
    assert said == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--days", "2"], "--days: a story of 2 days cannot be told from 2025-04-04.\nWrite 4 to "),
        (["--days", "999999999"], "would begin before 2024-02-01"),
        (["--days", "-3"], "--days: a story of -3 days"),
        (["--members", "0"], "--members: 0 people make no world.\nWrite 1 to "),
        (["--speed", "0"], "Invalid value for '--speed'"),
    ],
)
def test_a_world_that_cannot_be_is_explained(words: list[str], told: str, tmp_path: Path) -> None:
    done = typed("--store", tmp_path / "store", *FASTEST, *words)
    assert done.exit_code == 2
    assert told in done.stderr
    assert not (tmp_path / "store").exists()


def test_a_store_in_use_is_left_alone(played: tuple[Path, Result]) -> None:
    refused = typed("--store", played[0], *FASTEST)
    assert refused.exit_code == 2
    assert "is not empty.\nThe demo fills a store of its own" in refused.stderr


@pytest.mark.slow
def test_what_the_summary_says_to_try_works(played: tuple[Path, Result]) -> None:
    folder, done = played
    tips = done.output.split("Try next\n")[1].splitlines()
    alias = shlex.split(shlex.split(tips[0])[1].partition("=")[2])
    at = alias.index("--store")
    alias = [*alias[: at - 1], str(PROGRAM), *alias[at:]]  # the tests' own name is not the program's
    commands = [shlex.split(tip, comments=True)[1:] for tip in tips if tip.startswith("  wh ")]
    assert len(commands) >= 8
    for command in commands:
        tried = subprocess.run(
            [*alias, *command], cwd=folder.parent, capture_output=True, text=True, timeout=120, check=False
        )
        assert tried.returncode == 0, (command, tried.stderr)
        assert tried.stdout or "nothing" in tried.stderr.lower(), command


def test_what_is_tried_in_another_shell_has_this_ones_value_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VALUE_SETS, "mine:/others")
    alias = list(hints(tmp_path, "T", "M", TODAY))[1]
    assert shlex.split(shlex.split(alias)[1])[0].startswith("wh=env")
    assert f"{VALUE_SETS}={tmp_path / 'mine'}:/others" in alias
    monkeypatch.delenv(VALUE_SETS)
    assert "env" not in list(hints(tmp_path, "T", "M", TODAY))[1].partition(str(tmp_path))[0]


@pytest.mark.slow
def test_without_a_store_it_makes_one_of_its_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    spare = tmp_path / "spare"
    spare.mkdir()
    done = run(*FASTEST, *SMALL, cwd=tmp_path, WARMHANDOFF_STORE=str(mine), TMPDIR=str(spare))
    assert done.returncode == 0, done.stdout + done.stderr
    assert not mine.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["spare"]
    assert [path.name.rpartition("-")[0] for path in spare.iterdir()] == ["warmhandoff-demo"]
