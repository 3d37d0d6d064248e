"""What a measure says of one unit: its populations, as counted, and whom the count belongs to; and sums of such."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Literal

import msgspec

from models.owner import Owner


class Contribution(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One unit in the initial population of a measure, for one period.

    The counts are those of `members --json`: exclusions are out of `denominator` and `numerator`. Evidence is not kept
    here: deriving again gives it (`explain`).

    Args:
        measure, version: the page. period: `2025`.
        unit: a key that does not move when the unit grows.
        value: the number of a measure that has one (PDC), or the counted events of one that counts.
        first, last: the unit's local days. closes_on: the last local day on which any asked population can change.
        owner: who answers for it (attribution), on the unit's last day.
        strata: sorted (kind, value) pairs: `age_band`, `pof`, `language`, `race_ethnicity`.
    """

    measure: str
    version: str
    period: str
    unit: str
    initial_population: int
    denominator: int
    exclusion: int
    exception: int
    numerator: int
    value: float | None
    first: date
    last: date
    closes_on: date
    owner: Owner
    strata: tuple[tuple[str, str], ...] = ()

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes it one and the same contribution at all times."""
        return self.measure, self.version, self.period, self.unit


RUN_OUT_DAYS = 90
"""Claims come late: so long after its end a period is not final."""


def last_day(period: str) -> date:
    """The last day of a period, a year (`2025`) or a month (`2025-03`)."""
    year, _, month = period.partition("-")
    number = int(month or 12)
    return date(int(year), number, monthrange(int(year), number)[1])


def in_run_out(period: str, day: date) -> bool:
    """Whether a period, seen on a day, goes on or its claims may still come."""
    return day <= last_day(period) + timedelta(days=RUN_OUT_DAYS)


def is_provisional(contribution: Contribution, day: date) -> bool:
    """Whether a contribution, seen on a day, may still change. Contract: "Provisional"."""
    return day <= contribution.closes_on or in_run_out(contribution.period, day)


class PageInfo(msgspec.Struct, frozen=True):
    """What lists tell of a measure page.

    Args:
        active: it is counted; else `missing_sets` are why not.
        departures: where it does not do what its source says, such as for want of an optional value set.
        per: 1, or 1000 for a rate that is told per thousand. source: document, section, read_on.
    """

    measure: str
    version: str
    label: str = ""
    active: bool = True
    missing_sets: tuple[str, ...] = ()
    departures: tuple[str, ...] = ()
    per: int = 1
    improvement: Literal["increase", "decrease"] = "increase"
    source: dict[str, str] = {}


class CounterKey(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """What a counter counts. Of each contribution one counter has no `kind`, and one each of its strata has it."""

    measure: str
    version: str
    period: str
    mcp_id: str = ""
    ecm_provider_id: str = ""
    lead_cm_id: str = ""
    kind: str = ""
    stratum: str = ""


class Sums(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Contributions added up. Whole numbers, so that counting on and counting anew agree: `value_micros` are the
    values in millionths.
    """

    initial_population: int = 0
    denominator: int = 0
    exclusion: int = 0
    exception: int = 0
    numerator: int = 0
    value_micros: int = 0
    units: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(
            self.initial_population + other.initial_population,
            self.denominator + other.denominator,
            self.exclusion + other.exclusion,
            self.exception + other.exception,
            self.numerator + other.numerator,
            self.value_micros + other.value_micros,
            self.units + other.units,
        )

    def __neg__(self) -> "Sums":
        return Sums(*(-each for each in msgspec.structs.astuple(self)))

    def __bool__(self) -> bool:
        return any(msgspec.structs.astuple(self))


def counters_of(contribution: Contribution) -> Iterator[CounterKey]:
    """The counters that a contribution counts in."""
    owner, page = contribution.owner, (contribution.measure, contribution.version, contribution.period)
    whose = (owner.mcp_id, owner.ecm_provider_id, owner.lead_cm_id)
    yield CounterKey(*page, *whose)
    for kind, stratum in contribution.strata:
        yield CounterKey(*page, *whose, kind, stratum)


def sums_of(contribution: Contribution) -> Sums:
    """What a contribution adds to each of its counters."""
    return Sums(
        contribution.initial_population,
        contribution.denominator,
        contribution.exclusion,
        contribution.exception,
        contribution.numerator,
        round((contribution.value or 0.0) * 1_000_000),
        1,
    )
