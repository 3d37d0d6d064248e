"""Populations as reports count them: raw, so that the denominator keeps the units that were excluded.

A `Contribution` has exclusions taken out already; here they are put back.
"""

from collections import defaultdict
from collections.abc import Iterable
from fractions import Fraction

import msgspec

from models.measure import Contribution, is_provisional
from services.measures.verdicts import Population
from services.reporting.heading import Heading


class Row(msgspec.Struct, frozen=True):
    """A contribution, and the subject it is of: a member, or a provider's files to a plan."""

    subject: str
    contribution: Contribution


class Populations(msgspec.Struct, frozen=True):
    """Raw counts; `provisional` says how many units of the initial population may still change."""

    initial_population: int = 0
    denominator: int = 0
    exclusion: int = 0
    exception: int = 0
    numerator: int = 0
    provisional: int = 0

    def __add__(self, other: "Populations") -> "Populations":
        mine, others = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        return Populations(*(a + b for a, b in zip(mine, others, strict=True)))

    @property
    def rate(self) -> Fraction | None:
        """The net rate: exclusions and exceptions are out of the denominator. None when nothing is left in it."""
        left = self.denominator - self.exclusion - self.exception
        return Fraction(self.numerator, left) if left > 0 else None

    def of(self, population: Population) -> int:
        """The count of a population."""
        match population:
            case "initial-population":
                return self.initial_population
            case "denominator":
                return self.denominator
            case "denominator-exclusion":
                return self.exclusion
            case "denominator-exception":
                return self.exception
            case "numerator":
                return self.numerator


def raw(contribution: Contribution, heading: Heading) -> Populations:
    """One contribution, its exclusions put back into the denominator."""
    return Populations(
        contribution.initial_population,
        contribution.denominator + contribution.exclusion,
        contribution.exclusion,
        contribution.exception,
        contribution.numerator,
        int(is_provisional(contribution, heading.today)),
    )


def count(rows: Iterable[Row], heading: Heading) -> Populations:
    """Add rows up."""
    return sum((raw(row.contribution, heading) for row in rows), Populations())


def by_stratum(rows: Iterable[Row], heading: Heading) -> dict[tuple[str, str], Populations]:
    """Rows added up for each (kind, value) of a stratum, in order of both."""
    found: dict[tuple[str, str], Populations] = defaultdict(Populations)
    for row in rows:
        counted = raw(row.contribution, heading)
        for stratum in row.contribution.strata:
            found[stratum] += counted
    return dict(sorted(found.items()))
