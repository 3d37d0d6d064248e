"""Small pages for tests of the vocabulary: a criterion, some facts, and whether it holds."""

from textwrap import dedent, indent
from typing import Any

from services.measures.cases import Case, cases_of, play
from services.measures.items import Index
from services.measures.loading import Loaded, Written, load_measures
from services.measures.verdicts import Verdict

HEAD = """\
measure: {name}
version: "1"
label: made up
source: {{document: nowhere, section: none, read_on: 2025-01-10}}
effective: {{from: 2020-01-01}}
"""
STAY = "{stay: any, setting: acute, from: 2025-03-03, to: 2025-03-06}"
PER_STAY = "{each: {stay: any, setting: acute}}"
"""A unit from March 3 to March 6, wherever `STAY` is among the facts."""


def page(body: str, name: str = "made.up") -> tuple[str, str]:
    """A file: the head that every page needs, and what matters here."""
    return f"{name}.yaml", HEAD.format(name=name) + dedent(body)


def told(*files: tuple[str, str]) -> list[str]:
    """What is wrong with some files, each as people read it."""
    return [str(problem) for problem in load_measures(files).problems]


def wrong(criterion: str, more: str = "unit: member") -> str:
    """What is wrong with a numerator."""
    body = f"{more}\ninitial_population: {{age: {{from: 0}}}}\nnumerator: {criterion}\n"
    return "\n".join(told(page(body)))


def asking(
    criterion: str, facts: str = "", *, more: str = "", who: str = "", unit: str = "member"
) -> tuple[Written, Case]:
    """A page whose numerator is a criterion, and its one case."""
    body = f"unit: {unit}\ninitial_population: {{age: {{from: 0}}}}\nnumerator: {criterion}\n{dedent(more)}\n"
    case = f"cases:\n  - name: it\n    facts: [{facts}]\n    expect: {{}}\n{indent(dedent(who), '    ')}\n"
    loaded = load_measures([page(body + case)])
    assert loaded.problems == (), "\n".join(map(str, loaded.problems))
    (written,) = loaded.pages
    (found,), problems = cases_of(written, loaded.libraries)
    assert problems == [], "\n".join(map(str, problems))
    return written, found


def holds(criterion: str, facts: str = "", **given: Any) -> int:
    """In how many units a criterion is true: in the member, unless there are others."""
    written, case = asking(criterion, facts, **given)
    return int(play(written.measure, case)["numerator"])


def verdict(criterion: str, facts: str = "", **given: Any) -> Verdict:
    """What the numerator says of the first unit."""
    written, case = asking(criterion, facts, **given)
    index = Index(case.items, case.person, case.today)
    one = written.measure.counted(index, case.period)[0]
    found = {each.population: each for each in written.measure.verdicts(one, index, case.period)}
    return found["numerator"]


def loaded(*files: tuple[str, str]) -> Loaded:
    """Files that are right."""
    found = load_measures(files)
    assert found.problems == (), "\n".join(map(str, found.problems))
    return found
