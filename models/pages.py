"""Declarative pages: YAML text in, plain values and the lines they stand on out.

The dialect is YAML 1.2's core: only `true` and `false` are booleans; dates and codes such as `01`
stay text. Anchors, duplicate keys and tags are mistakes. Nothing here opens a file.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from models.errors import FileIsWrong, Problem

Location = tuple[str | int, ...]
_PASSWORD = re.compile(r"(?<=://)[^\s@'\"]+(?=@)")


class Page(msgspec.Struct, frozen=True):
    """One YAML document: its values, and the 1-based line of each location in it (a key's line is the key's own)."""

    path: str
    data: dict[str, object]
    lines: dict[Location, int]

    def known(self, loc: Sequence[str | int]) -> Location:
        """The part of `loc` that is written in this page; what pydantic adds (names of union members) is left out."""
        found: Location = ()
        for step in loc:
            found = (*found, step) if (*found, step) in self.lines else found
        return found

    def line(self, loc: Sequence[str | int]) -> int:
        """The line of a location, or of the nearest place around it that is written."""
        return self.lines[self.known(loc)]

    def problem(self, loc: Sequence[str | int], what: str, remedy: str) -> Problem:
        """A problem at a location of this page. A password in a URL is not shown, wherever it was written."""
        return Problem(self.path, self.line(loc), dotted(loc), _PASSWORD.sub("***", what), remedy)


def parse_pages(path: str, text: str) -> list[Page]:
    """Read every document of a YAML text; empty documents are left out.

    Args:
        path: how errors name the file.
        text: its content.

    Raises:
        FileIsWrong: no YAML, a document that is no mapping, a duplicate key, an anchor or a tag; all are listed.
    """
    pages: list[Page] = []
    problems: list[Problem] = []
    try:
        loader = _loader_for(text)(text)
        while loader.check_node():
            _take(path, loader, pages, problems)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, text.count("\n")) + 1 if mark else 1
        what = f"The YAML cannot be read: {error.problem or error.context}."
        problems.append(Problem(path, line, "", what, _REMEDY))
    except yaml.reader.ReaderError as error:
        # libyaml counts bytes, PyYAML characters; up to the first strange one nearly all are both.
        line = 1 + text.encode("utf-8", "replace")[: error.position].count(b"\n")
        what = f"The character at {error.position} is not allowed in YAML: {error.reason}."
        problems.append(Problem(path, line, "", what, "Save the file as plain UTF-8 text."))
    except RecursionError:
        what = "The YAML is nested too deeply to be read."
        problems.append(Problem(path, 1, "", what, "Write fewer levels of brackets and indentation."))
    if problems:
        raise FileIsWrong(problems)
    return pages


def pages_in(files: Iterable[tuple[str, str]], problems: list[Problem]) -> Iterator[tuple[str, list[Page]]]:
    """The documents of each file that can be read, by its path; what is wrong with the others joins the problems.

    Args:
        files: (path, text) of each.
    """
    for path, text in files:
        try:
            yield path, parse_pages(path, text)
        except FileIsWrong as wrong:
            problems.extend(wrong.problems)


def problems_of(
    page: Page, error: ValidationError, at: Sequence[str | int] = (), known: Collection[str] = ()
) -> list[Problem]:
    """Say each of pydantic's errors as a problem of the page.

    A validator may raise a ValueError of two lines to speak for itself: what is wrong, and what to write instead.

    Args:
        page: where the values came from.
        error: what pydantic said of `page.data`, or of the part of it at `at`.
        at: where that part begins. known: keys of such pages; for an unknown one the nearest of them is suggested.
    """
    found = (_problem(page, (*at, *details["loc"]), details, known) for details in error.errors())
    return sorted(set(found), key=lambda problem: (problem.line, problem.field, problem.what))


def zone_name(name: str) -> str:
    """Validate an IANA time zone name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone.\nWrite an IANA name, such as America/Los_Angeles.") from None
    return name


def host_and_port(text: str) -> tuple[str, int] | None:
    """Read HOST:PORT, with or without brackets around the host; None for what is none."""
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65536):
        return None
    return host.strip("[]"), int(port)


