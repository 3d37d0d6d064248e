"""The scenarios of care-rules §7, each counted by the shipped pages as the text says."""

from pathlib import Path
from typing import Any

import pytest

from models.pages import parse_pages
from services.measures.cases import Case, play
from services.measures.facts_of_cases import item_of, person_of
from services.measures.items import FOREVER, Item
from services.measures.loading import load_measures
from services.measures.nodes import Nodes
from services.measures.periods import year

HERE = Path(__file__)
CATALOG = HERE.parents[3] / "services/measures/catalog"
FILES = [(path.name, path.read_text()) for path in sorted(CATALOG.glob("*.yaml"))]
MEASURES = {measure.id: measure for measure in load_measures(FILES).measures}

(PAGE,) = parse_pages("stories.yaml", HERE.with_name("stories.yaml").read_text())
STORIES: Any = PAGE.data["stories"]
AT_RISK = Item(kind="event", id="risk", first=1, last=FOREVER, sets=frozenset({"risk-high"}))


@pytest.mark.parametrize("place", range(len(STORIES)), ids=[story["name"] for story in STORIES])
def test_a_scenario_of_the_care_rules_is_counted_as_the_text_says(place: int) -> None:
    story, nodes, at = STORIES[place], Nodes(PAGE), ("stories", place)
    items = [item_of(fact, (*at, "facts", n), nodes, {}, n) for n, fact in enumerate(story["facts"])]
    person = person_of(story, at, nodes)
    assert nodes.problems == []
    told = (*(item for item in items if item), AT_RISK)
    period = year(2025)
    case = Case(story["name"], at, told, person, period, period.last, {})

    counted = {}
    for measure in story["expect"]:
        sums = play(MEASURES[measure], case)
        counted[measure] = [sums["denominator"], sums["numerator"]]

    assert counted == story["expect"]
