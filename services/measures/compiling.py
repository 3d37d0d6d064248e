"""From a page's values to criteria. Every mistake is told; what is wrong is replaced by what nobody will ask."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.pages import Location, nearest
from services.measures import narrowing
from services.measures.criteria import (
    Aged,
    Chosen,
    CoveredDays,
    Criterion,
    Died,
    Enrolled,
    Every,
    Facts,
    Lasts,
    Nothing,
    OfSex,
    OwnFacts,
    ReadingOf,
    Some,
    Tagged,
    Which,
    first,
    latest,
    latest_day,
    nth_day,
)
from services.measures.days import PERIOD, Window
from services.measures.items import Item
from services.measures.kinds import CLASSES, KINDS, SETTINGS
from services.measures.narrowing import Narrow, that, within
from services.measures.nodes import Nodes, shown
from services.measures.saying import either
from services.measures.scope import NEVER, Scope
from services.measures.timing import moment, window

Build = Callable[[Any, Location, Nodes, Scope], Criterion]

RELATIONS = {
    "starts": narrowing.starts,
    "ends": narrowing.ends,
    "overlaps": narrowing.overlaps,
    "during": narrowing.during,
}
_SETS: dict[str, Callable[[Item], frozenset[str]]] = {
    "dx": lambda item: item.dx,
    "principal_dx": lambda item: item.principal,
    "reason": lambda item: item.reasons,
    "side": lambda item: item.side,
    "pos": lambda item: item.pos,
    "by": lambda item: item.by,
}
"""Filters whose words are value sets."""
_SAID_OF = {
    "dx": "with a diagnosis of", "principal_dx": "with a principal diagnosis of", "reason": "for",
    "side": "on the side", "pos": "at", "by": "by", "class": "of class", "setting": "in setting",
    "encounter_class": "of class", "status": "of status",
}  # fmt: skip
"""How sentences name what filters ask."""
_BOUNDS = ("above", "below", "at_least")
_COUNTS = ("at_least", "on_different_days")
_PLACES = ("disposition", "class", "not_class", "setting", "not_setting", "encounter_class", "not_encounter_class")
_SAID = ("status", "value", "parts", "refused", "ended")
FILTERS = (
    *RELATIONS, "within", "not_within", "outside", *_SETS, "not_pos", "not_dx", "not_by", *_PLACES, *_SAID, *_COUNTS,
)  # fmt: skip


def criterion(node: object, at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    """Compile a criterion: a definition's name, or one word with its fields."""
    if isinstance(node, str):
        return scope.definition(node, at, nodes) or NEVER
    if not isinstance(node, dict):
        nodes.wrong(at, f"{shown(node)} is no criterion.", "Write a definition's name, or a word with its fields.")
        return NEVER
    heads = [key for key in node if key in BUILDERS or key in KINDS]
    if len(heads) != 1:
        known = sorted({*BUILDERS, *KINDS})
        first_key = next(iter(node), "")
        what = (
            f"A criterion is one word; here are {len(heads)}: {', '.join(heads)}."
            if heads
            else f"'{first_key}' is no word of ours."
        )
        hint = (
            "Put several under 'all' or 'any'." if heads else f"{nearest(first_key, known)}Words: {', '.join(known)}."
        )
        nodes.wrong(at, what, hint)
        return NEVER
    head = heads[0]
    if head in KINDS:
        return _facts(head, node, at, nodes, scope)
    nodes.only(node, at, (head,))
    return BUILDERS[head](node[head], (*at, head), nodes, scope)


def _several(node: object, at: Location, nodes: Nodes, scope: Scope) -> Sequence[Criterion]:
    if not isinstance(node, list):
        return (criterion(node, at, nodes, scope),)
    if not node:
        nodes.wrong(at, "The list is empty.", "Name at least one criterion.")
    return [criterion(one, (*at, place), nodes, scope) for place, one in enumerate(node)]


