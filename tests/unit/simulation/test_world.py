"""The made-up world is the same for everybody who asks, and everything in it is told in the end."""

import os
import re
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from services.simulation.deadlines import BEDS
from services.simulation.household import household
from services.simulation.journal import write
from services.simulation.recipe import FAULTS, MEASURE_FAULTS, ImpossibleRecipe, Recipe
from services.simulation.world import World

ALL = frozenset(FAULTS)
RECIPE = Recipe(members=60, days=45, seed=7, faults=ALL)


def written(recipe: Recipe) -> tuple[bytes, bytes]:
    journal, truth = BytesIO(), BytesIO()
    write(World(recipe), journal, truth)
    return journal.getvalue(), truth.getvalue()


def test_another_process_with_other_hashes_writes_the_same_bytes() -> None:
    code = (
        "from tests.unit.simulation.test_world import *\n"
        "print(*(sha256(part).hexdigest() for part in written(Recipe(20, 20, 3, ALL))))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    here = " ".join(sha256(part).hexdigest() for part in written(Recipe(20, 20, 3, ALL)))
    assert found == {f"{here}\n".encode()}


def test_more_members_change_nothing_about_the_others() -> None:
    few, many = Recipe(5, 40, 7, ALL), Recipe(500, 40, 7, ALL)
    assert [household(few, n).deliveries for n in range(1, 6)] == [household(many, n).deliveries for n in range(1, 6)]


def test_the_journal_is_in_order_of_receipt_and_ends_in_time() -> None:
    receipts = [delivery.received_at for delivery in World(RECIPE).deliveries()]
    assert receipts == sorted(receipts)
    assert RECIPE.begins_at <= receipts[0]
    assert receipts[-1] <= RECIPE.told_by


def test_the_written_journal_says_what_the_deliveries_say() -> None:
    lines = [msgspec.json.decode(line) for line in written(RECIPE)[0].splitlines()]
    deliveries = World(RECIPE).deliveries()
    assert [line["feed"] for line in lines] == [delivery.feed for delivery in deliveries]
    assert [line["body"].encode() for line in lines if "body" in line] == [
        d.body for d, line in zip(deliveries, lines, strict=True) if "body" in line
    ]
    assert any("body_base64" in line for line in lines)  # bad_charset


def test_every_fault_befalls_somebody() -> None:
    told = Counter(fault for d in World(Recipe(300, 60, 1, ALL)).deliveries() for fault in d.faults)
    assert told.keys() == ALL


@pytest.mark.parametrize("fault", sorted(ALL - {"clock_change"}))
def test_a_fault_can_be_had_alone(fault: str) -> None:
    told = Counter(f for d in World(Recipe(150, 40, 1, frozenset({fault}))).deliveries() for f in d.faults)
    assert told.keys() <= {fault, "late_roster"}
    assert told[fault]


def test_without_faults_nothing_is_wrong() -> None:
    told = {fault for d in World(Recipe(100, 40, 1)).deliveries() for fault in d.faults}
    assert told <= {"late_roster"}  # plans are late even in a good world


def test_labels_know_every_rule_and_almost_every_state() -> None:
    world = World(Recipe(200, 75, 2, ALL))
    tasks = [task for at in world.instants for label in world.labels(at) for task in label.tasks]
    assert len({task.rule for task in tasks}) == 17
    assert {task.state for task in tasks} == {
        "open", "overdue", "met", "met_late", "missed", "superseded", "cancelled", "not_possible",
    }  # fmt: skip


def test_nobody_is_listed_before_the_roster_names_them() -> None:
    world = World(RECIPE)
    assert list(world.labels(RECIPE.begins_at + timedelta(hours=1))) == []
    assert len(list(world.labels(world.instants[-1]))) >= RECIPE.members


def test_in_the_end_every_stay_told_of_a_member_is_theirs() -> None:
    """Every correction came: nobody keeps another's stay, and no stay stays unknown."""
    for number in range(1, RECIPE.members + 1):
        for chronicle in household(RECIPE, number).chronicles:
            for visit in chronicle.visits:
                if "wrong_patient" in visit.faults:
                    assert (visit.gone_at is not None) == (chronicle.person.role == "V")
                if chronicle.rows[0].received_at <= RECIPE.told_by:
                    assert all(t.told_at for t in visit.script if t.kind != "identity")


def test_bed_stays_outnumber_the_rest() -> None:
    world = World(Recipe(200, 60, 4))
    classes = Counter(stay.stay_class for label in world.labels(world.instants[-1]) for stay in label.stays)
    assert sum(classes[c] for c in BEDS) > classes["emergency"] > 0


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"members": 0}, "--members: 0 people"),
        ({"days": -3}, "--days: a story of -3 days"),
        ({"days": 5000}, "--days: a story of 5000 days"),
        ({"faults": frozenset({"gremlins"})}, "--faults: 'gremlins'"),
        ({"start": date(2031, 1, 1)}, "--start: the holiday tables go from 2024-01-01 to 2027-12-31"),
    ],
)
def test_an_impossible_world_is_refused_in_words(arguments: dict[str, object], what: str) -> None:
    with pytest.raises(ImpossibleRecipe) as refused:
        Recipe(**{"members": 10, "days": 10, "seed": 1, **arguments})  # type: ignore[arg-type]
    assert str(refused.value).startswith(what)
    assert "\nWrite " in str(refused.value)


def test_the_longest_and_the_shortest_world_can_be_made() -> None:
    for recipe in (Recipe(3, 4, 1, ALL, date(2024, 2, 1)), Recipe(2, 1000, 1, ALL, date(2025, 1, 1))):
        world = World(recipe)
        assert all(list(world.labels(at)) for at in world.instants)


def test_the_page_names_every_fault_as_the_program_does() -> None:
    page = (Path(__file__).parents[3] / "docs/how-to/simulate.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE))
    assert rows == FAULTS
    assert dict(re.findall(r"^- `(\w+)`: (.*)$", page, re.MULTILINE)) == MEASURE_FAULTS
