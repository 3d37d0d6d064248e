"""A made-up world with claims, fills, results and files is loaded, and every measure counts what is true of it."""

import random
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.main import complete
from services.simulation.codes import value_sets_csv
from services.simulation.journal import journal_line
from services.simulation.recipe import FAULTS, MEASURE_FAULTS, Recipe
from services.simulation.sending import Delivery
from services.simulation.truth import label_line
from services.simulation.world import World

ALL = frozenset({*FAULTS, *MEASURE_FAULTS})


def scored(world: World, deliveries: list[Delivery], folder: Path, patch: pytest.MonkeyPatch) -> tuple[int, str]:
    """Load and score through the command line: exit code and output."""
    patch.chdir(folder)
    (folder / "codes.csv").write_text(value_sets_csv())
    patch.setenv("WARMHANDOFF_VALUE_SETS", str(folder / "codes.csv"))
    (folder / "journal").write_bytes(b"".join(map(journal_line, deliveries)))
    with (folder / "truth").open("wb") as truth:
        truth.writelines(label_line(label) for at in world.instants for label in world.labels(at))

    def run(*args: str) -> Any:
        return CliRunner().invoke(complete(), ["--store", str(folder / "store"), *args])

    assert run("load", "journal").exit_code == 0
    found = run("score", "truth")
    return found.exit_code, found.output


@pytest.mark.parametrize("seed", [1, 2])
def test_a_world_with_every_fault_is_counted_as_it_truly_was(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(Recipe(40, 420, seed, ALL, measures=True))
    code, told = scored(world, world.deliveries(), tmp_path, monkeypatch)
    assert (code, told.splitlines()[-1]) == (0, "Everything is listed as it should be."), told


def test_order_and_repetition_of_the_journal_do_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Recipe(30, 400, 3, ALL, measures=True))
    deliveries, dice = world.deliveries(), random.Random(3)
    deliveries += dice.sample(deliveries, len(deliveries) // 4)
    dice.shuffle(deliveries)
    code, told = scored(world, deliveries, tmp_path, monkeypatch)
    assert (code, told.splitlines()[-1]) == (0, "Everything is listed as it should be."), told
