"""Criteria: true or not of somebody, and when true with the facts that made them so. Source: measure-vocabulary §2."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Literal

from services.measures.asked import Asked, Found
from services.measures.covering import covered
from services.measures.days import Moment, Window
from services.measures.items import EITHER, FOREVER, OTHERS, PAST, Index, Item, in_order
from services.measures.narrowing import Narrow
from services.measures.saying import day_in_words, days_in_words, either, uncounted
from services.measures.verdicts import Missing, Near

Key = tuple[str, str]
"""A kind and a value set ("" for any): what an index is asked for."""

NOTHING: tuple[Item, ...] = ()

DAWN = datetime.min.replace(tzinfo=UTC)
"""The hour of what has only a day: before all others of that day."""


class Criterion(ABC):
    """A question about somebody.

    `bound`: the answer looks at the unit. `inner`: what it is made of.
    """

    bound: bool = False
    inner: Sequence["Criterion"] = ()
    cost: int = 2
    """What is cheap is asked first: 0 for the person, 1 for facts, 2 for the rest."""

    @abstractmethod
    def find(self, asked: Asked) -> Found:
        """None where it is not true; else the facts that made it so."""

    @abstractmethod
    def words(self, asked: Asked | None = None) -> str:
        """The question, for sentences; with dates where somebody is asked about."""

    def closes(self, asked: Asked) -> int:
        """The last day on which a window of it can still change the answer."""
        return max((one.closes(asked) for one in self.inner), default=PAST)

    def lacks(self, asked: Asked) -> tuple[Missing, ...]:
        """What would make it true; asked only where it is not."""
        return (Missing(self.words(asked), _until(self.closes(asked))),)

    def near(self, asked: Asked) -> tuple[Near, ...]:
        """Facts that it saw and did not count, each with the filter that refused it."""
        return tuple(near for one in self.inner for near in one.near(asked))


def _until(day: int) -> date | None:
    return date.fromordinal(day) if PAST < day < FOREVER else None


def _ways(lacks: Sequence[Missing]) -> Sequence[Missing]:
    """What one of several alternatives lacks, as ways that stand beside the others: all that it needs is one way."""
    if len(lacks) > 1:
        return (
            Missing(" and ".join(map(_flat, lacks)), min(filter(None, (one.until for one in lacks)), default=None)),
        )
    return lacks[0].alternatives or lacks if lacks else ()


def _flat(lack: Missing) -> str:
    return f"({either([_flat(way) for way in lack.alternatives])})" if lack.alternatives else lack.sentence


def _within(window: Window, asked: Asked | None) -> str:
    return days_in_words(window.spans(asked), window.words) if asked else f"in {window.words}"


def _any_bound(inner: Iterable[Criterion]) -> bool:
    return any(one.bound for one in inner)


class Every(Criterion):
    """`all`: true when each is."""

    def __init__(self, inner: Sequence[Criterion]) -> None:
        self.inner = sorted(inner, key=lambda one: one.cost)
        self.bound = _any_bound(inner)

    def find(self, asked: Asked) -> Found:
        found: list[Item] = []
        for one in self.inner:
            facts = one.find(asked)
            if facts is None:
                return None
            found += facts
        return _united(found)

    def words(self, asked: Asked | None = None) -> str:
        return " and ".join(one.words(asked) for one in self.inner)

    def lacks(self, asked: Asked) -> tuple[Missing, ...]:
        return tuple(lack for one in self.inner if one.find(asked) is None for lack in one.lacks(asked))


class Some(Criterion):
    """`any`: true when one is; with the facts of all that are."""

    def __init__(self, inner: Sequence[Criterion]) -> None:
        self.inner = inner
        self.bound = _any_bound(inner)

    def find(self, asked: Asked) -> Found:
        true, found = False, list[Item]()
        for one in self.inner:
            facts = one.find(asked)
            if facts is not None:
                true = True
                found += facts
        return _united(found) if true else None

    def words(self, asked: Asked | None = None) -> str:
        return either([one.words(asked) for one in self.inner])

    def lacks(self, asked: Asked) -> tuple[Missing, ...]:
        ways = [way for one in self.inner for way in _ways(one.lacks(asked))]
        return (Missing("one of these", _until(self.closes(asked)), tuple(ways)),) if len(ways) > 1 else tuple(ways)


class Nothing(Criterion):
    """`none`: true when none is."""

    def __init__(self, inner: Sequence[Criterion]) -> None:
        self.inner = sorted(inner, key=lambda one: one.cost)
        self.bound = _any_bound(inner)

    def find(self, asked: Asked) -> Found:
        for one in self.inner:
            if one.find(asked) is not None:
                return None
        return NOTHING

    def words(self, asked: Asked | None = None) -> str:
        return f"without {either([one.words(asked) for one in self.inner])}"

    def lacks(self, asked: Asked) -> tuple[Missing, ...]:
        # What is there does not go away in time, only by a correction: no day is named.
        return tuple(Missing(f"without {one.words(asked)}") for one in self.inner if one.find(asked) is not None)


class Defined(Criterion):
    """A definition by name: found once."""

    cost = 1

    def __init__(self, name: str, criterion: Criterion) -> None:
        self.name, self.inner, self.bound = name, (criterion,), criterion.bound
        self._find = criterion.find

    def find(self, asked: Asked) -> Found:
        return asked.defined(self.name, self.bound, self._find)

    def words(self, asked: Asked | None = None) -> str:
        short = asked is not None and isinstance(self.inner[0], Facts | Which)
        return self.inner[0].words(asked) if short else self.name

    def lacks(self, asked: Asked) -> tuple[Missing, ...]:
        return self.inner[0].lacks(asked)


class Facts(Criterion):
    """Facts of a kind, narrowed; true when there are enough.

    Args:
        said: what they are, for sentences. whatever: also those whose status does not count, unless it is asked for.
    """

    cost = 1

    def __init__(
        self,
        kind: str,
        sets: Sequence[str],
        narrows: Sequence[Narrow],
        at_least: int,
        *,
        different_days: bool,
        said: str,
        whatever: bool = False,
    ) -> None:
        self.kind, self.sets, self.narrows, self._said = kind, tuple(sets), tuple(narrows), said
        self._whatever = whatever
        self.at_least, self.different_days = at_least, different_days
        self.bound = any(narrow.bound for narrow in narrows)
        self._single = self.sets[0] if len(self.sets) == 1 else None

    def postings(self, index: Index) -> Sequence[Item]:
        """All facts of the kind and the value sets, in order of start."""
        return self._listed(index.whatever if self._whatever else index.of)

    def _listed(self, look: Callable[[str, str], Sequence[Item]]) -> Sequence[Item]:
        if self._single is not None:
            return look(self.kind, self._single)
        lists = [found for name in self.sets if (found := look(self.kind, name))]
        return lists[0] if len(lists) == 1 else _united([item for found in lists for item in found])

    def find(self, asked: Asked) -> Found:
        found = self.postings(asked.index)
        for narrow in self.narrows:
            if not found:
                return None
            found = narrow.keep(found, asked)
        return _enough(found, self.at_least, self.different_days)

    @property
    def reads(self) -> frozenset[Key]:
        """What it asks an index for."""
        kinds = (self.kind, OTHERS + self.kind) if self._whatever else (self.kind,)
        return frozenset((kind, name) for kind in kinds for name in self.sets)

    def closes(self, asked: Asked) -> int:
        ends = [narrow.window.last(asked) for narrow in self.narrows if narrow.window]
        return min(ends) if ends else asked.period.last

    def words(self, asked: Asked | None = None) -> str:
        told = [self._said, *(narrow.told(asked) for narrow in self.narrows if not narrow.plain)]
        return ", ".join([*told, *_times(self.at_least, self.different_days)])

    def near(self, asked: Asked) -> tuple[Near, ...]:
        found, refused = self._listed(asked.index.whatever), list[Near]()
        for narrow in self.narrows:
            kept = narrow.keep(found, asked)
            ids = {id(item) for item in kept}
            refused += [_near(item, narrow.refused(item, asked)) for item in found if id(item) not in ids]
            found = kept
        counted = {id(item) for item in self.postings(asked.index)}
        return (*refused, *(_near(item, uncounted(item)) for item in found if id(item) not in counted))


def _times(at_least: int, different_days: bool) -> list[str]:
    many = f"at least {at_least} of them" + (" on different days" if different_days else "")
    return [many] if at_least > 1 else []


def _near(item: Item, reason: str) -> Near:
    return Near(item.kind, item.id, _until(item.first), reason)


class Which(Criterion):
    """A found set, narrowed further."""

    def __init__(self, of: Criterion, narrows: Sequence[Narrow], at_least: int, *, different_days: bool) -> None:
        self.inner, self.narrows = (of,), tuple(narrows)
        self.at_least, self.different_days = at_least, different_days
        self.bound = of.bound or any(narrow.bound for narrow in narrows)

    def find(self, asked: Asked) -> Found:
        found: Sequence[Item] | None = self.inner[0].find(asked)
        for narrow in self.narrows:
            if not found:
                return None
            found = narrow.keep(found, asked)
        return _enough(found or (), self.at_least, self.different_days)

    def closes(self, asked: Asked) -> int:
        ends = [narrow.window.last(asked) for narrow in self.narrows if narrow.window]
        return min([*ends, self.inner[0].closes(asked)])

    def words(self, asked: Asked | None = None) -> str:
        return self._said(self.inner[0].words(asked), asked)

    def _said(self, what: str, asked: Asked | None) -> str:
        told = [what, *(narrow.told(asked) for narrow in self.narrows)]
        return ", ".join([*told, *_times(self.at_least, self.different_days)])

    def lacks(self, asked: Asked) -> tuple[Missing, ...]:
        of, until = self.inner[0], _until(self.closes(asked))
        while isinstance(of, Defined):
            of = of.inner[0]
        if not isinstance(of, Some):
            return super().lacks(asked)
        return (
            Missing(
                "one of these",
                until,
                tuple(Missing(self._said(one.words(asked), asked), until) for one in of.inner),
            ),
        )

    def near(self, asked: Asked) -> tuple[Near, ...]:
        found: Sequence[Item] = self.inner[0].find(asked) or ()
        refused = list[Near]()
        for narrow in self.narrows:
            kept = narrow.keep(found, asked)
            refused += [_near(item, narrow.refused(item, asked)) for item in found if item not in kept]
            found = kept
        return (*self.inner[0].near(asked), *refused)


class Chosen(Criterion):
    """Some of a found set: the first fact, the latest, those of the latest day, or of the n-th different day."""

    def __init__(self, of: Criterion, which: str, choose: Callable[[Sequence[Item]], Sequence[Item]]) -> None:
        self.inner, self.bound, self._which, self._choose = (of,), of.bound, which, choose

    def find(self, asked: Asked) -> Found:
        found = self.inner[0].find(asked)
        return tuple(self._choose(found)) or None if found else None

    def words(self, asked: Asked | None = None) -> str:
        return f"{self._which} of {self.inner[0].words(asked)}"

    def lacks(self, asked: Asked) -> tuple[Missing, ...]:
        return super().lacks(asked) if self.inner[0].find(asked) else self.inner[0].lacks(asked)


def first(found: Sequence[Item]) -> Sequence[Item]:
    """The first fact, by its start: by the clock where it was told."""
    return (min(found, key=lambda item: (item.first, item.start or DAWN, item.id)),)


def latest(found: Sequence[Item]) -> Sequence[Item]:
    """The latest fact, by its end: by the clock where it was told; then by its start."""
    return (max(found, key=lambda item: (item.last, item.end or DAWN, item.first, item.id)),)


def latest_day(found: Sequence[Item]) -> Sequence[Item]:
    """All facts of the latest day: results are dated by the end of their time."""
    day = max(item.last for item in found)
    return [item for item in found if item.last == day]


def nth_day(number: int) -> Callable[[Sequence[Item]], Sequence[Item]]:
    """All facts of the n-th different day."""

    def choose(found: Sequence[Item]) -> Sequence[Item]:
        days = sorted({item.first for item in found})
        return [item for item in found if item.first == days[number - 1]] if len(days) >= number else ()

    return choose


Limit = tuple[str, str, str, Callable[[float], bool]]
"""A part's value set ("value" for the result's own number), its name, the limits in words, and the test."""


class ReadingOf(Criterion):
    """Numbers of one day: the lowest or highest of each part, which may come from different readings."""

    def __init__(self, of: Criterion, pick: Literal["lowest", "highest"], limits: Sequence[Limit]) -> None:
        self.inner, self.bound = (of,), of.bound
        self._pick, self._limits = (min if pick == "lowest" else max), limits
        self._name = pick

    def find(self, asked: Asked) -> Found:
        found = self.inner[0].find(asked)
        if not found:
            return None
        for part, _, _, holds in self._limits:
            numbers = [number for item in found for number in numbers_of(item, part)]
            if not numbers or not holds(self._pick(numbers)):
                return None
        return found

    def words(self, asked: Asked | None = None) -> str:
        limits = " and ".join(f"the {self._name} {part} {said}" for _, part, said, _ in self._limits)
        return f"{limits}, in {self.inner[0].words(asked)}"

    def lacks(self, asked: Asked) -> tuple[Missing, ...]:
        found = self.inner[0].find(asked)
        if not found:
            return self.inner[0].lacks(asked)
        until, days = _until(self.closes(asked)), either(sorted({day_in_words(item.last) for item in found}))
        return tuple(
            Missing(f"the {self._name} {name} {said}: {f'{self._pick(seen):g} on {days}' if seen else 'none'}", until)
            for part, name, said, holds in self._limits
            for seen in ([number for item in found for number in numbers_of(item, part)],)
            if not seen or not holds(self._pick(seen))
        )


def numbers_of(item: Item, part: str) -> Iterator[float]:
    """The numbers that a result states for a part."""
    if part == "value":
        if item.number is not None:
            yield item.number
        return
    if part in item.sets and item.number is not None:
        yield item.number
    for reading in item.parts:
        if part in reading.sets and reading.number is not None:
            yield reading.number


class CoveredDays(Criterion):
    """Days' supply: so many covered days of a window, or such a share of them in percent."""

    def __init__(
        self,
        of: Criterion,
        window: Window,
        away: Criterion | None,
        days: int | None,
        percent: float | None,
        *,
        shift: bool,
    ) -> None:
        self.inner = (of, away) if away else (of,)
        self.bound = window.bound or _any_bound(self.inner)
        self._of, self._window, self._away, self._shift = of, window, away, shift
        self._days, self._percent = days, percent

    def measured(self, asked: Asked) -> tuple[int, int]:
        """(covered days, days that count) of the window; worked out once, for the answer and for the share."""
        found = asked.numbers.get(id(self))
        if found is None:
            found = asked.numbers[id(self)] = self._measured(asked)
        return found

    def _measured(self, asked: Asked) -> tuple[int, int]:
        spans = self._window.spans(asked)
        if not spans:
            return 0, 0
        start, end = spans[0]
        stays = (self._away.find(asked) or ()) if self._away else ()
        # A day in bed begins with the admission; the day of discharge is a day at home.
        away = {day for stay in stays for day in range(max(stay.first, start), min(stay.last - 1, end) + 1)}
        return covered(self._of.find(asked) or (), start, end, away, shift=self._shift)

    def find(self, asked: Asked) -> Found:
        done, days = self.measured(asked)
        enough = (
            done >= self._days if self._days is not None else days > 0 and done * 100 >= (self._percent or 0) * days
        )
        return (self._of.find(asked) or NOTHING) if enough else None

    def share(self, asked: Asked) -> float | None:
        """The covered share of the days that count; None when none does."""
        done, days = self.measured(asked)
        return done / days if days else None

    def closes(self, asked: Asked) -> int:
        return self._window.last(asked)

    def words(self, asked: Asked | None = None) -> str:
        least = f"{self._days} days" if self._days is not None else f"{self._percent:g} % of days"
        so_far = "{} of {} so far, ".format(*self.measured(asked)) if asked else ""
        return f"at least {least} covered, {so_far}{_within(self._window, asked)}, by {self._of.words(asked)}"