def dotted(loc: Sequence[str | int]) -> str:
    """Write a location as people do: `identifiers[2].type`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc)
    return text.removeprefix(".")


def nearest(word: object, known: Iterable[str]) -> str:
    """Suggest what was meant: `Did you mean 'reached'? `, or nothing when no word is near."""
    near = get_close_matches(str(word), list(known), 1)
    return f"Did you mean '{near[0]}'? " if near else ""


_REMEDY = "Check indentation, quotes, brackets and colons here or just above."
_KINDS = {"string", "tuple", "list", "model", "dict", "int", "float", "bool"}
_UNKNOWN = "Correct its spelling or remove it; the reference lists the keys."


_PLAIN_WORDS = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9]\d{0,17})", list("-+0123456789")),
    ("float", r"[-+]?(0|[1-9]\d*)?\.\d+([eE][-+]?\d+)?", list("-+.0123456789")),
)


def loader_on(base: type[Any]) -> Any:
    """A loader that knows the core schema's plain words only; see the module's docstring."""
    loader: Any = type("CoreLoader", (base,), {"yaml_implicit_resolvers": {}})
    for tag, pattern, first in _PLAIN_WORDS:
        loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"^(?:{pattern})$"), first)
    return loader


_PATIENT = loader_on(yaml.SafeLoader)
# libyaml, where PyYAML was built with it, is several times as fast; every command reads the shipped rules.
_FAST = loader_on(getattr(yaml, "CSafeLoader", yaml.SafeLoader))
_DEEP = 1_000


def _loader_for(text: str) -> Any:
    """The fast loader, unless a text may be nested so deeply that libyaml would end the process instead of raising."""
    longest = max(map(len, text.splitlines()), default=0)
    return _FAST if text.count("[") + text.count("{") + longest < _DEEP else _PATIENT


def _take(path: str, loader: Any, pages: list[Page], problems: list[Problem]) -> None:
    node = loader.get_node()
    if node is None or (isinstance(node, yaml.ScalarNode) and node.value == ""):
        return
    lines: dict[Location, int] = {}
    before = len(problems)
    problems.extend(_walk(path, node, (), lines, set()))
    if not isinstance(node, yaml.MappingNode):
        what = "A document must be a mapping of keys to values."
        problems.append(Problem(path, lines[()], "", what, "Write 'key: value' lines."))
    if len(problems) == before:
        pages.append(Page(path, loader.construct_document(node), lines))


def _walk(path: str, node: yaml.Node, at: Location, lines: dict[Location, int], seen: set[int]) -> Iterator[Problem]:
    line = node.start_mark.line + 1
    lines.setdefault(at, line)
    if id(node) in seen:
        yield Problem(path, lines[at], dotted(at), "An anchor is used a second time here.", "Write the value out.")
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(path, item, (*at, index), lines, seen)
    elif isinstance(node, yaml.MappingNode):
        yield from _walk_mapping(path, node, at, lines, seen)


def _walk_mapping(
    path: str, node: yaml.MappingNode, at: Location, lines: dict[Location, int], seen: set[int]
) -> Iterator[Problem]:
    for key, value in node.value:
        here = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            yield Problem(path, here, dotted(at), "A key must be a plain word.", "Write 'key: value'.")
            continue
        place = (*at, _key(key))
        if place in lines:
            what = f"'{key.value}' is written twice; it stands on line {lines[place]} too."
            yield Problem(path, here, dotted(place), what, "Keep one of them.")
            continue
        lines[place] = here
        yield from _walk(path, value, place, lines, seen)


def _key(key: yaml.ScalarNode) -> str | int:
    return int(key.value) if key.tag.endswith(":int") else str(key.value)


def _problem(page: Page, loc: Location, error: ErrorDetails, known_keys: Collection[str]) -> Problem:
    kind = error["type"]
    known = page.known(loc)
    missing = kind == "missing"
    field = (*known, loc[-1]) if missing else known
    what, remedy = _words(kind, error, str(loc[-1]) if loc else "")
    hint = nearest(loc[-1], known_keys) if kind == "extra_forbidden" else ""
    return page.problem(field, what, hint + remedy)


def _words(kind: str, error: ErrorDetails, name: str) -> tuple[str, str]:
    value, context = error.get("input"), error.get("ctx", {})
    shown = _shown(value)
    match kind:
        case "missing":
            return f"'{name}' is missing.", f"Add '{name}: ...'."
        case "extra_forbidden":
            return (
                f"'{name}' is no key that is known here.",
                _UNKNOWN,
            )
        case "literal_error" | "enum":
            return f"{shown} is not allowed here.", f"Write {context.get('expected', 'another value')}."
        case _ if value in (None, "") and kind.partition("_")[0] in _KINDS:
            return "It is empty.", "Write a value, or leave the key out."
        case "string_type":
            return f"{shown} is not text.", "Put it in quotes." if isinstance(value, int | float) else "Write one text."
        case "tuple_type" | "list_type":
            return f"{shown} is no list.", f"Write it in brackets: [{'...' if isinstance(value, dict) else value}]."
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"{shown} is no mapping.", "Write 'key: value' lines below the key."
        case "int_type" | "int_parsing" | "int_from_float":
            return f"{shown} is no whole number.", "Write digits only."
        case "bool_type" | "bool_parsing":
            return f"{shown} is neither true nor false.", "Write true or false."
        case "value_error" | "assertion_error":
            what, _, remedy = str(context.get("error", error["msg"])).partition("\n")
            return what, remedy or "Correct the value."
        case _:
            return f"{shown} does not fit here.", f"{error['msg']}."


def _shown(value: object) -> str:
    text = "This mapping" if isinstance(value, dict) else "This list" if isinstance(value, list) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
