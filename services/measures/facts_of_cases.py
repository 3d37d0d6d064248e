"""The facts of a case, as a page writes them: they name value sets, never codes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, get_args

from models.owner import Owner
from models.pages import Location
from services.measures.items import FOREVER, PAST, Assigned, Covered, Item, ItemKind, Person, Reading
from services.measures.kinds import KINDS, SETTINGS
from services.measures.nodes import Nodes, shown
from services.measures.paging import day_of

ITEM_KEYS = (
    "at", "from", "to", "setting", "class", "encounter_class", "status", "dx", "principal_dx", "disposition", "pos",
    "by", "value", "answer", "parts", "days", "ingredient", "outcome", "mode", "detail", "id", "place", "refused",
    "reason", "side",
)  # fmt: skip
SEXES = {"F": "female", "M": "male"}
_AS_ITEMS: dict[str, ItemKind] = {kind: kind for kind in get_args(ItemKind)} | {"visit": "claim"}
"""What a fact of a kind is kept as: a visit is a claim, one of the two that pages may mean."""
COVERED_SINCE = date(2020, 1, 1).toordinal()


def item_of(node: object, at: Location, nodes: Nodes, meaning: Mapping[str, str], number: int) -> Item | None:
    """One fact of a case; None where it is wrong, which is told."""
    given = nodes.mapping(node, at)
    kinds = [key for key in given if key in KINDS]
    if len(kinds) != 1:
        nodes.wrong(at, f"A fact is of one kind; here are {len(kinds)}.", f"Begin with one of {', '.join(KINDS)}.")
        return None
    kind = kinds[0]
    nodes.only(given, at, (kind, *ITEM_KEYS))

    def sets(key: str) -> frozenset[str]:
        if key not in given or given[key] == "any":
            return frozenset()
        return frozenset(meaning.get(name, name) for name in nodes.texts(given[key], (*at, key)))

    own = sets(kind)
    if kind == "event":
        own |= {f"{name}:{given[key]}" for name in own for key in ("outcome", "mode") if key in given}
    start, first = _moment(given.get("at", given.get("from")), (*at, "at" if "at" in given else "from"), nodes)
    end, last = (start, first) if "at" in given else _end(given, at, nodes)
    disposition = str(given.get("disposition", ""))
    parts = nodes.mapping(given.get("parts", {}), (*at, "parts"))
    if "setting" in given:
        nodes.words(given["setting"], (*at, "setting"), SETTINGS)
    ingredients = nodes.texts(given["ingredient"], (*at, "ingredient")) if "ingredient" in given else ()
    return Item(
        kind=_AS_ITEMS[kind],
        id=str(given.get("id", f"{kind}-{number}")),
        first=first,
        last=last,
        sets=own,
        start=start,
        end=end,
        status=str(given.get("status", "")),
        number=nodes.number(given["value"], (*at, "value")) if "value" in given else None,
        answered="value" in given or "answer" in given,
        answers=sets("answer"),
        parts=tuple(
            Reading(frozenset({meaning.get(n, n)}), nodes.number(v, (*at, "parts", n))) for n, v in parts.items()
        ),
        dx=sets("dx") | sets("principal_dx"),
        principal=sets("principal_dx"),
        reasons=sets("reason"),
        disposition=frozenset(
            {meaning.get(disposition, disposition)} if disposition and not disposition.isdigit() else ()
        ),
        discharge_code=disposition if disposition.isdigit() else "",
        side=sets("side"),
        setting=str(given.get("setting", "")),
        act_class=str(given.get("class", given.get("encounter_class", ""))),
        pos=sets("pos"),
        by=sets("by"),
        place=str(given.get("place", "")),
        refused="refused" in given and nodes.flag(given["refused"], (*at, "refused")),
        days=nodes.whole(given["days"], (*at, "days"), least=0) if "days" in given else 0,
        ingredients=ingredients,
        ended=last != FOREVER,
        detail=tuple(
            sorted((str(k), str(v)) for k, v in nodes.mapping(given.get("detail", {}), (*at, "detail")).items())
        ),
    )


def _end(given: Mapping[str, Any], at: Location, nodes: Nodes) -> tuple[datetime | None, int]:
    if "to" not in given:
        return None, FOREVER
    return _moment(given["to"], (*at, "to"), nodes)


def _moment(node: object, at: Location, nodes: Nodes) -> tuple[datetime | None, int]:
    """`2025-03-06`, or `2025-03-06 14:30`: an instant only where a clock was told."""
    if isinstance(node, str) and len(node) == len("2025-03-06 14:30"):
        try:
            moment = datetime.fromisoformat(node).replace(tzinfo=UTC)
        except ValueError:
            nodes.wrong(at, f"{node!r} is no time.", "Write 2025-03-06 14:30.")
            return None, PAST
        return moment, moment.toordinal()
    if node is None:
        return None, PAST
    day = day_of(node, at, nodes)
    return None, day.toordinal() if day else PAST


def person_of(given: Mapping[str, Any], at: Location, nodes: Nodes) -> Person:
    """Whom a case is about: covered since long ago and 45 years old, unless it says otherwise."""
    said = nodes.mapping(given.get("person", {}), (*at, "person"), ("born", "sex", "died"))

    def day(key: str) -> date | None:
        return day_of(said[key], (*at, "person", key), nodes) if key in said else None

    died = day("died")
    sex = str(said.get("sex", "F"))
    spans = [
        _span(node, (*at, "coverage", place), nodes) for place, node in enumerate(_list("coverage", given, at, nodes))
    ]
    if "coverage" not in given:
        spans = [Covered("PLANA", COVERED_SINCE, FOREVER)]
    assigned = [
        _assigned(node, (*at, "assignments", n), nodes, n)
        for n, node in enumerate(_list("assignments", given, at, nodes))
    ]
    return Person(
        day("born") or date(1980, 2, 14),
        SEXES.get(sex, sex),
        died.toordinal() if died else None,
        tuple(sorted(spans, key=lambda span: span.first)),
        tuple(sorted(assigned, key=lambda one: one.on)),
    )


def _list(key: str, given: Mapping[str, Any], at: Location, nodes: Nodes) -> Sequence[Any]:
    found = given.get(key, [])
    if isinstance(found, list):
        return found
    nodes.wrong((*at, key), f"{shown(found)} is no list.", "Write it in brackets.")
    return []


def _span(node: object, at: Location, nodes: Nodes) -> Covered:
    given = nodes.mapping(node, at, ("mcp", "from", "to"))
    first, last = (day_of(given[key], (*at, key), nodes) if key in given else None for key in ("from", "to"))
    return Covered(
        str(given.get("mcp", "PLANA")), first.toordinal() if first else PAST, last.toordinal() if last else FOREVER
    )


def _assigned(node: object, at: Location, nodes: Nodes, number: int) -> Assigned:
    given = nodes.mapping(
        node, at, ("mcp", "provider", "lead", "on", "received", "status", "enrolled", "ended", "until")
    )
    days = {
        key: day_of(given[key], (*at, key), nodes)
        for key in ("on", "received", "enrolled", "ended", "until")
        if key in given
    }
    on = days.get("on") or date(2025, 1, 1)

    def number_of(key: str) -> int | None:
        day = days.get(key)
        return day.toordinal() if day else None

    return Assigned(
        Owner(str(given.get("mcp", "PLANA")), str(given.get("provider", "P1")), str(given.get("lead", ""))),
        on.toordinal(),
        (days.get("received") or on).toordinal(),
        number_of("until") or FOREVER,
        str(given.get("status", "")),
        number_of("enrolled"),
        number_of("ended"),
        f"assignment-{number}",
    )
