"""A measure: a page compiled. What is asked of each unit, and what it answers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Literal

import msgspec

from services.measures.asked import Asked
from services.measures.criteria import CoveredDays, Criterion, Defined, Every, Key, Some
from services.measures.days import Window
from services.measures.items import FOREVER, PAST, Index, Item, Period
from services.measures.units.args import Args
from services.measures.units.builders import Builder
from services.measures.units.unit import Unit
from services.measures.verdicts import Because, Population, Verdict

MEMBER = "member"
"""The unit of a page that counts members."""


Improvement = Literal["increase", "decrease"]


class Counted(msgspec.Struct, frozen=True, gc=False):
    """One unit of the initial population: raw, as a MeasureReport counts.

    The denominator keeps excluded units, the numerators do not. `exceptions`, `numerators` and `values` have one for
    each rate of the page; an exception stands only where the rate's numerator fails.
    """

    unit: Unit
    denominator: bool
    exclusion: bool
    exceptions: tuple[bool, ...]
    numerators: tuple[int, ...]
    values: tuple[float | None, ...]
    closes: int


class Cited(msgspec.Struct, frozen=True):
    """Where a page's logic comes from."""

    document: str
    section: str = ""
    read_on: str = ""


class Counting(msgspec.Struct, frozen=True):
    """What is counted: the person once, what a builder makes, or each fact of a criterion."""

    name: str
    builder: Builder | None = None
    args: Args | None = None
    each: Criterion | None = None

    def units(self, index: Index, period: Period) -> Sequence[Unit]:
        """The units of a period, in order."""
        if self.builder is not None:
            return self.builder.build(index, period, self.args)
        if self.each is not None:
            return [_of(item) for item in self.each.find(Asked(index, period)) or ()]
        return (Unit("", period.first, period.last, closes=period.first),)


def _of(item: Item) -> Unit:
    last = item.first if item.last == FOREVER else item.last
    return Unit(item.id, item.first, last, item.start, item.end, (item,), closes=last)


