"""From map pages to compiled maps. All mistakes of all files are told in one go, each with its line and a remedy."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from pydantic import ValidationError

from models.errors import Problem
from models.pages import Page, nearest, pages_in, problems_of
from services.returns.maps import DELIMITERS, Due, ReturnMap, header_name
from services.returns.pages import KEYS, MapPage
from services.returns.vocabulary import ECM_STATUSES, NAMES

PLACES = ("mcp_id", "provider_id", "period")
"""Without these a row belongs nowhere: a map gives each a column, or fixes it (but the period)."""


class LoadedMaps(msgspec.Struct, frozen=True):
    """The maps that are right, in the order of their pages, and what is wrong with the others."""

    maps: tuple[ReturnMap, ...]
    problems: tuple[Problem, ...]


def load_maps(pages: Sequence[tuple[str, str]], *, calendars: Collection[str] | None) -> LoadedMaps:
    """Compile map pages. Never raises.

    Args:
        pages: (path, text) of each file; a text may hold several maps, as a combined file needs two.
        calendars: names of the calendars there are, for business days; None asks for no check.
    """
    maps: list[ReturnMap] = []
    problems: list[Problem] = []
    seen: dict[str, str] = {}
    for path, documents in pages_in(pages, problems):
        if not documents:
            problems.append(Problem(path, 1, "", "The file is empty.", "Write a map, or remove the file."))
        for page in documents:
            found = [*_sense(page, calendars), *_twin(page, seen)]
            try:
                parsed = MapPage.model_validate(page.data)
            except ValidationError as error:
                found += problems_of(page, error, known=KEYS)
            if found:
                problems.extend(sorted(set(found), key=lambda problem: (problem.line, problem.field, problem.what)))
            else:
                maps.append(compiled(parsed))
    return LoadedMaps(tuple(maps), tuple(problems))


def compiled(page: MapPage) -> ReturnMap:
    """A page that is right as a map. What `mcp_id` says is fixed where no column says it."""
    names = set(page.columns.values())
    own = {"mcp_id": page.mcp_id} if page.mcp_id and "mcp_id" not in names else {}
    return ReturnMap(
        id=page.map,
        file=page.file,
        due=Due(page.due.month_day, page.due.business_days, page.due.calendar or ""),
        columns=tuple(page.columns.items()),
        mcp_id=page.mcp_id or "",
        delimiter=page.format.delimiter or DELIMITERS[page.format.type],
        dates=page.format.dates,
        months=page.format.months,
        codes={name: tuple(codes.items()) for name, codes in page.codes.items()},
        fixed=tuple(sorted((own | page.fixed).items())),
    )


def _twin(page: Page, seen: dict[str, str]) -> Iterator[Problem]:
    name = page.data.get("map")
    if isinstance(name, str) and seen.setdefault(name, page.path) is not page.path:
        yield page.problem(("map",), f"{name!r} is also a map of {seen[name]}.", "Rename one of the two, or remove it.")
    seen[str(name)] = page.path


def _sense(page: Page, calendars: Collection[str] | None) -> Iterator[Problem]:
    yield from _due(page, calendars)
    yield from _columns(page)
    yield from _codes(page)
    yield from _delimiter(page)


def _due(page: Page, calendars: Collection[str] | None) -> Iterator[Problem]:
    due = _mapping(page.data.get("due"))
    ways = [key for key in ("month_day", "business_days") if key in due]
    if "due" in page.data and len(ways) != 1:
        what = "It says no day." if not ways else "It says two days."
        yield page.problem(("due",), what, "Write 'month_day: 10', or 'business_days: 5' and a calendar.")
    if "business_days" in due and "calendar" not in due:
        remedy = "Add 'calendar:', such as ca_state or us_federal."
        yield page.problem(("due", "business_days"), "Business days of which calendar?", remedy)
    named = due.get("calendar")
    if calendars is not None and isinstance(named, str) and named not in calendars:
        remedy = f"{nearest(named, calendars)}Write one of: {', '.join(sorted(calendars))}."
        yield page.problem(("due", "calendar"), f"There is no calendar {named!r}.", remedy)


def _columns(page: Page) -> Iterator[Problem]:
    columns, fixed = _mapping(page.data.get("columns")), _mapping(page.data.get("fixed"))
    headers: dict[str, str] = {}
    names: dict[object, str] = {}
    for header, name in columns.items():
        at = ("columns", header)
        if not header.strip():
            yield page.problem(at, "A column without a header.", "Write the header as the plan does.")
        elif (other := headers.setdefault(header_name(header), header)) != header:
            yield page.problem(at, f"{header!r} and {other!r} are one header.", "Keep one of them.")
        if (other := names.setdefault(name, header)) != header:
            yield page.problem(at, f"{name!r} is also the column {other!r}.", "Give each name one column.")
        yield from _name(page, at, name)
    for name in fixed:
        yield from _name(page, ("fixed", name), name)
        if name in names:
            yield page.problem(("fixed", name), f"{name!r} has a column.", "Fix only what the file does not say.")
    if "columns" not in page.data:
        return
    said = {*names, *fixed, *(["mcp_id"] if page.data.get("mcp_id") else [])}
    if page.data.get("file") == "otf" and "attempt_at" in names:
        said.add("period")  # an attempt belongs to the month in which it was made
    for name in PLACES:
        if name not in said:
            how = "Add the column that says it" + (f", or 'fixed: {{{name}: ...}}'." if name != "period" else ".")
            yield page.problem(("columns",), f"Nothing says the {name} of a row.", how)
    if said.isdisjoint({"cin", "member_id"}):
        remedy = "Add the column of the CIN or of the member id."
        yield page.problem(("columns",), "Nothing says whom a row is about.", remedy)


def _name(page: Page, at: tuple[str, str], name: object) -> Iterator[Problem]:
    """A canonical name that nobody knows is most likely a slip; whoever means it begins it with `x_`."""
    if isinstance(name, str) and name and name not in NAMES and not name.startswith("x_"):
        remedy = f"{nearest(name, NAMES)}For a column of the plan's own write a name that begins with x_."
        yield page.problem(at, f"{name!r} is no canonical name.", remedy)


def _codes(page: Page) -> Iterator[Problem]:
    names = set(_mapping(page.data.get("columns")).values())
    for name, codes in _mapping(page.data.get("codes")).items():
        if name not in names:
            yield page.problem(("codes", name), f"{name!r} has no column.", "Add its column, or remove its codes.")
        plain: dict[str, str] = {}
        for code, word in _mapping(codes).items():
            at = ("codes", name, code)
            if (other := plain.setdefault(header_name(code), code)) != code:
                yield page.problem(at, f"{code!r} and {other!r} are one code.", "Keep one of them.")
            if name == "ecm_status" and isinstance(word, str) and word not in ECM_STATUSES:
                remedy = f"{nearest(word, ECM_STATUSES)}Write one of: {', '.join(ECM_STATUSES)}."
                yield page.problem(at, f"{word!r} is no ECM status.", remedy)


def _delimiter(page: Page) -> Iterator[Problem]:
    written = _mapping(page.data.get("format"))
    kind, sign = written.get("type", "csv"), written.get("delimiter")
    if kind in ("tsv", "pipe") and sign not in (None, DELIMITERS[kind]):
        what = f"A {kind} whose cells are parted by {sign!r}."
        yield page.problem(("format", "delimiter"), what, "Leave it out, or write 'type: csv'.")


def _mapping(value: object) -> Mapping[str, Any]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}
