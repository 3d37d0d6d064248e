"""Typed access to the plain dicts of decoded JSON: what is absent or of another type reads as empty; nothing raises."""

from collections.abc import Iterable
from typing import Any, TypeAlias

from models.codes import coded

Json: TypeAlias = dict[str, Any]

_LARGEST = 1e15
"""No clinical number is larger, and none of these is lost in a float."""

EMPTY: Json = {}
"""Never written to."""


def text(element: Json, name: str) -> str:
    """A string element, stripped; "" when absent."""
    value = element.get(name)
    return value.strip() if isinstance(value, str) else ""


def node(element: Json, name: str) -> Json:
    """A complex element; the first of a repeated one."""
    value = element.get(name)
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, dict) else EMPTY


def nodes(element: Json, name: str) -> list[Json]:
    """The repetitions of a complex element."""
    value = element.get(name)
    if isinstance(value, dict):
        return [value]
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def texts(element: Json, name: str) -> list[str]:
    """The repetitions of a string element."""
    value = element.get(name)
    return [one.strip() for one in value if isinstance(one, str)] if isinstance(value, list) else []


def number(element: Json, name: str) -> float | None:
    """A decimal or integer element."""
    value = element.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < _LARGEST else None


def code_of(coding: Json) -> str:
    """A Coding (or an Identifier-like pair) as codes are compared; "" without a code."""
    return coded(text(coding, "system"), text(coding, "code"))


def codes(element: Json, *names: str) -> tuple[str, ...]:
    """All codings of CodeableConcept elements, and of Coding elements, each once and in order."""
    found: list[str] = []
    for name in names:
        for concept in nodes(element, name):
            if "coding" in concept:
                found += [code_of(coding) for coding in nodes(concept, "coding")]
            elif "code" in concept:
                found.append(code_of(concept))
    return once(found)


def once(values: Iterable[str]) -> tuple[str, ...]:
    """Each value that is not empty, once, in order."""
    return tuple(dict.fromkeys(filter(None, values)))


def extensions(element: Json, *endings: str) -> list[Json]:
    """Extensions, modifying ones too, whose URL ends so: one has had several homes (QI-Core, US Quality Core)."""
    if "extension" not in element and "modifierExtension" not in element:
        return []
    both = nodes(element, "extension") + nodes(element, "modifierExtension")
    return [one for one in both if text(one, "url").lower().endswith(endings)]
