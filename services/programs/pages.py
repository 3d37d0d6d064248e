"""What all program pages have in common: the head, measures, and the cases by which a page proves itself.

The rest of a page is its model's: see `services/programs/payments/`, one module each.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BeforeValidator, Field

from models.page_words import EffectivePage, Filled, SourcePage, Strict, Text
from services.programs.amounts import Amount, Number, exact
from services.programs.inputs import FileWord, Rate
from services.programs.words import Attributed, FileMonth, Month, Period


class PartiesPage(Strict):
    """`parties:` who pays whom. `provider` is an ECM provider, `any` for each of them, left out for the whole plan."""

    mcp_id: Text
    provider: Text | None = None


_COUNTS = re.compile(r"(\d{1,12})/(\d{1,12})(?: per (1|1000))?", re.ASCII)


def _stated(value: object) -> Rate:
    """`"0.80"`, or counts: `16/20`, `66/1000 per 1000`."""
    if match := _COUNTS.fullmatch(value) if isinstance(value, str) else None:
        return Rate.of(int(match[1]), int(match[2]), per=int(match[3] or 1))
    return Rate(exact(value))


class OutreachPage(Strict):
    """The attempts to one prospective member, in a case."""

    attempts: Annotated[int, Field(ge=0)]
    successes: Annotated[int, Field(ge=0)] = 0


class ExpectPage(Strict):
    """`expect:` what must come out, to the cent. What is left out is not asked.

    `details` are a model's further sums, `cost` is by late file (`otf 2025-02`), the others by measure.
    """

    earned: Number | None = None
    at_stake: Amount | None = None
    score: Number | None = None
    details: Mapping[str, Number] = {}
    cost: Mapping[FileMonth, Amount] = {}
    one_more: Mapping[str, Number] = {}
    amounts: Mapping[str, Number] = {}
    targets: Mapping[str, Number] = {}
    met: Mapping[str, bool] = {}
    events: Mapping[str, int] = {}


class CasePage(Strict):
    """One of `cases:`. Rates are stated or counted; files are on time unless they are `late` or `pending`."""

    name: Text | None = None
    eligible: Mapping[Month, int] = {}
    late: Sequence[FileMonth] = ()
    pending: Sequence[FileMonth] = ()
    rates: Mapping[str, Annotated[Rate, BeforeValidator(_stated)]] = {}
    inputs: Mapping[str, Number] = {}
    engaged: Mapping[Month, int] = {}
    outreach: Sequence[OutreachPage] = ()
    expect: ExpectPage


class MeasurePage(Strict):
    """One of `measures:`."""

    measure: Text
    lower_is_better: bool = False

    @property
    def lower(self) -> bool:
        """Less is better, as for visits to the emergency department."""
        return self.lower_is_better


class Head(Strict):
    """The head of every program."""

    program: Text
    version: Text
    label: Text | None = None
    effective: EffectivePage
    source: SourcePage
    parties: PartiesPage
    period: Period
    attribution: Attributed = "on_event"
    model: Text
    cases: Filled[CasePage]

    @property
    def lines(self) -> Sequence[MeasurePage]:
        """The measures that it pays for."""
        return ()

    @property
    def measure_ids(self) -> tuple[str, ...]:
        """Their ids."""
        return tuple(line.measure for line in self.lines)

    @property
    def files(self) -> tuple[FileWord, ...]:
        """The files whose receipt is a gate."""
        return ()

    @property
    def eligible_in(self) -> tuple[FileWord, tuple[str, ...]] | None:
        """The file and the statuses by which eligible members are counted; None where nobody counts them."""
        return None
