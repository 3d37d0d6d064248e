"""Days' supply: how many days of a span the fills of a class cover, as adherence measures count them.

Source: PQA, Proportion of Days Covered, published worked examples; care-rules §4.9.
"""

from collections.abc import Collection, Iterable, Sequence

from services.measures.items import PAST, Item, in_order


def covered(
    fills: Iterable[Item], first: int, last: int, away: Collection[int] = (), *, shift: bool
) -> tuple[int, int]:
    """Count the days of a span on which the member had a drug of the class, and the days that count.

    A day is covered once, however many drugs cover it.

    Args:
        fills: of one class, in any order.
        first, last: the span, both included; supply beyond it is not counted.
        away: days that leave both sides, as those in a hospital, which gives its own drugs.
        shift: a later fill of the same ingredient begins when the earlier one is used up, and supply waits while the
            member is away. Otherwise every fill begins on its day and runs on by the calendar.

    Returns:
        Covered days, days that count. Days away are in neither.
    """
    gone = frozenset(away)
    had: set[int] = set()
    for days in spans(fills, last, gone) if shift else _by_calendar(fills):
        had.update(days)
    had = {day for day in had if first <= day <= last} - gone
    return len(had), last - first + 1 - sum(1 for day in gone if first <= day <= last)


def spans(fills: Iterable[Item], last: int, away: Collection[int] = ()) -> list[Sequence[int]]:
    """The days on which each fill is taken up to `last`, in order of fills: one after the other within an ingredient.

    A combination waits for each of its ingredients.
    """
    free: dict[str, int] = {}
    taken: list[Sequence[int]] = []
    for fill in sorted(fills, key=in_order):
        ingredients = _ingredients(fill)
        start = max((free.get(one, PAST) for one in ingredients), default=PAST)
        days = _used(max(start, fill.first), fill.days, last, away)
        taken.append(days)
        for one in ingredients:
            free[one] = days[-1] + 1 if days else max(start, fill.first)
    return taken


def _used(start: int, supply: int, last: int, away: Collection[int]) -> Sequence[int]:
    if not away:
        return range(start, min(start + supply, last + 1))
    days: list[int] = []
    day = start
    while len(days) < supply and day <= last:
        if day not in away:
            days.append(day)
        day += 1
    return days


def _by_calendar(fills: Iterable[Item]) -> Iterable[Sequence[int]]:
    return (range(fill.first, fill.first + fill.days) for fill in fills)


def _ingredients(fill: Item) -> Sequence[str]:
    # In lisinopril/hydrochlorothiazide the diuretic is of no class that is counted: it makes no other fill wait.
    if len(fill.parts) == len(fill.ingredients):
        return [name for name, part in zip(fill.ingredients, fill.parts, strict=True) if part.sets] or fill.ingredients
    return fill.ingredients
