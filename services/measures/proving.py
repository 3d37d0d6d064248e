"""What the cases of a page prove: each mutant that no case notices is a rule that nobody proved."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from models.pages import Page
from services.measures.cases import Case, cases_of, failures
from services.measures.loading import Loaded, Written
from services.measures.measure import Measure
from services.measures.mutating import Mutant, mutants
from services.measures.nodes import Nodes
from services.measures.paging import Library, library_of, measure_of

Noticed = Callable[[Mutant], bool]
"""Whether some case notices a mutant."""


class Proved(msgspec.Struct, frozen=True):
    """A page or library: how many mutants it has, which survived, which of those its page explains as equivalent.

    `stale`: explained mutants that do not survive, or do not exist.
    """

    name: str
    path: str
    mutants: int
    survivors: tuple[str, ...]
    explained: tuple[str, ...]
    stale: tuple[str, ...]


def prove(loaded: Loaded, only: str = "") -> Iterator[Proved]:
    """Try the mutants of every page, then those of every library on all pages that use it."""
    for written in loaded.pages:
        if only in ("", written.measure.id):
            cases, _ = cases_of(written, loaded.libraries)
            yield _proved(written.measure.id, written.page, _by_page(written, loaded.libraries, cases))
    if not only:
        for page, library in loaded.shared:
            users = [(one, cases_of(one, loaded.libraries)[0]) for one in loaded.pages if _uses(one, library.name)]
            yield _proved(library.name, page, _by_users(page, loaded.libraries, users))


def _uses(written: Written, library: str) -> bool:
    return str(written.page.data.get("library", "common")) == library


def _proved(name: str, page: Page, noticed: Noticed) -> Proved:
    tried = list(mutants(page.data))
    survivors = [mutant.words for mutant in tried if not noticed(mutant)]
    given = page.data.get("equivalent", [])
    explained = {str(one.get("mutant")) for one in given if isinstance(one, dict)} if isinstance(given, list) else set()
    return Proved(
        name,
        page.path,
        len(tried),
        tuple(one for one in survivors if one not in explained),
        tuple(one for one in survivors if one in explained),
        tuple(sorted(explained - set(survivors))),
    )


def _by_page(written: Written, libraries: Mapping[str, Library], cases: Sequence[Case]) -> Noticed:
    def noticed(mutant: Mutant) -> bool:
        nodes = Nodes(Page(written.page.path, mutant.data, written.page.lines))
        measure = measure_of(nodes, libraries)
        return bool(nodes.problems) or _fails(measure, cases)

    return noticed


def _by_users(page: Page, libraries: Mapping[str, Library], users: Sequence[tuple[Written, Sequence[Case]]]) -> Noticed:
    def noticed(mutant: Mutant) -> bool:
        nodes = Nodes(Page(page.path, mutant.data, page.lines))
        changed = {**libraries, str(page.data["library"]): library_of(nodes)}
        for written, cases in users:
            own = Nodes(written.page)
            measure = measure_of(own, changed)
            if nodes.problems or own.problems or _fails(measure, cases):
                return True
        return False

    return noticed


def _fails(measure: Measure, cases: Sequence[Case]) -> bool:
    return any(failures(measure, case) for case in cases)
