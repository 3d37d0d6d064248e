"""Every measure of an installation, ready: which facts concern which page, and what a person contributes."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from operator import attrgetter

from models.measure import RUN_OUT_DAYS, Contribution
from services.measures.asked import Asked
from services.measures.criteria import age_bands
from services.measures.items import FOREVER, PAST, Index, Item, Period, Person
from services.measures.listed import Listed
from services.measures.loading import Loaded
from services.measures.measure import Counted, Measure
from services.measures.periods import year
from services.measures.units.unit import Unit
from services.measures.value_sets import ValueSets
from services.measures.verdicts import Population, Status, UnitResult, Verdict

DATED = frozenset({"claim", "encounter", "stay", "fill", "event", "observation", "procedure", "administration"})
"""Kinds by which a year is one of the person's periods; a diagnosis or a coverage may be as old as they are."""

Rows = tuple[Contribution, ...]
Units = dict[str, tuple[Unit, Rows]]
"""What each unit of a page in a period contributes, by the unit's key."""


class Known:
    """What was worked out of one person's facts before."""

    def __init__(self) -> None:
        self.index: Index | None = None
        self.groups: Sequence[Sequence[Item]] = ()
        self.rows: dict[tuple[int, str], Rows] = {}
        self.units: dict[tuple[int, str], Units] = {}
        self.answer: Rows = ()
        self.turns: tuple[Index, int | None] | None = None


class MeasureBook:
    """The pages that are switched on, and the value sets that they ask for.

    Args:
        loaded: all pages. sets: everything that is loaded.
    """

    def __init__(self, loaded: Loaded, sets: ValueSets) -> None:
        self.pages = loaded.measures
        self.measures = tuple(measure for measure in loaded.measures if measure.active)
        self._by_period: dict[str, Sequence[tuple[int, Measure]]] = {}
        narrowed = sets.narrowed(frozenset(meant for measure in self.measures for meant in measure.needs))
        lists = {meant: Listed(codes) for measure in self.measures for meant, codes in measure.lists.items()}
        self.sets = ValueSets({**{name: narrowed.listed(name) for name in narrowed.names}, **lists})
        texts = sorted(repr((one.page.path.rpartition("/")[2], one.page.data)) for one in loaded.pages)
        self.digest = sha256("\n".join([self.sets.digest, *texts]).encode()).hexdigest()

    def contributions(self, groups: Sequence[Sequence[Item]], person: Person, today: int, known: Known) -> Rows:
        """What a person contributes to every measure, in every period with facts, in order of measure and period.

        Args:
            groups: the person's facts in any groups; those that did not change are the same objects as before, and so
                is a group of which none did. today: the as-of day.
            known: what was worked out before; the answer is the same with any.
        """
        before = known.index
        if before is None or len(groups) != len(known.groups):
            index = Index((item for group in groups for item in group), person, today)
        else:
            gone, fresh = _changes(known.groups, groups)
            if not gone and not fresh and before.today == today and before.person == person:
                return known.answer
            index = before.successor(gone, fresh, person, today)
        changed = None if before is None or before.person != person else index.changed_since(before)
        if changed is None:
            known.units = {}
        another_day = before is None or before.today != today
        rows: dict[tuple[int, str], Rows] = {}
        for period in periods(index):
            for place, measure in self._serving(period):
                key = (place, period.name)
                found = known.rows.get(key)
                if (
                    found is None
                    or changed is None
                    or (another_day and measure.clocked)
                    or not measure.reads.isdisjoint(changed)
                ):
                    if measure.alone:
                        units = _by_unit(measure, index, period, known.units.get(key, {}))
                        known.units[key] = units
                        found = tuple(row for _, told in units.values() for row in told)
                    else:
                        found = contributed(measure, index, period)
                rows[key] = found
        known.index, known.rows, known.groups = index, rows, groups
        known.answer = tuple(row for found in rows.values() for row in found)
        return known.answer

    def _serving(self, period: Period) -> Sequence[tuple[int, Measure]]:
        """The editions for a period, each with its place."""
        found = self._by_period.get(period.name)
        if found is None:
            found = [(place, measure) for place, measure in enumerate(self.measures) if measure.serves(period)]
            self._by_period[period.name] = found
        return found

    def turns(self, known: Known) -> int | None:
        """The next day, later than the as-of day, on which time alone changes what a person contributed last."""
        if known.index is None:
            return None
        if known.turns is None or known.turns[0] is not known.index:
            known.turns = known.index, self._turns(known.index)
        return known.turns[1]

    def _turns(self, index: Index) -> int | None:
        days = [
            day
            for period in (year(date.fromordinal(index.today).year),)
            for _, measure in self._serving(period)
            if measure.clocked and (day := measure.turns(index, period)) is not None
        ]
        return min(days, default=None)

    def explained(self, measure_id: str, index: Index) -> list[UnitResult]:
        """Why each unit of a measure counts as it does, in every period with facts; of a rate by its own numerator."""
        return [
            _explained(measure, place, one, index, period)
            for period in periods(index)
            for _, measure in self._serving(period)
            for place, rate in enumerate(measure.rates)
            if measure_id == called(measure, rate)
            for one in measure.counted(index, period)
        ]


