"""A world with measures: the same for everybody, with every fault, and labels that no order or repetition changes."""

import os
import random
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from io import BytesIO
from typing import TypeVar

import pytest

from services.simulation.chronicle import Chronicle
from services.simulation.dossier import Dossier
from services.simulation.household import household
from services.simulation.journal import write
from services.simulation.recipe import FAULTS, MEASURE_FAULTS, ImpossibleRecipe, Recipe
from services.simulation.truth import MEASURES, TrueMeasure
from services.simulation.world import World

T = TypeVar("T")
ALL = frozenset({*FAULTS, *MEASURE_FAULTS})
RECIPE = Recipe(members=60, days=400, seed=7, faults=ALL, measures=True)


def digest(recipe: Recipe) -> str:
    journal, truth = BytesIO(), BytesIO()
    write(World(recipe), journal, truth)
    return " ".join(sha256(part.getvalue()).hexdigest() for part in (journal, truth))


def chronicles() -> list[Chronicle]:
    return [c for number in range(1, RECIPE.members + 1) for c in household(RECIPE, number).chronicles]


def measures(one: Chronicle) -> list[tuple[TrueMeasure, ...]]:
    labels = [one.label("w", at, RECIPE.years(at)) for at in RECIPE.instants]
    return [label.measures for label in labels if label]


def test_another_process_with_other_hashes_writes_the_same_bytes() -> None:
    code = (
        "from tests.unit.simulation.test_measured_world import *\nprint(digest(Recipe(8, 200, 3, ALL, measures=True)))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert found == {f"{digest(Recipe(8, 200, 3, ALL, measures=True))}\n".encode()}


def test_more_members_change_nothing_about_the_others() -> None:
    few, many = (Recipe(n, 200, 7, ALL, measures=True) for n in (3, 300))
    assert [household(few, n).deliveries for n in (1, 2, 3)] == [household(many, n).deliveries for n in (1, 2, 3)]


def test_every_fault_befalls_somebody_and_a_world_without_measures_has_none_of_these() -> None:
    told = Counter(fault for d in World(RECIPE).deliveries() for fault in d.faults)
    assert MEASURE_FAULTS.keys() <= told.keys()
    with pytest.raises(ImpossibleRecipe, match="'late_claim'"):
        Recipe(3, 30, 1, frozenset({"late_claim"}))


def test_without_faults_nothing_is_wrong() -> None:
    told = {fault for d in World(Recipe(40, 200, 1, measures=True)).deliveries() for fault in d.faults}
    assert told <= {"late_roster"}


def test_the_journal_is_in_order_and_ends_in_time() -> None:
    deliveries = World(RECIPE).deliveries()
    receipts = [delivery.received_at for delivery in deliveries]
    assert receipts == sorted(receipts)
    assert receipts[-1] <= RECIPE.told_by
    assert {d.kind for d in deliveries} == {
        "facilities", "roster", "hl7v2", "fhir", "claims", "fills", "care_events", "rtf", "otf",
    }  # fmt: skip


def test_every_measure_is_met_by_somebody_and_missed_by_somebody() -> None:
    world = World(Recipe(150, 700, 3, ALL, measures=True))
    met, missed = set(), set()
    for label in world.labels(world.instants[-1]):
        met |= {m.measure for m in label.measures if m.numerator}
        missed |= {m.measure for m in label.measures if m.numerator < m.denominator}
    assert met == missed == set(MEASURES)


def test_nobody_learns_of_a_late_claim_before_it_comes() -> None:
    """Labels differ between instants for one member and year: something came to be known."""
    changed = 0
    for one in chronicles():
        by_instant = [{m.measure: m for m in found if m.period == "2025"} for found in measures(one)]
        changed += any(a != b for a, b in zip(by_instant[-2:-1], by_instant[-1:], strict=False))
    assert changed > RECIPE.members // 4


def test_order_and_repetition_of_what_was_received_change_no_label() -> None:
    dice = random.Random(5)
    for one in chronicles():
        dossier = one.dossier
        if dossier is None:
            continue
        before = measures(one)
        one.dossier = Dossier(*(twice(part, dice) for part in (dossier.claims, dossier.fills, dossier.results)))
        one.deeds = twice(one.deeds, dice)
        assert measures(one) == before


def twice(told: list[T], dice: random.Random) -> list[T]:
    found = [*told, *dice.sample(told, len(told) // 3)]
    dice.shuffle(found)
    return found
