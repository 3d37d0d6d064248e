"""Mutants of a page: the same page with one small thing changed, as a slip of the pen would."""

import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import msgspec

from models.pages import Location, dotted

LOGIC = (
    "unit", "unit_args", "define", "windows", "drop", "initial_population", "denominator", "exclusion", "exception",
    "numerator", "rates", "count", "thin_days",
)  # fmt: skip
"""The keys of a page that say what is counted."""

SWAPS = {
    "starts": "ends", "ends": "starts", "overlaps": "during", "during": "overlaps", "all": "any", "any": "all",
    "first": "latest", "latest": "first", "lowest": "highest", "highest": "lowest", "within": "not_within",
    "not_within": "within", "above": "at_least", "days_below": "days_at_least", "days_at_least": "days_below",
}  # fmt: skip
_HEADS = frozenset({"of", "at", "during", "from", "to", "days", "number"})
"""Fields without which a criterion says nothing: these are not left out."""
_NUMBER = re.compile(r"^(\d+)( (?:days?|months?|years?) (?:before|after) )")
_MONTH_DAY = re.compile(r"^(\d\d)-(\d\d)")


class Mutant(msgspec.Struct, frozen=True):
    """A changed page, and what was changed in words: `numerator.visit.starts.days[1]: 30 -> 31`."""

    words: str
    data: dict[str, Any]


def mutants(data: dict[str, Any]) -> Iterator[Mutant]:
    """Every mutant of a page or a library."""
    for key in LOGIC:
        if key in data:
            yield from _of(data, (key,), data[key])


def _of(data: dict[str, Any], at: Location, node: object) -> Iterator[Mutant]:
    if isinstance(node, bool):
        return
    if isinstance(node, int | float):
        yield from (_changed(data, at, node + step) for step in (1, -1))
    elif isinstance(node, str):
        yield from (_changed(data, at, other) for other in _moments(node))
    elif isinstance(node, list):
        for place, one in enumerate(node):
            if len(node) > 1 and at[-1] != "days":
                yield _without(data, (*at, place), f"{dotted((*at, place))}: {_short(one)} left out")
            yield from _of(data, (*at, place), one)
    elif isinstance(node, dict):
        for place, (key, one) in enumerate(node.items()):
            here = (*at, key)
            if key in SWAPS and not _is_name(at):
                yield _renamed(data, here, SWAPS[key])
            if place and key not in _HEADS and not _is_name(at):
                yield _without(data, here, f"{dotted(here)} left out")
            yield from _of(data, here, one)


def _is_name(at: Location) -> bool:
    """The keys below are names of the page's own."""
    return at in (("define",), ("windows",), ("rates",)) or (at[0] == "unit_args" and len(at) == 1)


def _moments(text: str) -> Iterator[str]:
    if found := _NUMBER.match(text):
        rest = text[found.end(1) :]
        yield from (f"{int(found[1]) + step}{rest}" for step in (1, -1))
    if found := _MONTH_DAY.match(text):
        day = date(2024, int(found[1]), int(found[2]))
        yield from (f"{day + timedelta(days=step):%m-%d}{text[found.end() :]}" for step in (1, -1))
    if text.endswith(".start"):
        yield text.removesuffix(".start") + ".end"
    elif text.endswith(".end"):
        yield text.removesuffix(".end") + ".start"
    for one, other in ((" before ", " after "), (" after ", " before ")):
        if one in text:
            yield text.replace(one, other)


def _changed(data: dict[str, Any], at: Location, value: object) -> Mutant:
    copy = deepcopy(data)
    holder: Any = _holder(copy, at)
    words = f"{dotted(at)}: {_short(holder[at[-1]])} -> {_short(value)}"
    holder[at[-1]] = value
    return Mutant(words, copy)


def _without(data: dict[str, Any], at: Location, words: str) -> Mutant:
    copy = deepcopy(data)
    del _holder(copy, at)[at[-1]]
    return Mutant(words, copy)


def _renamed(data: dict[str, Any], at: Location, name: str) -> Mutant:
    copy = deepcopy(data)
    holder = _holder(copy, at)
    pairs = [(name if key == at[-1] else key, value) for key, value in holder.items()]
    holder.clear()
    holder.update(pairs)
    return Mutant(f"{dotted(at)}: {at[-1]} -> {name}", copy)


def _holder(data: Any, at: Location) -> Any:
    for step in at[:-1]:
        data = data[step]
    return data


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
