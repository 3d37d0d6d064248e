"""From a YAML page to a measure."""

from collections.abc import Mapping
from datetime import date
from pathlib import PurePath

import msgspec
from pydantic import ValidationError

from models.pages import Location, Page, nearest, problems_of
from services.measures.compiling import BUILDERS as WORDS
from services.measures.compiling import criterion
from services.measures.criteria import Criterion
from services.measures.kinds import KINDS
from services.measures.measure import MEMBER, Cited, Counting, Improvement, Measure
from services.measures.nodes import Nodes, shown
from services.measures.scope import NEVER, Scope, Source
from services.measures.units.builders import BUILDERS

IMPROVEMENTS: tuple[Improvement, ...] = ("increase", "decrease")
EVERYWHERE = "common"
"""The library that a page uses when it names none."""

HEAD = ("measure", "version", "label", "source", "effective", "improvement", "per", "library")
POPULATIONS = ("drop", "initial_population", "denominator", "exclusion", "exception", "numerator")
KEYS = (
    *HEAD, "unit", "unit_args", "value_sets", "codes", "optional_sets", "departures", "define", "windows", *POPULATIONS,
    "rates", "count", "thin_days", "cases", "equivalent",
)  # fmt: skip
LIBRARY_KEYS = ("library", "define", "value_sets", "codes", "optional_sets")


class Library(msgspec.Struct, frozen=True):
    """Definitions that many pages share, with the names of value sets that they use."""

    name: str
    define: Mapping[str, Source]
    meaning: Mapping[str, str]
    lists: Mapping[str, frozenset[str]]
    optional: frozenset[str]


NO_LIBRARY = Library("", {}, {}, {}, frozenset())
TAKEN = frozenset({*KINDS, *WORDS, "period", "unit", "birth", "any"})
"""Words of ours, which no definition, window or rate may be called by."""


def library_of(nodes: Nodes) -> Library:
    """Read a library page."""
    data = nodes.page.data
    nodes.only(data, (), LIBRARY_KEYS)
    meaning, lists = _names(nodes)
    optional = (
        frozenset(nodes.texts(data["optional_sets"], ("optional_sets",))) if "optional_sets" in data else frozenset()
    )
    if not data.keys() & {"define", "value_sets", "codes"}:
        nodes.wrong((), "The library defines nothing.", "Add 'define:', 'value_sets:' or 'codes:'.")
    return Library(nodes.text(data.get("library"), ("library",)), _sources(nodes, "define"), meaning, lists, optional)


def check_library(nodes: Nodes, library: Library) -> None:
    """Tell the mistakes of a library's definitions, also of those that no page uses."""
    scope = Scope(nodes, library.define, {}, {}, criterion, member=False, meaning=library.meaning)
    for name in library.define:
        scope.definition(name, ("define", name), nodes)


def is_library(page: Page) -> bool:
    """A page that defines, and counts nothing itself; a measure without a name is still none."""
    return "library" in page.data and not page.data.keys() & {"measure", "unit", *POPULATIONS, "rates", "count"}


