"""Our pages beside the published test cases of CMS's electronic measures (cqframework, CC0): every population of each.

A case that differs is named here, and in the departures of its page with the reason.
"""

import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from connectors.fhir.bundle import read_bundle
from services.measures.evaluating import UTC, Evaluator
from services.measures.measure import Measure
from services.measures.periods import between
from services.measures.value_sets import ValueSets, read_value_sets
from services.wiring.evaluating import person_of
from services.wiring.measures import read_measures
from tests.corpora import corpora

EDITIONS = {"": "au2025", "mp2025": "au2024"}
"""By the end of a folder's name: the edition of its value sets."""
FOLDERS = (
    "cms165", "cms122", "cms2", "cms128", "cms130", "cms125", "cms68", "cms137", "cms159", "cms951",
    "cms165-mp2025", "cms122-mp2025", "cms2-mp2025", "cms128-mp2025", "cms130-mp2025", "cms137-mp2025",
)  # fmt: skip
DIFFERING = {"cms122-mp2025": {"8956ebb5-d3c0-4112-a34a-200961713efd"}}
"""What the pages' departures explain."""
LEAST_AGREEMENT = 0.99


@cache
def shipped(edition: str) -> tuple[tuple[Measure, ...], ValueSets]:
    files = sorted((corpora("ecqm") / "valuesets" / edition).glob("*.json"))
    sets = read_value_sets([(path.name, path.read_text("utf-8")) for path in files])
    return read_measures([], sets)[0].measures, sets


def page_of(folder: str, first_day: date) -> tuple[Measure, ValueSets]:
    """The edition of a folder's measure that serves a period, and the value sets of that edition."""
    name, _, ending = folder.partition("-")
    measures, sets = shipped(EDITIONS[ending])
    serving = [one for one in measures if one.id == name and one.serves(between(first_day, first_day))]
    assert len(serving) == 1, f"{folder}: {len(serving)} pages serve {first_day}"
    return serving[0], sets


@cache
def judged(folder: str) -> dict[str, bool]:
    """By case: whether every population of every group came out as published."""
    found = {}
    for case in sorted(path for path in (corpora("ecqm") / folder).iterdir() if path.is_dir()):
        expected = json.loads((case / "expected.json").read_text("utf-8"))
        found[case.name] = counted(folder, case, expected["period"]) == published(expected)
    return found


def published(expected: dict[str, Any]) -> list[dict[str, int]]:
    return [
        {name: count for name, count in group["populations"].items() if count is not None}
        for group in expected["groups"]
    ]


def counted(folder: str, case: Path, period: dict[str, str]) -> list[dict[str, int | None]]:
    span = between(date.fromisoformat(period["start"]), date.fromisoformat(period["end"]))
    evaluator = ready(folder, date.fromordinal(span.first))
    record = read_bundle((case / "bundle.json").read_bytes())
    items = evaluator.entered(record.clinical)
    counts = evaluator.counts(evaluator.counted(items, person_of(record, UTC), span))
    return [{name: count for name, count in group.items() if count is not None} for group in counts]


@cache
def ready(folder: str, first_day: date) -> Evaluator:
    return Evaluator(*page_of(folder, first_day))


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_page_counts_as_published_but_for_the_cases_that_its_departures_name(folder: str) -> None:
    cases = judged(folder)
    assert cases
    assert {name for name, agrees in cases.items() if not agrees} == DIFFERING.get(folder, set()) & cases.keys()


@pytest.mark.parametrize("folder", DIFFERING)
def test_a_differing_case_is_told_in_the_departures_of_its_page(folder: str) -> None:
    year = 2025 if folder.endswith("-mp2025") else 2026
    page, _ = page_of(folder, date(year, 1, 1))
    told = " ".join(page.departures)
    assert all(case in told for case in DIFFERING[folder])


def test_ninety_nine_of_a_hundred_cases_agree() -> None:
    cases = [agrees for folder in FOLDERS for agrees in judged(folder).values()]
    assert sum(cases) >= LEAST_AGREEMENT * len(cases)