class Measure(msgspec.Struct, frozen=True, eq=False):
    """A page, ready to be asked.

    Args:
        id, version, label, source, improvement, per: as the page says.
        rates: names of the numerators; ("",) where there is one. counts: the numerator is a number of days, not a yes.
        needs, optional: the value sets that it asks for, by what they are, with the page's names.
        reads: what it asks an index for. clocked: it depends on the as-of day, see `turns`.
        alone: how a unit counts hangs on the person and that unit alone, so that the same unit counts the same.
        fixed, moving: the windows by which facts count, those that hang on nothing and the others; `fixed_last`
            remembers, by period, the last day of the former.
        missing: required sets that nobody loaded: then it is switched off. departures: what differs from the source.
    """

    id: str
    version: str
    label: str
    source: Cited
    effective_from: date
    effective_to: date | None
    improvement: Improvement
    per: int
    counting: Counting
    drop: Criterion | None
    initial_population: Criterion
    denominator: Criterion | None
    exclusion: Criterion | None
    exception: Criterion | None
    numerators: tuple[Criterion, ...]
    rates: tuple[str, ...]
    counts: bool
    thin_days: int | None
    needs: Mapping[str, str]
    optional: frozenset[str]
    lists: Mapping[str, frozenset[str]]
    reads: frozenset[Key]
    clocked: bool
    alone: bool = False
    fixed: tuple[Window, ...] = ()
    moving: tuple[Window, ...] = ()
    fixed_last: dict[Period, int] = msgspec.field(default_factory=dict)
    departures: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def active(self) -> bool:
        """Every value set that it requires is loaded."""
        return not self.missing

    def serves(self, period: Period) -> bool:
        """This edition is the one for a period."""
        first = date.fromordinal(period.first)
        return self.effective_from <= first and (self.effective_to is None or first <= self.effective_to)

    def turns(self, index: Index, period: Period) -> int | None:
        """The next day, later than the as-of day, that changes its units by itself."""
        builder = self.counting.builder
        return builder.turns(index, period, self.counting.args) if builder and builder.turns else None

    def counted(self, index: Index, period: Period) -> list[Counted]:
        """Every unit in the initial population."""
        whole = Asked(index, period)
        found: list[Counted] = []
        kept: int | None = None
        for unit in self.counting.units(index, period):
            one = self.count(whole.of(unit))
            if one is None:
                continue
            if self.thin_days is not None and one.denominator and not one.exclusion:
                if kept is not None and unit.first - kept < self.thin_days:
                    continue
                kept = unit.first
            found.append(one)
        return found

    def count(self, asked: Asked) -> Counted | None:
        """One unit; None where it is not in the initial population. What is too near to others is not told here."""
        if self.drop is not None and self.drop.find(asked) is not None:
            return None
        if self.initial_population.find(asked) is None:
            return None
        unit = asked.unit
        assert unit is not None
        counts = self.denominator is None or self.denominator.find(asked) is not None
        excluded = counts and self.exclusion is not None and self.exclusion.find(asked) is not None
        none = (False,) * len(self.numerators)
        numerators, exceptions, values = (0,) * len(none), none, (unit.number,) * len(none)
        if counts and not excluded:
            numerators = tuple([self._met(criterion, asked) for criterion in self.numerators])
            values = tuple([_value(criterion, asked, unit) for criterion in self.numerators])
            if self.exception is not None and 0 in numerators and self.exception.find(asked) is not None:
                exceptions = tuple([not met for met in numerators])
        return Counted(unit, counts, excluded, exceptions, numerators, values, self._closes(asked))

    def _met(self, criterion: Criterion, asked: Asked) -> int:
        found = criterion.find(asked)
        if found is None:
            return 0
        return len({item.first for item in found}) if self.counts else 1

    def _closes(self, asked: Asked) -> int:
        """The last day on which any window by which facts count is open, or the builder may change the unit."""
        assert asked.unit is not None
        period = asked.period
        fixed = self.fixed_last.get(period)
        if fixed is None:
            fixed = max((window.last(asked) for window in self.fixed), default=PAST)
            self.fixed_last[period] = fixed
        return max([asked.unit.closes, fixed, *[window.last(asked) for window in self.moving]])

    def populations(self) -> Iterator[tuple[Population, Criterion]]:
        """Each population that the page has, in the order in which they are asked."""
        yield "initial-population", self.initial_population
        if self.denominator is not None:
            yield "denominator", self.denominator
        if self.exclusion is not None:
            yield "denominator-exclusion", self.exclusion
        for criterion in self.numerators:
            yield "numerator", criterion
        if self.exception is not None:
            yield "denominator-exception", self.exception

    def verdicts(self, one: Counted, index: Index, period: Period) -> tuple[Verdict, ...]:
        """Why a unit counts as it does, population by population."""
        asked = Asked(index, period).of(one.unit)
        return tuple(self._verdict(name, criterion, one, asked) for name, criterion in self.populations())

    def _verdict(self, population: Population, criterion: Criterion, one: Counted, asked: Asked) -> Verdict:
        closes = date.fromordinal(min(max(criterion.closes(asked), 1), FOREVER))
        asks = {
            "denominator-exclusion": one.denominator,
            "numerator": one.denominator and not one.exclusion,
            "denominator-exception": one.denominator and not one.exclusion and not all(one.numerators),
        }.get(population, True)
        if not asks:
            return Verdict(population, None, closes_on=closes)
        if criterion.find(asked) is not None:
            return Verdict(population, True, tuple(because(criterion, asked)), closes_on=closes)
        return Verdict(population, False, (), criterion.lacks(asked), criterion.near(asked), closes)


def _value(criterion: Criterion, asked: Asked, unit: Unit) -> float | None:
    return criterion.share(asked) if isinstance(criterion, CoveredDays) else unit.number


def because(criterion: Criterion, asked: Asked, name: str = "") -> Iterable[Because]:
    """The facts that made a criterion true, each with the definition that it satisfied."""
    if isinstance(criterion, Defined):
        yield from because(criterion.inner[0], asked, criterion.name)
    elif isinstance(criterion, Every | Some):
        for one in criterion.inner:
            if one.find(asked) is not None:
                yield from because(one, asked, name)
    else:
        for item in criterion.find(asked) or ():
            yield Because(item.kind, item.id, date.fromordinal(item.first), name, item.names)