def measure_of(nodes: Nodes, libraries: Mapping[str, Library]) -> Measure:
    """Compile a page. Where it has mistakes, `nodes.problems` tells them and what is given is not to be used."""
    data = nodes.page.data
    nodes.only(data, (), KEYS)
    library = _library(nodes, libraries)
    own_meaning, own_lists = _names(nodes)
    counted = data.get("unit", MEMBER)
    builder = BUILDERS.get(counted) if isinstance(counted, str) else None
    scope = Scope(
        nodes,
        _sources(nodes, "define"),
        library.define,
        _sources(nodes, "windows"),
        criterion,
        member=counted == MEMBER,
        tags=builder.tags if builder else (),
        meaning={**library.meaning, **own_meaning},
    )
    for name in sorted(scope.twice()):
        nodes.wrong(("windows", name), f"{name!r} is a definition, too.", "Call one of the two by another name.")
    counting = _counting(counted, nodes, scope)
    scope.windows.clear()  # what a unit is says nothing of when its populations close
    found = {key: criterion(data[key], (key,), nodes, scope) if key in data else None for key in POPULATIONS}
    rates = _rates(nodes, scope)
    numerators = tuple(rates.values()) or tuple(filter(None, [found["numerator"]]))
    if "count" in data:
        numerators = (criterion(data["count"], ("count",), nodes, scope),)
    named = [key for key in ("numerator", "rates", "count") if key in data]
    if len(named) != 1:
        what = f"A page has one of numerator, rates and count; here are {len(named)}."
        nodes.wrong((named[-1],) if named else (), what, "Write 'numerator:' with a criterion.")
    if found["initial_population"] is None:
        nodes.wrong((), "The page does not say whom it is about.", "Add 'initial_population:'.")
    for name in sorted(scope.unused()):
        place: Location = ("define", name) if ("define", name) in nodes.page.lines else ("windows", name)
        nodes.wrong(place, f"{name!r} is defined and not used.", "Use it, or remove it.")
    first, last = _effective(nodes)
    lists = {**library.lists, **own_lists}
    asked = {**scope.sets, **{name: name for name in (counting.args.value_sets if counting.args else ())}}
    optional = library.optional | (
        frozenset(nodes.texts(data["optional_sets"], ("optional_sets",))) if "optional_sets" in data else frozenset()
    )
    _never_asked(nodes, asked)
    reads = set(scope.reads)
    if counting.builder is not None:
        reads.update(counting.builder.reads(counting.args))
    return Measure(
        id=nodes.text(data.get("measure"), ("measure",)),
        version=nodes.text(data.get("version"), ("version",)),
        label=nodes.text(data["label"], ("label",)) if "label" in data else "",
        source=_cited(nodes),
        effective_from=first,
        effective_to=last,
        improvement=nodes.word(data.get("improvement", "increase"), ("improvement",), IMPROVEMENTS),
        per=nodes.whole(data.get("per", 1), ("per",), least=1),
        counting=counting,
        drop=found["drop"],
        initial_population=found["initial_population"] or NEVER,
        denominator=found["denominator"],
        exclusion=found["exclusion"],
        exception=found["exception"],
        numerators=numerators or (NEVER,),
        rates=tuple(rates) or ("",),
        counts="count" in data,
        thin_days=nodes.whole(data["thin_days"], ("thin_days",), least=1) if "thin_days" in data else None,
        needs={meant: name for meant, name in asked.items() if meant not in lists},
        optional=optional,
        lists={meant: codes for meant, codes in lists.items() if meant in asked},
        reads=frozenset(reads),
        clocked=counting.builder is not None and counting.builder.turns is not None,
        alone=not scope.reads and "thin_days" not in data,
        fixed=tuple(window for window in scope.windows.values() if window.is_fixed),
        moving=tuple(window for window in scope.windows.values() if not window.is_fixed),
        departures=nodes.texts(data["departures"], ("departures",)) if "departures" in data else (),
    )


def _never_asked(nodes: Nodes, asked: Mapping[str, str]) -> None:
    """An optional set, alias or list that nothing asks for is a mistake in spelling, more often than not."""
    names = set(asked.values())
    data = nodes.page.data
    for key in ("optional_sets", "codes", "value_sets"):
        given = data.get(key)
        for place, name in enumerate(
            given if isinstance(given, list | dict) else [given] if isinstance(given, str) else []
        ):
            if isinstance(name, str) and name not in names:
                at: Location = (
                    (key, name) if isinstance(given, dict) else (key, place) if isinstance(given, list) else (key,)
                )
                nodes.wrong(at, f"Nothing on this page asks for {name!r}.", f"{nearest(name, names)}Remove it.")


def _library(nodes: Nodes, libraries: Mapping[str, Library]) -> Library:
    if "library" not in nodes.page.data:
        return libraries.get(EVERYWHERE, NO_LIBRARY)
    name = nodes.text(nodes.page.data["library"], ("library",))
    if name not in libraries:
        nodes.wrong(
            ("library",),
            f"There is no library {name!r}.",
            f"{nearest(name, libraries)}There are: {', '.join(libraries)}.",
        )
    return libraries.get(name, NO_LIBRARY)


def _names(nodes: Nodes) -> tuple[dict[str, str], dict[str, frozenset[str]]]:
    """What the page's names of value sets stand for, and the lists of those that are a few codes."""
    meaning: dict[str, str] = {}
    lists: dict[str, frozenset[str]] = {}
    if "value_sets" in nodes.page.data:
        for name, target in nodes.names(nodes.page.data["value_sets"], ("value_sets",)).items():
            meaning[name] = nodes.text(target, ("value_sets", name))
    if "codes" in nodes.page.data:
        for name, given in nodes.names(nodes.page.data["codes"], ("codes",)).items():
            codes = nodes.texts(given, ("codes", name))
            for code in codes:
                if "|" not in code:
                    nodes.wrong(
                        ("codes", name), f"{code!r} is no code.", "Write 'system|code', such as 'loinc|8480-6'."
                    )
            meaning[name] = ";".join(sorted(codes))
            lists[meaning[name]] = frozenset(codes)
    return meaning, lists