def value_sets(node: object, at: Location, nodes: Nodes, scope: Scope) -> tuple[tuple[str, ...], str]:
    """The value sets that a page names, and how it calls them; the scope remembers that the page needs them."""
    names = nodes.texts(node, at)
    if "any" in names:
        nodes.wrong(at, "'any' is no value set.", "Name value sets, or leave the filter out.")
    return tuple(scope.value_set(name) for name in names if name), either(names)


def named(kind: str, node: Mapping[str, Any], at: Location, nodes: Nodes, scope: Scope) -> tuple[tuple[str, ...], str]:
    """What a fact must be: value sets ("" for any), and how the page calls them. An event's words are no value sets."""
    if node[kind] == "any":
        return ("",), ""
    if KINDS[kind].coded:
        return value_sets(node[kind], (*at, kind), nodes, scope)
    words = nodes.texts(node[kind], (*at, kind))
    if kind == "stay":
        nodes.wrong((*at, kind), "A stay has no codes of its own.", "Write 'stay: any', and 'setting' or 'class'.")
    return words, either(words)


def _facts(kind: str, node: Mapping[str, Any], at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    nodes.only(node, at, (kind, *FILTERS))
    sets, said = named(kind, node, at, nodes, scope)
    narrows = _narrows(node, at, nodes, scope)
    others, refused = _asks_for_others(kind, node), "refused" in node
    if refused and not others:
        statuses = KINDS[kind].statuses
        narrows.insert(
            0, that("its status counts", lambda item: statuses is None or item.status in statuses, plain=True)
        )
    at_least, different = _counts(node, at, nodes)
    what = KINDS[kind].words + (f" ({said})" if said else "")
    facts = Facts(
        kind,
        sets,
        _in_time_first(narrows),
        at_least,
        different_days=different,
        said=what,
        whatever=others or refused,
    )
    scope.reads |= facts.reads
    if not any(narrow.window for narrow in narrows):
        counting(PERIOD, scope)
    return facts


def counting(window: Window, scope: Scope) -> Window:
    """A window by which facts count."""
    scope.windows[window.words] = window
    return window


def _asks_for_others(kind: str, node: Mapping[str, Any]) -> bool:
    """The page names a status that does not count by itself (`not-done`): one that does only narrows further."""
    given = node.get("status", [])
    asked = {one for one in (given if isinstance(given, list) else [given]) if isinstance(one, str)}
    return not asked <= (KINDS[kind].statuses or asked)


def _in_time_first(narrows: Sequence[Narrow]) -> list[Narrow]:
    """What starts in a window is found by bisection, while the facts still lie in order and are all there."""
    return sorted(narrows, key=lambda narrow: not narrow.words.startswith("starts "))


def _counts(node: Mapping[str, Any], at: Location, nodes: Nodes) -> tuple[int, bool]:
    different = "on_different_days" in node and nodes.flag(node["on_different_days"], (*at, "on_different_days"))
    if "at_least" not in node:
        if different:
            nodes.wrong((*at, "on_different_days"), "Nothing says how many different days.", "Add 'at_least: 2'.")
        return 1, different
    return nodes.whole(node["at_least"], (*at, "at_least"), least=2), different


def _narrows(node: Mapping[str, Any], at: Location, nodes: Nodes, scope: Scope) -> list[Narrow]:
    """The filters of a criterion, in the order in which they are written."""
    found: list[Narrow] = []
    for key, value in node.items():
        here = (*at, key)
        if key in RELATIONS:
            found.append(RELATIONS[key](counting(window(value, here, nodes, scope), scope)))
        elif key in _FILTERS:
            found.append(_FILTERS[key](key, value, here, nodes, scope))
    return found


def _within(key: str, value: object, at: Location, nodes: Nodes, scope: Scope) -> Narrow:
    if value == "unit" and key == "within":
        if scope.member:
            nodes.wrong(at, "A page that counts members has no unit to look at.", "Name a definition.")
        return narrowing.within_unit()
    name = nodes.text(value, at)
    around = scope.definition(name, at, nodes) or NEVER
    return narrowing.within_any(name, around.find, bound=around.bound, inside=key == "within")


def _outside(_: str, value: object, at: Location, nodes: Nodes, scope: Scope) -> Narrow:
    of = criterion(value, at, nodes, scope)
    return narrowing.outside(of.words(), of.find, bound=of.bound)


def _in_sets(key: str, value: object, at: Location, nodes: Nodes, scope: Scope) -> Narrow:
    names, said = value_sets(value, at, nodes, scope)
    plain = key.removeprefix("not_")
    test, words = within(names, _SETS[plain]), f"{_SAID_OF[plain]} {said}"
    if key.startswith("not_"):
        return that(f"not {words}", lambda item: not test(item), refusal=f"does not count {words}")
    return that(words, test)


def _in_words(key: str, value: object, at: Location, nodes: Nodes, _scope: Scope) -> Narrow:
    plain = key.removeprefix("not_")
    of, known = _WORDS[plain]
    words = frozenset(nodes.words(value, at, known) if known else nodes.texts(value, at))
    said = f"{_SAID_OF[plain]} {either(sorted(words))}"
    if key.startswith("not_"):
        return that(f"not {said}", lambda item: of(item) not in words, refusal=f"does not count {said}")
    return that(said, lambda item: of(item) in words)


_WORDS: dict[str, tuple[Callable[[Item], str], frozenset[str]]] = {
    "class": (lambda item: item.act_class, CLASSES),
    "setting": (lambda item: item.setting, SETTINGS),
    "encounter_class": (lambda item: item.act_class, frozenset()),
    "status": (lambda item: item.status, frozenset()),
}


def _disposition(_: str, value: object, at: Location, nodes: Nodes, scope: Scope) -> Narrow:
    words = nodes.texts(value, at)
    codes = frozenset(word for word in words if word.isdigit())
    names = frozenset(scope.value_set(word) for word in words if word and word not in codes)
    return that(
        f"with a discharge to {either(words)}",
        lambda item: item.discharge_code in codes or not names.isdisjoint(item.disposition),
    )


def _value(_: str, value: object, at: Location, nodes: Nodes, scope: Scope) -> Narrow:
    match value:
        case "present":
            return that("with a value", lambda item: item.answered)
        case "absent":
            return that("without a value", lambda item: not item.answered)
        case "number":
            return that("with a number", lambda item: item.number is not None)
        case dict():
            said, holds = limits(value, at, nodes)
            return that(f"with a value {said}", lambda item: item.number is not None and holds(item.number))
    names, said = value_sets(value, at, nodes, scope)
    return that(f"with the answer {said}", within(names, lambda item: item.answers))


def limits(node: object, at: Location, nodes: Nodes) -> tuple[str, Callable[[float], bool]]:
    """{above, below, at_least}, in words and as a test."""
    given = nodes.mapping(node, at, _BOUNDS)
    if not given:
        nodes.wrong(at, "Nothing bounds the number.", "Write above, below or at_least.")
    numbers = {key: nodes.number(value, (*at, key)) for key, value in given.items() if key in _BOUNDS}
    least = max(numbers.get("above", float("-inf")), numbers.get("at_least", float("-inf")))
    if least >= numbers.get("below", float("inf")):
        nodes.wrong((*at, "below"), "No number is within these limits.", "Correct one of them.")
    said = " and ".join(f"{key.replace('_', ' ')} {numbers[key]:g}" for key in numbers)
    return said, narrowing.bounds(*(numbers.get(key) for key in _BOUNDS))


def _parts(_: str, value: object, at: Location, nodes: Nodes, scope: Scope) -> Narrow:
    given = nodes.texts(value, at)
    names = tuple(scope.value_set(name) for name in given if name)

    def whole(item: Item) -> bool:
        return all(any(part in r.sets and r.number is not None for r in item.parts) for part in names)

    return that(f"with numbers for {' and '.join(given)}", whole)


def _refused(_: str, value: object, at: Location, nodes: Nodes, _scope: Scope) -> Narrow:
    nodes.flag(value, at)
    return that("refused", lambda item: item.refused)


def _ended(_: str, value: object, at: Location, nodes: Nodes, _scope: Scope) -> Narrow:
    nodes.flag(value, at)
    return that("with an end", lambda item: item.ended)


Filter = Callable[[str, Any, Location, Nodes, Scope], Narrow]
_FILTERS: dict[str, Filter] = {
    "within": _within, "not_within": _within, "outside": _outside, "disposition": _disposition, "value": _value,
    "parts": _parts, "refused": _refused, "ended": _ended, "not_pos": _in_sets, "not_dx": _in_sets, "not_by": _in_sets,
    "not_class": _in_words, "not_setting": _in_words, "not_encounter_class": _in_words,
    **dict.fromkeys(_SETS, _in_sets), **dict.fromkeys(_WORDS, _in_words),
}  # fmt: skip


def _which(node: Any, at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    given = nodes.mapping(node, at, ("of", *FILTERS))
    at_least, different = _counts(given, at, nodes)
    return Which(_of(given, at, nodes, scope), _narrows(given, at, nodes, scope), at_least, different_days=different)


def _of(given: Mapping[str, Any], at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    if "of" not in given:
        nodes.wrong(at, "Of what is not said.", "Add 'of:' with a definition or a criterion.")
        return NEVER
    return criterion(given["of"], (*at, "of"), nodes, scope)


def _nth(node: Any, at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    given = nodes.mapping(node, at, ("of", "number"))
    number = nodes.whole(given.get("number"), (*at, "number"), least=1)
    return Chosen(_of(given, at, nodes, scope), f"day {number}", nth_day(number))


def _reading(node: Any, at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    given = nodes.mapping(node, at, ("of", "lowest", "highest"))
    picks = [key for key in ("lowest", "highest") if key in given]
    if len(picks) != 1:
        nodes.wrong(at, "A reading is the lowest or the highest of a day.", "Write 'lowest:' or 'highest:'.")
        return NEVER
    pick = picks[0]
    said = nodes.names(given[pick], (*at, pick))
    parts = [
        (part if part == "value" else scope.value_set(part), part, *limits(value, (*at, pick, part), nodes))
        for part, value in said.items()
    ]
    return ReadingOf(_of(given, at, nodes, scope), "lowest" if pick == "lowest" else "highest", parts)


def _covered(node: Any, at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    given = nodes.mapping(node, at, ("of", "during", "overlap", "not_in", "at_least", "share_at_least"))
    during = window(given["during"], (*at, "during"), nodes, scope) if "during" in given else PERIOD
    if "during" not in given:
        nodes.wrong(at, "During what is not said.", "Add 'during: unit' or another window.")
    overlap = nodes.word(given.get("overlap", "union"), (*at, "overlap"), ("union", "shift"))
    away = criterion(given["not_in"], (*at, "not_in"), nodes, scope) if "not_in" in given else None
    if ("at_least" in given) == ("share_at_least" in given):
        nodes.wrong(
            at,
            "How much must be covered is not said, or said twice.",
            "Write 'at_least' (days) or 'share_at_least' (percent).",
        )
    days = nodes.whole(given["at_least"], (*at, "at_least"), least=1) if "at_least" in given else None
    percent = nodes.number(given["share_at_least"], (*at, "share_at_least")) if "share_at_least" in given else None
    return CoveredDays(
        _of(given, at, nodes, scope), counting(during, scope), away, days, percent, shift=overlap == "shift"
    )


def _age(node: Any, at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    given = nodes.mapping(node, at, ("from", "to", "at"))
    if "from" not in given and "to" not in given:
        nodes.wrong(at, "No age is named.", "Write 'from', 'to' or both.")
    lowest, highest = (nodes.whole(given[key], (*at, key), least=0) if key in given else None for key in ("from", "to"))
    if lowest is not None and highest is not None and lowest > highest:
        nodes.wrong(at, f"Nobody is {lowest} or older and {highest} or younger.", "Swap the two.")
    return Aged(lowest, highest, moment(given.get("at", "period.end"), (*at, "at"), nodes, scope))


def _sex(node: Any, at: Location, nodes: Nodes, _scope: Scope) -> Criterion:
    return OfSex(frozenset(nodes.words(node, at, ("female", "male", "other", "unknown"))))


def _died(node: Any, at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    return Died(counting(window(node, at, nodes, scope), scope))


def _lasts(node: Any, at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    given = nodes.mapping(node, at, ("of", "days_below", "days_at_least"))
    keys = [key for key in ("days_below", "days_at_least") if key in given]
    if len(keys) != 1:
        nodes.wrong(at, "A length needs one limit.", "Write 'days_below' or 'days_at_least'.")
        return NEVER
    days = nodes.whole(given[keys[0]], (*at, keys[0]), least=1)
    of = window(given.get("of", "unit"), (*at, "of") if "of" in given else at, nodes, scope)
    return Lasts(of, days if keys[0] == "days_below" else None, days if keys[0] == "days_at_least" else None)


def _enrolled(node: Any, at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    given = nodes.mapping(node, at, ("during", "gaps", "gap_days_max"))
    during = window(given.get("during", "period"), (*at, "during") if "during" in given else at, nodes, scope)
    if ("gaps" in given) != ("gap_days_max" in given):
        nodes.wrong(at, "Gaps need a number and a length.", "Write both 'gaps' and 'gap_days_max', or neither.")
    gaps, most = (
        nodes.whole(given[key], (*at, key), least=1) if key in given else 0 for key in ("gaps", "gap_days_max")
    )
    return Enrolled(counting(during, scope), gaps, most)


def _unit(node: Any, at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    if scope.member:
        nodes.wrong(at, "A page that counts members has no unit to ask.", "Name a 'unit:', or ask for facts.")
    given = nodes.names(node, at)
    kinds = [key for key in given if key in KINDS]
    nodes.only(given, at, (*kinds[:1], *(word for word in FILTERS if word not in _COUNTS)))
    kind = kinds[0] if kinds else ""
    sets, _ = named(kind, given, at, nodes, scope) if kind else ((), "")
    return OwnFacts(kind, frozenset(sets) - {""}, _narrows(given, at, nodes, scope))


def _unit_is(node: Any, at: Location, nodes: Nodes, scope: Scope) -> Criterion:
    if scope.member:
        nodes.wrong(at, "A page that counts members has no unit to ask.", "Name a 'unit:'.")
    tag = nodes.text(node, at)
    if scope.tags and tag not in scope.tags:
        nodes.wrong(
            at,
            f"The builder never says {tag!r}.",
            f"{nearest(tag, scope.tags)}It says: {', '.join(sorted(scope.tags))}.",
        )
    return Tagged(tag)


def _chosen(words: str, choose: Callable[[Sequence[Item]], Sequence[Item]]) -> Build:
    def build(node: Any, at: Location, nodes: Nodes, scope: Scope) -> Criterion:
        return Chosen(criterion(node, at, nodes, scope), words, choose)

    return build


BUILDERS: dict[str, Build] = {
    "all": lambda *given: Every(_several(*given)),
    "any": lambda *given: Some(_several(*given)),
    "none": lambda *given: Nothing(_several(*given)),
    "which": _which,
    "first": _chosen("the first", first),
    "latest": _chosen("the latest", latest),
    "latest_day": _chosen("the latest day", latest_day),
    "nth": _nth,
    "reading": _reading,
    "covered_days": _covered,
    "age": _age,
    "sex": _sex,
    "died": _died,
    "lasts": _lasts,
    "enrolled": _enrolled,
    "unit": _unit,
    "unit_is": _unit_is,
}
"""Words that are no kinds of fact."""