class Aged(Criterion):
    """So many whole years old on a day."""

    cost = 0

    def __init__(self, lowest: int | None, highest: int | None, at: Moment) -> None:
        self._lowest, self._highest, self._at, self.bound = lowest, highest, at, at.bound

    def find(self, asked: Asked) -> Found:
        born = asked.index.person.born
        if born is None:
            return None
        for day in self._at.on(asked):
            age = years(born, day)
            if (self._lowest is None or age >= self._lowest) and (self._highest is None or age <= self._highest):
                return NOTHING
        return None

    def words(self, asked: Asked | None = None) -> str:
        if self._highest is None:
            ages = f"{self._lowest} or older"
        else:
            ages = f"{self._highest} or younger" if self._lowest is None else f"{self._lowest} to {self._highest}"
        days = [day_in_words(day) for day in self._at.on(asked)] if asked else []
        return f"aged {ages} on {either(days) or self._at.words}"


def years(born: date, day: int) -> int:
    """Whole years old on a day."""
    at = date.fromordinal(day)
    return at.year - born.year - ((at.month, at.day) < (born.month, born.day))


class OfSex(Criterion):
    """The person's sex."""

    cost = 0

    def __init__(self, codes: frozenset[str]) -> None:
        self._codes = codes

    def find(self, asked: Asked) -> Found:
        return NOTHING if asked.index.person.sex in self._codes else None

    def words(self, _asked: Asked | None = None) -> str:
        return f"of sex {either(sorted(self._codes))}"


