"""Read the measures of an installation: the shipped pages, and an operator's in place of those of the same name."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from models.errors import Problem
from models.measure import PageInfo
from services.measures.cases import check_cases
from services.measures.loading import Loaded, load_measures
from services.measures.measure import Measure
from services.measures.value_sets import ValueSets
from services.wiring.files import Text, shipped


def shipped_pages() -> list[Text]:
    """(path, text) of every measure page and library that is shipped, in order of name."""
    return shipped("services.measures", "catalog")


def _with_shipped(own: Sequence[Text]) -> list[Text]:
    """The shipped pages that no page of the operator's replaces, and these."""
    replaced = {Path(path).name for path, _ in own}
    return [*(file for file in shipped_pages() if Path(file[0]).name not in replaced), *own]


def read_measures(own: Sequence[tuple[str, str]], sets: ValueSets) -> tuple[Loaded, list[Problem]]:
    """Compile the shipped pages and an operator's, and play the operator's cases: ours are played in our tests.

    Args:
        own: (path, text) of the operator's pages; one of the name of a shipped page replaces it.
    """
    loaded = load_measures(_with_shipped(own), sets.names)
    paths = {path for path, _ in own}
    failed = [
        problem
        for one in loaded.pages
        if one.page.path in paths
        for problem in check_cases(one, loaded.libraries)
    ]  # fmt: skip
    return loaded, [*loaded.problems, *failed]


def pages_of(own: Sequence[tuple[str, str]]) -> Loaded:
    """The shipped pages and an operator's, compiled; no cases are played, and no value sets asked for."""
    return load_measures(_with_shipped(own))


def infos(measures: Iterable[Measure]) -> tuple[PageInfo, ...]:
    """What lists say of each page; a page of several rates is one entry a rate, as it is counted."""
    return tuple(
        PageInfo(
            f"{measure.id}.{rate}" if rate else measure.id,
            measure.version,
            measure.label,
            measure.active,
            measure.missing,
            measure.departures,
            measure.per,
            measure.improvement,
            {"document": cited.document, "section": cited.section, "read_on": cited.read_on},
        )
        for measure in measures
        for cited in (measure.source,)
        for rate in measure.rates
    )
