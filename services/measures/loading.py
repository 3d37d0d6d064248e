"""From pages to measures. All mistakes of all files are told in one go, each with its line and a remedy."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar

import msgspec

from models.errors import Problem
from models.pages import Page, pages_in
from services.measures.measure import Measure
from services.measures.nodes import Nodes
from services.measures.paging import Library, check_library, is_library, library_of, measure_of, name_of

G = TypeVar("G")
T = TypeVar("T")


class Written(msgspec.Struct, frozen=True):
    """A measure beside the page that it was compiled from: for its cases, and for mutants."""

    measure: Measure
    page: Page


class Loaded(msgspec.Struct, frozen=True):
    """What the pages say: the measures that are right, and what is wrong with the others. `shared`: library pages."""

    pages: tuple[Written, ...]
    libraries: Mapping[str, Library]
    problems: tuple[Problem, ...]
    shared: tuple[tuple[Page, Library], ...] = ()

    @property
    def measures(self) -> tuple[Measure, ...]:
        """In order of id."""
        return tuple(one.measure for one in self.pages)

    def needs(self) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
        """By page: the value sets that it requires, and those that it can do without, by what they are."""
        found = {}
        for measure in self.measures:
            optional = frozenset(meant for meant, name in measure.needs.items() if name in measure.optional)
            found[measure.id] = (frozenset(measure.needs) - optional, optional)
        return found

    @property
    def wanted(self) -> frozenset[str]:
        """Every value set that some page asks for."""
        return frozenset(meant for measure in self.measures for meant in measure.needs)


def load_measures(files: Sequence[tuple[str, str]], value_sets: Collection[str] = ()) -> Loaded:
    """Compile measure pages and their libraries. Never raises; cases are not played.

    Args:
        files: (path, text) of each; errors name the path, and its stem is the measure's id.
        value_sets: names of the sets that are loaded; a page that lacks a required one is compiled and switched off.
    """
    problems: list[Problem] = []
    pages: list[Page] = []
    for path, found in pages_in(files, problems):
        if not found:
            problems.append(Problem(path, 1, "", "The file is empty.", "Write a measure, or remove the file."))
        problems += [extra.problem((), "A file holds one page.", "Put this one into its own.") for extra in found[1:]]
        pages += found[:1]
    libraries: dict[str, Library] = {}
    shared: list[Nodes] = []
    sources: list[tuple[Page, Library]] = []
    for page in pages:
        if is_library(page):
            nodes = Nodes(page)
            shared.append(nodes)
            library = library_of(nodes)
            if library.name in libraries:
                first = next(other.path for other, same in sources if same.name == library.name)
                what = f"There is a library {library.name!r} in {first}, too."
                nodes.wrong(("library",), what, "Give one of the two another name.")
                continue
            libraries[library.name] = library
            sources.append((page, library))
            _deep(check_library, nodes, library)
    written: list[Written] = []
    names: dict[tuple[str, str], str] = {}
    for page in pages:
        if is_library(page):
            continue
        nodes = Nodes(page)
        measure = _deep(measure_of, nodes, libraries)
        if measure is None:
            problems += nodes.problems
            continue
        if measure.id and measure.id != name_of(page):
            what = f"{measure.id!r} is not the name of the file, {name_of(page)!r}."
            nodes.wrong(("measure",), what, f"Write '{name_of(page)}', or rename the file to '{measure.id}.yaml'.")
        elif names.setdefault((measure.id, measure.version), page.path) != page.path:
            what = f"{measure.id!r} has this version in {names[measure.id, measure.version]}, too."
            nodes.wrong(("version",), what, "Give one of the two another version, or remove it.")
        problems += sorted(nodes.problems, key=lambda one: (one.line, one.field, one.what))
        if not nodes.problems:
            written.append(Written(with_sets(measure, value_sets), page))
    problems += [problem for nodes in shared for problem in nodes.problems]
    problems += _overlapping(written)
    by_id = tuple(sorted(written, key=lambda one: (one.measure.id, one.measure.effective_from)))
    return Loaded(by_id, libraries, tuple(dict.fromkeys(problems)), tuple(sources))


def _deep(read: Callable[[Nodes, G], T], nodes: Nodes, given: G) -> T | None:
    """What is read of a page; None where it is nested so deeply that Python gives up, which is told."""
    try:
        return read(nodes, given)
    except RecursionError:
        nodes.wrong((), "The page is nested too deeply.", "Write fewer levels, or name parts of it under 'define'.")
        return None


def _overlapping(written: Sequence[Written]) -> Iterator[Problem]:
    """Two editions of a measure that serve the same days: nobody could say which one counts."""
    for place, later in enumerate(written):
        for one in written[:place]:
            a, b = one.measure, later.measure
            ends = [day for day in (a.effective_to, b.effective_to) if day]
            if a.id == b.id and max(a.effective_from, b.effective_from) <= min(ends, default=date.max):
                what = f"{b.id!r} has an edition {a.version!r} for some of these days in {one.page.path}, too."
                yield later.page.problem(("effective",), what, "Let the earlier edition end before the later begins.")


def with_sets(measure: Measure, loaded: Collection[str]) -> Measure:
    """The measure as it stands with the value sets that are loaded: switched off, or with clauses that are false."""
    absent = {name for meant, name in measure.needs.items() if meant not in loaded}
    without = sorted(absent & measure.optional)
    departures = [f"value set {name!r} is not loaded: its clause is false" for name in without]
    return msgspec.structs.replace(
        measure,
        missing=tuple(sorted(absent - measure.optional)),
        departures=(*measure.departures, *departures),
    )
