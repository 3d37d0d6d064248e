"""Moments and windows as a page writes them. Source: measure-vocabulary §3."""

from calendar import monthrange
from collections.abc import Sequence

from models.pages import Location
from services.measures.asked import Asked
from services.measures.days import (
    MONTH_DAY,
    OFFSET,
    PERIOD,
    UNIT,
    Days,
    Moment,
    Window,
    around,
    between,
    month_day,
    shifted,
)
from services.measures.items import Index, Period, Person
from services.measures.nodes import Nodes, shown
from services.measures.scope import Scope
from services.measures.units.unit import Unit

_MOMENT = "Write period.start, unit.end, <name>.start, birth, 06-30 or '05-01 prior year', each after '60 days before'."
_A_YEAR = Period("2025", 739252, 739616)
_UNITS = ((_A_YEAR.first, _A_YEAR.first + 3), (_A_YEAR.first, _A_YEAR.last), (_A_YEAR.last - 3, _A_YEAR.last))
_SAMPLES = [Asked(Index((), Person(), _A_YEAR.last), _A_YEAR, Unit("", *days)) for days in _UNITS]
"""A year and units in it, by which windows that hang on nothing else are tried out."""


def moment(node: object, at: Location, nodes: Nodes, scope: Scope) -> Moment:
    """Read a moment."""
    if not isinstance(node, str):
        nodes.wrong(at, f"{shown(node)} is no moment.", _MOMENT)
        return _unknown("?")
    if moved := OFFSET.fullmatch(node):
        number, unit, side, anchor = moved.groups()
        base, steps = _anchor(anchor, at, nodes, scope), nodes.whole(int(number), at)
        return shifted(base, -steps if side == "before" else steps, unit, node)
    return _anchor(node, at, nodes, scope)


def _unknown(words: str) -> Moment:
    return Moment(words, lambda _: ())


def _anchor(text: str, at: Location, nodes: Nodes, scope: Scope) -> Moment:
    if found := MONTH_DAY.fullmatch(text):
        month, day, prior = int(found[1]), int(found[2]), bool(found[3])
        if not (1 <= month <= 12 and 1 <= day <= monthrange(2024, month)[1]):
            nodes.wrong(at, f"{text!r} is no day of a year.", _MOMENT)
            return _unknown(text)
        return Moment(text, month_day(month, day, prior=prior))
    if text == "birth":
        return Moment("birth", _born, uses="birth")
    name, dot, end = text.rpartition(".")
    if not dot or end not in ("start", "end") or " before " in text or " after " in text:
        nodes.wrong(at, f"{text!r} is no moment.", _MOMENT)
        return _unknown(text)
    window = named(name, at, nodes, scope)
    side = 0 if end == "start" else 1
    uses = name if window.uses else ""
    return Moment(text, lambda asked: [span[side] for span in window.spans(asked)], window.bound, uses)


def _born(asked: Asked) -> Sequence[int]:
    born = asked.index.person.born
    return (born.toordinal(),) if born else ()


def window(node: object, at: Location, nodes: Nodes, scope: Scope) -> Window:
    """Read a window: `period`, `unit`, a name, {from, to}, or {days: [a, b], of: moment}."""
    if isinstance(node, str):
        return named(node, at, nodes, scope)
    if not isinstance(node, dict):
        nodes.wrong(
            at,
            f"{shown(node)} is no window.",
            "Write period, unit, a name, {from: ..., to: ...} or {days: [a, b], of: ...}.",
        )
        return PERIOD
    if "days" in node:
        return _around(node, at, nodes, scope)
    nodes.only(node, at, ("from", "to", "days", "of"))
    first = moment(node["from"], (*at, "from"), nodes, scope) if "from" in node else None
    last = moment(node["to"], (*at, "to"), nodes, scope) if "to" in node else None
    if first is None and last is None:
        nodes.wrong(at, "The window has neither a first nor a last day.", "Add 'from', 'to' or both.")
    words = " ".join(f"{key} {node[key]}" for key in ("from", "to") if key in node)
    found = between(first, last, words)
    if first and last and not found.uses and not any(map(found.spans, _SAMPLES)):
        nodes.wrong(at, f"The window ends before it begins: {words}.", "Swap the two, or correct one.")
    return found


def _around(node: dict[str, object], at: Location, nodes: Nodes, scope: Scope) -> Window:
    nodes.only(node, at, ("days", "of"))
    days = node["days"]
    if not isinstance(days, list) or len(days) != 2:
        nodes.wrong((*at, "days"), f"{shown(days)} is no pair of days.", "Write the first and the last: [0, 30].")
        return PERIOD
    first, last = (nodes.whole(day, (*at, "days", place)) for place, day in enumerate(days))
    if first > last:
        nodes.wrong((*at, "days"), f"The window ends before it begins: {first}, {last}.", "Swap the two.")
    if "of" not in node:
        nodes.wrong(at, "The days are counted from nothing.", "Add 'of: unit.end' or another moment.")
        return PERIOD
    of = moment(node["of"], (*at, "of"), nodes, scope)
    return around(first, last, of, f"days {first} to {last} of {of.words}")


def named(name: str, at: Location, nodes: Nodes, scope: Scope) -> Window:
    """The window that a name means: the period, the unit, a window of the page, or where a definition's facts lie."""
    if name == "period":
        return PERIOD
    if name == "unit":
        if scope.member:
            nodes.wrong(at, "A page that counts members has no unit to look at.", "Write 'period', or name a 'unit:'.")
        return UNIT
    found = scope.window(name, at, nodes, lambda source: window(source.node, source.at, source.nodes, scope))
    if found is not None:
        return Window(name, found.spans, found.bound, found.uses)
    definition = scope.definition(name, at, nodes)
    if definition is None:
        return PERIOD

    def spans(asked: Asked) -> Sequence[Days]:
        return [(item.first, item.last) for item in definition.find(asked) or ()]

    return Window(name, spans, definition.bound, (name,))