def _changes(before: Sequence[Sequence[Item]], after: Sequence[Sequence[Item]]) -> tuple[list[Item], list[Item]]:
    """What is gone from groups, and what is new in them."""
    gone, fresh = list[Item](), list[Item]()
    for was, now in zip(before, after, strict=True):
        if was is not now:
            old, new = {id(item) for item in was}, {id(item) for item in now}
            gone += [item for item in was if id(item) not in new]
            fresh += [item for item in now if id(item) not in old]
    return gone, fresh


def called(measure: Measure, rate: str) -> str:
    """The id under which a rate is counted: the page's own where it has one."""
    return f"{measure.id}.{rate}" if rate else measure.id


def _explained(measure: Measure, place: int, one: Counted, index: Index, period: Period) -> UnitResult:
    told = measure.verdicts(one, index, period)
    mine = [verdict for verdict in told if verdict.population == "numerator"][place]
    verdicts = tuple(
        # An exception that only another rate needs is not this one's.
        Verdict(verdict.population, None, closes_on=verdict.closes_on)
        if verdict.population == "denominator-exception" and one.numerators[place]
        else verdict
        for verdict in told
        if verdict.population != "numerator" or verdict is mine
    )
    final = period.last + RUN_OUT_DAYS
    status: list[tuple[Population, Status]] = []
    for verdict in verdicts:
        closes = verdict.closes_on.toordinal() if verdict.closes_on else PAST
        settled: Status = "open" if index.today <= closes else "closed" if index.today <= final else "final"
        status.append((verdict.population, settled))
    unit = one.unit
    first, last = date.fromordinal(max(unit.first, PAST)), date.fromordinal(min(unit.last, FOREVER))
    name = called(measure, measure.rates[place])
    return UnitResult(name, measure.version, period.name, unit.key, first, last, verdicts, tuple(status))


def contributed(measure: Measure, index: Index, period: Period) -> Rows:
    """What a person contributes to one measure in one period."""
    return tuple([row for one in measure.counted(index, period) for row in _rows(measure, one, index, period)])


def _by_unit(measure: Measure, index: Index, period: Period, before: Units) -> Units:
    """What each unit contributes to a measure that counts them alone. The same unit did so before, of this person."""
    whole, units = Asked(index, period), Units()
    for unit in measure.counting.units(index, period):
        known = before.get(unit.key)
        if known is None or known[0] != unit:
            one = measure.count(whole.of(unit))
            known = unit, _rows(measure, one, index, period) if one else ()
        units[unit.key] = known
    return units


def _rows(measure: Measure, one: Counted, index: Index, period: Period) -> Rows:
    return tuple([_row(measure, one, index, period, name, n) for n, name in enumerate(measure.rates)])


def _row(measure: Measure, one: Counted, index: Index, period: Period, rate: str, place: int) -> Contribution:
    unit, person = one.unit, index.person
    stays = one.denominator and not one.exclusion
    last = min(unit.last, FOREVER)
    return Contribution(
        measure=called(measure, rate),
        version=measure.version,
        period=period.name,
        unit=unit.key,
        initial_population=1,
        denominator=int(stays),
        exclusion=int(one.exclusion),
        exception=int(one.exceptions[place]),
        numerator=one.numerators[place] if stays else 0,
        value=one.values[place],
        first=date.fromordinal(max(unit.first, PAST)),
        last=date.fromordinal(last),
        closes_on=date.fromordinal(min(max(one.closes, PAST), FOREVER)),
        owner=unit.owner or person.owner_on(last),
        strata=(("age_band", age_bands(person.born, last)), *person.strata),
    )


def periods(index: Index) -> Sequence[Period]:
    """The calendar years from the first in which something happened to a person, or in which we were told of them,
    through the as-of year.
    """
    this = date.fromordinal(index.today).year
    began = (day for kind in DATED if (day := _first_day(index.of(kind))) is not None)
    known = () if index.person.since is None else (index.person.since,)
    first = min([this, *(date.fromordinal(day).year for day in (*began, *known))])
    return [year(number) for number in range(first, this + 1)]


def _first_day(items: Sequence[Item]) -> int | None:
    """The first day on which one of them began, of those of which it is known."""
    place = bisect_right(items, PAST, key=_first)
    return items[place].first if place < len(items) else None


_first = attrgetter("first")