def _sources(nodes: Nodes, key: str) -> dict[str, Source]:
    if key not in nodes.page.data:
        return {}
    given = nodes.names(nodes.page.data[key], (key,))
    for name in given:
        if name in TAKEN:
            nodes.wrong((key, name), f"{name!r} is a word of ours.", "Call it by another name.")
    return {name: Source(node, (key, name), nodes) for name, node in given.items() if name not in TAKEN}


def _counting(node: object, nodes: Nodes, scope: Scope) -> Counting:
    if isinstance(node, dict):
        nodes.only(node, ("unit",), ("each",))
        each = criterion(node.get("each"), ("unit", "each"), nodes, scope)
        if each.bound:
            nodes.wrong(
                ("unit", "each"),
                "What is counted cannot look at the unit that it makes.",
                "Put this into a population.",
            )
        return Counting("each", each=each)
    name = nodes.text(node, ("unit",))
    if name not in BUILDERS and "unit_args" in nodes.page.data:
        nodes.wrong(("unit_args",), "This unit takes no arguments.", "Leave them out.")
    if name == MEMBER:
        return Counting(MEMBER)
    builder = BUILDERS.get(name)
    if builder is None:
        known = sorted({MEMBER, *BUILDERS})
        nodes.wrong(
            ("unit",),
            f"Nobody builds {name!r}.",
            f"{nearest(name, known)}There are: {', '.join(known)}, {{each: criterion}}.",
        )
        return Counting(MEMBER)
    try:
        return Counting(name, builder, builder.args.model_validate(nodes.page.data.get("unit_args", {})))
    except ValidationError as error:
        if "unit_args" in nodes.page.data:
            nodes.problems += problems_of(nodes.page, error, ("unit_args",))
        else:
            names = ", ".join(str(one["loc"][0]) for one in error.errors())
            nodes.wrong(("unit",), f"{name!r} needs arguments: {names}.", f"Add 'unit_args:' with {names}.")
        return Counting(MEMBER)


def _rates(nodes: Nodes, scope: Scope) -> dict[str, Criterion]:
    if "rates" not in nodes.page.data:
        return {}
    given = nodes.names(nodes.page.data["rates"], ("rates",))
    for name in given.keys() & {*TAKEN, *POPULATIONS, "value"}:
        nodes.wrong(("rates", name), f"{name!r} is a word of ours.", "Call the rate by another name.")
    return {name: criterion(node, ("rates", name), nodes, scope) for name, node in given.items()}


def _effective(nodes: Nodes) -> tuple[date, date | None]:
    if "effective" not in nodes.page.data:
        nodes.wrong(
            (), "The page does not say which periods it serves.", "Add 'effective: {from: 2025-01-01, to: null}'."
        )
        return date.min, None
    given = nodes.mapping(nodes.page.data["effective"], ("effective",), ("from", "to"))
    first = day_of(given.get("from"), ("effective", "from"), nodes) or date.min
    last = None if given.get("to") is None else day_of(given["to"], ("effective", "to"), nodes)
    if last and last < first:
        nodes.wrong(("effective", "to"), f"The page ends on {last}, before it begins on {first}.", "Swap the two.")
    return first, last


def day_of(node: object, at: Location, nodes: Nodes) -> date | None:
    """A calendar day."""
    try:
        if isinstance(node, str) and len(node) == len("2025-01-10"):
            return date.fromisoformat(node)
    except ValueError:
        pass
    nodes.wrong(at, f"{shown(node)} is no calendar day.", "Write it as 2025-01-10.")
    return None


def _cited(nodes: Nodes) -> Cited:
    if "source" not in nodes.page.data:
        nodes.wrong(
            (), "The page does not say where its logic comes from.", "Add 'source: {document, section, read_on}'."
        )
        return Cited("")
    given = nodes.mapping(nodes.page.data["source"], ("source",), ("document", "section", "read_on"))
    document = nodes.text(given.get("document"), ("source", "document"))
    section = nodes.text(given["section"], ("source", "section")) if "section" in given else ""
    read_on = day_of(given["read_on"], ("source", "read_on"), nodes) if "read_on" in given else None
    return Cited(document, section, str(read_on or ""))


def name_of(page: Page) -> str:
    """The id that a page's file name gives it: an edition may be named behind it, `cms122@2025.yaml`."""
    return PurePath(page.path).name.removesuffix(".yaml").partition("@")[0]