class Died(Criterion):
    """Died in a window."""

    cost = 0

    def __init__(self, window: Window) -> None:
        self._window, self.bound = window, window.bound

    def find(self, asked: Asked) -> Found:
        day = asked.index.person.died
        if day is None:
            return None
        return NOTHING if any(a <= day <= b for a, b in self._window.spans(asked)) else None

    def closes(self, asked: Asked) -> int:
        return self._window.last(asked)

    def words(self, asked: Asked | None = None) -> str:
        return f"a death {_within(self._window, asked)}"


class Lasts(Criterion):
    """The length of the unit, or of a window, in days from the first to the last, both counted."""

    cost = 0

    def __init__(self, of: Window, below: int | None, at_least: int | None) -> None:
        self._of, self._below, self._at_least, self.bound = of, below, at_least, of.bound

    def find(self, asked: Asked) -> Found:
        for start, end in self._of.spans(asked):
            days = end - start + 1
            if (self._below is None or days < self._below) and (self._at_least is None or days >= self._at_least):
                return NOTHING
        return None

    def words(self, asked: Asked | None = None) -> str:
        least = f"at least {self._at_least}" if self._at_least is not None else f"fewer than {self._below}"
        return f"{least} days {_within(self._of, asked)}"


class Enrolled(Criterion):
    """Covered without holes, or with so many, by the plan that covers the unit's last day."""

    cost = 0

    def __init__(self, window: Window, gaps: int, gap_days: int) -> None:
        self._window, self._gaps, self._gap_days, self.bound = window, gaps, gap_days, True

    def find(self, asked: Asked) -> Found:
        person = asked.index.person
        anchor = asked.unit.last if asked.unit else asked.period.last
        plan = person.plan_on(anchor)
        spans = [(s.first, s.last) for s in person.spans if not plan or s.mcp_id == plan]
        return NOTHING if any(self._holds(spans, start, end) for start, end in self._window.spans(asked)) else None

    def _holds(self, spans: Sequence[tuple[int, int]], start: int, end: int) -> bool:
        holes, day = 0, start
        for first_day, last_day in sorted(spans):
            if last_day < day:
                continue
            if first_day > end:
                break
            if first_day > day:
                holes += 1
                if first_day - day > self._gap_days:
                    return False
            day = last_day + 1
        if day <= end:
            holes += 1
            if end - day + 1 > self._gap_days:
                return False
        return holes <= self._gaps

    def closes(self, asked: Asked) -> int:
        return self._window.last(asked)

    def words(self, asked: Asked | None = None) -> str:
        holes = "1 gap" if self._gaps == 1 else f"{self._gaps} gaps"
        gaps = f"with at most {holes} of up to {self._gap_days} days" if self._gaps else "without a gap"
        return f"covered by one plan {_within(self._window, asked)} {gaps}"


