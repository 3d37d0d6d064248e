"""Cases: what a page expects of some facts. They are played before anything starts, and they notice mutants."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from models.errors import Problem
from models.pages import Location
from services.measures.facts_of_cases import item_of, person_of
from services.measures.items import Index, Item, Period, Person
from services.measures.loading import Written
from services.measures.measure import Measure
from services.measures.nodes import Nodes
from services.measures.paging import Library, day_of
from services.measures.periods import year

KEYS = ("name", "facts", "person", "coverage", "assignments", "period", "today", "expect")
COUNTS = ("initial_population", "denominator", "exclusion", "exception", "numerator", "value")


class Case(msgspec.Struct, frozen=True):
    """One case: facts, and the sums of counts over all units (one a rate where there are several)."""

    name: str
    at: Location
    items: tuple[Item, ...]
    person: Person
    period: Period
    today: int
    expect: Mapping[str, Any]


def cases_of(written: Written, libraries: Mapping[str, Library]) -> tuple[list[Case], list[Problem]]:
    """The cases of a page, and what is wrong with how they are written."""
    nodes = Nodes(written.page)
    library = libraries.get(str(written.page.data.get("library", "common")))
    meaning = dict(library.meaning) if library else {}
    meaning |= {name: meant for meant, name in written.measure.needs.items()}
    meaning |= {
        name: ";".join(sorted(_listed(codes))) for name, codes in _mapping(written.page.data.get("codes")).items()
    }
    given = written.page.data.get("cases", [])
    if not isinstance(given, list) or not given:
        nodes.wrong(("cases",) if "cases" in written.page.data else (), "The page proves nothing.", "Write cases.")
        return [], nodes.problems
    found = [_case(node, ("cases", place), nodes, meaning) for place, node in enumerate(given)]
    return found, nodes.problems


def _listed(node: object) -> Sequence[str]:
    return [str(one) for one in node] if isinstance(node, list) else [str(node)]


def _mapping(node: object) -> Mapping[str, object]:
    return node if isinstance(node, dict) else {}


def _case(node: object, at: Location, nodes: Nodes, meaning: Mapping[str, str]) -> Case:
    given = nodes.mapping(node, at, KEYS)
    facts = given.get("facts", [])
    if not isinstance(facts, list):
        nodes.wrong((*at, "facts"), "Facts are no list.", "Write them in brackets.")
        facts = []
    items = [item_of(one, (*at, "facts", place), nodes, meaning, place) for place, one in enumerate(facts)]
    period = year(nodes.whole(given.get("period", 2025), (*at, "period"), least=1900, most=2199))
    today = day_of(given["today"], (*at, "today"), nodes) if "today" in given else None
    expect = nodes.mapping(given.get("expect"), (*at, "expect"))
    return Case(
        name=nodes.text(given.get("name"), (*at, "name")),
        at=at,
        items=tuple(item for item in items if item),
        person=person_of(given, at, nodes),
        period=period,
        today=today.toordinal() if today else period.last,
        expect=expect,
    )


def play(measure: Measure, case: Case) -> dict[str, Any]:
    """The sums that a case expected, as they come out; those of its rates by name."""
    index = Index(case.items, case.person, case.today)
    counted = measure.counted(index, case.period)
    kept = [one for one in counted if one.denominator and not one.exclusion]
    sums: dict[str, Any] = {
        "initial_population": len(counted),
        "denominator": len(kept),
        "exclusion": sum(one.exclusion for one in counted),
        "exception": sum(any(one.exceptions) for one in kept),
    }
    for place, name in enumerate(measure.rates):
        sums[name or "numerator"] = sum(one.numerators[place] for one in kept)
    values = [one.values[0] for one in kept if one.values[0] is not None]
    sums["value"] = round(values[0], 4) if len(values) == 1 else None
    return sums


def failures(measure: Measure, case: Case) -> list[str]:
    """What a case expected and did not get. What it does not name is none, but for the initial population."""
    sums = play(measure, case)
    found = []
    for name, came in sums.items():
        if name in ("value", "initial_population") and name not in case.expect:
            continue
        expected = case.expect.get(name, 0)
        if came != expected:
            found.append(f"{name} {expected} was expected, {came} came out")
    return found


def check_cases(written: Written, libraries: Mapping[str, Library]) -> list[Problem]:
    """Play the cases of a page; each that fails is a problem that says what was expected and what came out."""
    cases, problems = cases_of(written, libraries)
    if problems:
        return problems
    found = []
    for case in cases:
        for name in case.expect:
            known = {*COUNTS, *filter(None, written.measure.rates)}
            if name not in known:
                what = f"'{name}' is nothing that a case can expect."
                found.append(
                    written.page.problem((*case.at, "expect", name), what, f"There are: {', '.join(sorted(known))}.")
                )
        for failure in failures(written.measure, case):
            what = f"The case '{case.name}' fails: {failure}."
            found.append(written.page.problem(case.at, what, "Correct the page, or what the case expects."))
    return found
