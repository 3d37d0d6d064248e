"""A made-up world is loaded, and the store lists exactly what is true of it: at every instant, in any order."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.main import complete
from services.runtime.store.contract import NewLine
from services.simulation.recipe import FAULTS, Recipe
from services.simulation.scoring import Listed, Score
from services.simulation.sending import Delivery
from services.simulation.world import World
from services.status.questions import Questions
from tests.worlds import Live, setup

ALL = frozenset(FAULTS)


@pytest.fixture
def live() -> Iterator[Live]:
    store = Live()
    yield store
    store.close()


def load(live: Live, deliveries: list[Delivery]) -> None:
    live.store.append([NewLine(d.feed, d.received_at, d.kind, d.body) for d in deliveries]).result()
    live.now = max(d.received_at for d in deliveries)
    while live.pipeline.run(bulk=True):
        pass


def differences(world: World, live: Live) -> list[tuple[Any, ...]]:
    score, questions = Score(10), Questions(live.store, setup().reference)
    for at in world.instants:
        labels = {label.member_id: label for label in world.labels(at)}
        for member_id, view in questions.views(at):
            stays = [(s.patient_class, s.status, s.admitted_at, s.discharged_at) for s in view.stays]
            listed = Listed(member_id, stays, [(t.rule, t.due_at, t.state) for t in view.tasks])
            score.compare(at, labels.pop(member_id, None), listed)
        for label in labels.values():
            score.compare(at, label, None)
    assert sum(t.found for kinds in score.by_instant.values() for t in kinds.values()) > 1000
    return [(d.member_id, d.as_of, d.expected, d.listed, d.faults) for d in score.differences]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_world_with_every_fault_is_listed_as_it_truly_was(live: Live, seed: int) -> None:
    world = World(Recipe(60, 45, seed, ALL))
    load(live, world.deliveries())
    assert differences(world, live) == []


def test_a_world_without_faults_is_listed_as_it_truly_was(live: Live) -> None:
    world = World(Recipe(60, 45, 3))
    load(live, world.deliveries())
    assert differences(world, live) == []


def test_order_and_repetition_of_the_journal_do_not_matter(live: Live) -> None:
    world = World(Recipe(40, 45, 4, ALL))
    deliveries, dice = world.deliveries(), random.Random(4)
    deliveries += dice.sample(deliveries, len(deliveries) // 4)
    dice.shuffle(deliveries)
    load(live, deliveries)
    assert differences(world, live) == []


def test_simulate_load_and_score_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    truth, journal, codes = tmp_path / "truth", tmp_path / "journal", tmp_path / "codes"
    world = ["--members", "8", "--days", "30", "--seed", "5", "--faults", "late, repeated"]

    def run(*args: str | Path) -> Any:
        return CliRunner().invoke(complete(), ["--store", str(tmp_path / "store"), *map(str, args)])

    made = run("simulate", *world, "--truth", truth, "--value-sets", codes)
    journal.write_bytes(made.stdout_bytes)
    assert run("load", journal).exit_code == 0
    assert "WARMHANDOFF_VALUE_SETS" in run("score", truth).output

    monkeypatch.setenv("WARMHANDOFF_VALUE_SETS", str(codes))
    clean = run("score", truth)
    assert (clean.exit_code, clean.output.splitlines()[-1]) == (0, "Everything is listed as it should be.")

    told = [json.loads(line) for line in truth.read_text().splitlines()]
    task = next(task for label in told for task in label["tasks"])
    task["state"] = "missed" if task["state"] != "missed" else "met"
    truth.write_text("".join(json.dumps(label) + "\n" for label in told))
    wrong = run("score", truth, "--json")
    shown = json.loads(wrong.stdout)
    assert wrong.exit_code == 1
    assert [(d["kind"], d["expected"][0]) for d in shown["differences"]] == [("tasks", task["rule"])]

    run("simulate", *world, "--seed", "6", "--truth", truth)
    other = run("score", truth)
    assert (other.exit_code, "the store holds" in other.output) == (2, True)
    assert run("score", tmp_path / "nothing").exit_code == 2


@pytest.mark.parametrize(
    ("option", "value"),
    [("--members", "0"), ("--days", "-1"), ("--faults", "gremlins"), ("--start", "soon"), ("--start", "2035-01-01")],
)
def test_a_world_that_cannot_be_made_is_refused(option: str, value: str) -> None:
    refused = CliRunner().invoke(
        complete(), ["simulate", "--members", "3", "--days", "9", "--seed", "1", option, value]
    )
    assert refused.exit_code == 2
    assert refused.stdout == ""
    assert option in refused.stderr
    assert "Write " in refused.stderr
