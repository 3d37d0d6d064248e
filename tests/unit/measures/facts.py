"""Facts for tests of unit builders, in one line each. Days are written as `03-06`, of 2025."""

from datetime import date
from typing import Any

from models.owner import Owner
from services.measures.items import FOREVER, Assigned, Covered, Index, Item, Person
from services.measures.periods import year

PERIOD = year(2025)


def day(text: str) -> int:
    """`03-06` of 2025, or a whole date."""
    return date.fromisoformat(text if len(text) > len("03-06") else f"2025-{text}").toordinal()


def shown(number: int) -> str:
    """A day as tests write it."""
    at = date.fromordinal(number)
    return f"{at:%m-%d}" if at.year == 2025 else str(at)


def stay(name: str, first: str, last: str = "", setting: str = "acute", **more: Any) -> Item:
    """A stay; without a last day it goes on."""
    until = day(last) if last else FOREVER
    return Item(kind="stay", id=name, first=day(first), last=until, setting=setting, status="finished", **more)


def fill(ingredient: str, first: str, days: int, sets: str = "class", **more: Any) -> Item:
    """A fill of the class."""
    names = tuple(ingredient.split("/"))
    at = day(first)
    given: dict[str, Any] = {"sets": frozenset({sets}), "ingredients": names, **more}
    return Item(kind="fill", id=f"{ingredient}@{first}", first=at, last=at, days=days, **given)


def assigned(provider: str, on: str, **more: Any) -> Assigned:
    """An assignment by PLANA, received on the day that it names unless told otherwise."""
    given = {key: day(value) if key != "status" else value for key, value in more.items()}
    return Assigned(
        Owner("PLANA", provider, "L1"),
        day(on),
        given.get("received", day(on)),
        given.get("until", FOREVER),
        given.get("status", ""),
        given.get("enrolled"),
        given.get("ended"),
        f"{provider}-{on}",
    )


def person(*spans: tuple[str, str], died: str = "", assignments: tuple[Assigned, ...] = ()) -> Person:
    """Somebody covered by PLANA in some spans, or all the time."""
    covered = [Covered("PLANA", day(first), day(last) if last else FOREVER) for first, last in spans]
    return Person(
        born=date(1980, 2, 14),
        died=day(died) if died else None,
        spans=tuple(covered) or (Covered("PLANA", day("2020-01-01"), FOREVER),),
        assignments=assignments,
    )


def index(*items: Item, who: Person | None = None, today: str = "2026-03-31") -> Index:
    """A person's facts on an as-of day."""
    return Index(items, who or person(), day(today))