class OwnFacts(Criterion):
    """A clause about the unit's own facts."""

    cost, bound = 1, True

    def __init__(self, kind: str, sets: frozenset[str], narrows: Sequence[Narrow]) -> None:
        self._kind, self._sets, self._narrows = kind, sets, narrows

    def find(self, asked: Asked) -> Found:
        own: Sequence[Item] = asked.unit.facts if asked.unit else ()
        if self._kind:
            own = [item for item in own if item.kind in EITHER.get(self._kind, (self._kind,))]
        if self._sets:
            own = [item for item in own if not self._sets.isdisjoint(item.sets)]
        for narrow in self._narrows:
            own = narrow.keep(own, asked)
        return tuple(own) or None

    def words(self, asked: Asked | None = None) -> str:
        return ", ".join(["that it is itself", *(narrow.told(asked) for narrow in self._narrows)])


class Tagged(Criterion):
    """What the builder said of the unit."""

    cost, bound = 0, True

    def __init__(self, tag: str) -> None:
        self._tag = tag

    def find(self, asked: Asked) -> Found:
        return asked.unit.facts if asked.unit and self._tag in asked.unit.tags else None

    def closes(self, asked: Asked) -> int:
        return asked.unit.closes if asked.unit else PAST

    def words(self, _asked: Asked | None = None) -> str:
        return f"that it is {self._tag.replace('-', ' ')}"


def _united(found: Sequence[Item]) -> tuple[Item, ...]:
    if len(found) < 2:
        return tuple(found)
    return tuple(sorted({id(item): item for item in found}.values(), key=in_order))


def _enough(found: Sequence[Item], at_least: int, different_days: bool) -> Found:
    if not found:
        return None
    if at_least > 1:
        number = len({item.first for item in found}) if different_days else len(found)
        if number < at_least:
            return None
    return tuple(found)


def age_bands(born: date | None, day: int) -> str:
    """The age band of equity reports: 0-17, 18-64, 65+."""
    if born is None:
        return "unknown"
    age = years(born, day)
    return "0-17" if age < 18 else "18-64" if age < 65 else "65+"
