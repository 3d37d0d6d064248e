"""Adherence: of the days of treatment, how many the fills of a class cover.

Readings of the text: days away are those of beds, from admission to the day before the discharge; an ingredient outside
the class makes no fill wait.

Source: care-rules §4.9; contract, "PDC".
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from fractions import Fraction

from services.simulation.codes import among
from services.simulation.fills import Fill
from services.simulation.measuring.counted import counted
from services.simulation.measuring.known import DAY, Known
from services.simulation.truth import TrueMeasure

CLASSES = (
    ("pdc.diabetes", "diabetes-medications", "insulin"),
    ("pdc.rasa", "ras-antagonists", "sacubitril-valsartan"),
    ("pdc.statins", "statins", None),
)
"""(measure, its drugs, the drugs that exclude)."""
_LEAST_DAYS = 91
_SHARE = Fraction(80, 100)


def adherence(known: Known, year: int) -> Iterator[TrueMeasure]:
    """PDC of each class."""
    for measure, drugs, excluding in CLASSES:
        share = _share(known, year, drugs)
        excluded = excluding and any(among((f.drug,), excluding) for f in known.fills if f.day.year == year)
        ill = known.diagnosed_on("esrd", date(year, 1, 1), date(year, 12, 31))
        if share is not None and not excluded and not ill and not known.in_hospice(year):
            yield counted(measure, year, 1, int(share >= _SHARE), share)


def _share(known: Known, year: int, drugs: str) -> Fraction | None:
    """Covered days of all; None when there is no treatment to speak of."""
    fills = [fill for fill in known.fills if fill.day.year == year and _ingredients(fill, drugs)]
    covered = [n for n, fill in enumerate(fills) if known.span_on(fill.day)]
    if not covered:
        return None
    fills = fills[covered[0] :]
    first = fills[0].day
    span = known.span_on(first)
    assert span is not None
    last = min(known.today, date(year, 12, 31), span.last, known.died_on or date.max)
    if len({fill.day for fill in fills if fill.day <= last}) < 2 or (last - first).days + 1 < _LEAST_DAYS:
        return None
    if known.age_on(date(year, 1, 1)) < 18:
        return None
    away = _away(known, first, last)
    counting = {first + n * DAY for n in range((last - first).days + 1)} - away
    return Fraction(len(_taken(fills, drugs, last, away) & counting), len(counting))


def _ingredients(fill: Fill, drugs: str) -> list[str]:
    """Those of the class; a name that some set lists whole is one ingredient."""
    parts = [fill.drug] if among((fill.drug,), "sacubitril-valsartan", "aud-oud-medications") else fill.drug.split("/")
    return [part for part in parts if among((part,), drugs)]


def _away(known: Known, first: date, last: date) -> set[date]:
    """Days in a bed, which gives its own drugs."""
    found: set[date] = set()
    for stay in known.stays:
        if stay.is_bed:
            until = min(stay.last - DAY if stay.last else last, last)
            day = max(stay.first, first)
            while day <= until:
                found.add(day)
                day += timedelta(days=1)
    return found


def _taken(fills: Sequence[Fill], drugs: str, last: date, away: set[date]) -> set[date]:
    """The days on which a drug is taken: a fill waits until its ingredient is used up, and while the member is away."""
    free: dict[str, date] = {}
    found: set[date] = set()
    for fill in fills:
        mine = _ingredients(fill, drugs)
        day = max([fill.day, *(free[one] for one in mine if one in free)])
        left = fill.days
        while left and day <= last:
            if day not in away:
                found.add(day)
                left -= 1
            day += DAY
        for one in mine:
            free[one] = day
    return found
