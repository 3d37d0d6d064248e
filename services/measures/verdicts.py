"""What a measure says of one unit, population by population, and why: the evidence beside a `Contribution`.

Derived again whenever somebody asks; nothing here is stored.
"""

from datetime import date
from typing import Literal

import msgspec

Population = Literal["initial-population", "denominator", "denominator-exclusion", "denominator-exception", "numerator"]
"""As FHIR calls them.

Source: HL7 terminology, code system `measure-population`.
"""

Status = Literal["open", "closed", "final", "retracted"]
"""Windows may still change it; they are over; the run-out is over, too; the unit is gone."""


class Because(msgspec.Struct, frozen=True, gc=False):
    """A fact that made a criterion true.

    Args:
        kind, id: what it is (`stay`, `claim:C1`, `Observation/bp1`). day: its local day, None when it has none.
        definition: the name in the page that it satisfied. names: the messages that told it.
    """

    kind: str
    id: str
    day: date | None = None
    definition: str = ""
    names: tuple[str, ...] = ()


class Missing(msgspec.Struct, frozen=True):
    """What would make a failing criterion true, as a sentence, and the last local day on which it still would.

    `alternatives` stand side by side: any one of them is enough.
    """

    sentence: str
    until: date | None = None
    alternatives: tuple["Missing", ...] = ()


class Near(msgspec.Struct, frozen=True, gc=False):
    """A fact that was seen and not counted, with the first filter that refused it."""

    kind: str
    id: str
    day: date | None
    reason: str


class Verdict(msgspec.Struct, frozen=True):
    """What one population says of a unit.

    Args:
        met: None when it was not asked, as a numerator without denominator.
        closes_on: the last local day on which any of its windows can still change it; None when none can.
    """

    population: Population
    met: bool | None
    because: tuple[Because, ...] = ()
    missing: tuple[Missing, ...] = ()
    near: tuple[Near, ...] = ()
    closes_on: date | None = None


class UnitResult(msgspec.Struct, frozen=True):
    """One unit of a measure in a period, with its verdicts in the order in which populations are asked."""

    measure: str
    version: str
    period: str
    unit: str
    first: date
    last: date
    verdicts: tuple[Verdict, ...]
    status: tuple[tuple[Population, Status], ...] = ()

    def verdict(self, population: Population) -> Verdict | None:
        """What a population says; None for one that the measure lacks."""
        return next((each for each in self.verdicts if each.population == population), None)

    def status_of(self, population: Population) -> Status:
        """How settled a population is; `open` when nothing is said."""
        return dict(self.status).get(population, "open")
