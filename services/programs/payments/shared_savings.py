"""Shared savings, and shared risk: cost against a benchmark, with quality as the gate.

    saving = benchmark - cost;  earned = share x saving when the gate is met and saving >= minimum rate x benchmark
    loss = cost - benchmark;    owed = risk share x loss when loss >= its minimum rate x benchmark
    caps are percents of the benchmark

Source: care-rules 3.3.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from models.page_words import Filled, Strict
from services.programs.amounts import Percent, dollars, plain
from services.programs.inputs import Inputs
from services.programs.pages import Head
from services.programs.payments.payment import Model, Payment, Rung
from services.programs.payments.sharing import Judged, lines
from services.programs.payments.withhold import TargetMeasure, judged

NOTHING = Fraction(0)


class SidePage(Strict):
    """`savings:` or `risk:` the percent shared, from what part of the benchmark on, and at most what part of it."""

    share_percent: Percent
    minimum_percent: Percent = NOTHING
    cap_percent: Percent | None = None


class QualityPage(Strict):
    """`quality_gate:` how many targets must be met before savings are shared."""

    met: Annotated[int, Field(ge=0)]


class SharedSavingsPage(Head):
    """A page of this model."""

    savings: SidePage
    risk: SidePage | None = None
    quality_gate: QualityPage | None = None
    measures: Filled[TargetMeasure] | None = None

    @property
    def lines(self) -> tuple[TargetMeasure, ...]:
        return self.measures or ()


def compute(page: SharedSavingsPage, inputs: Inputs) -> Payment:
    """What is shared; less than nothing where it is owed."""
    targets = judged(page.lines, inputs)
    benchmark, cost = inputs.amount("benchmark"), inputs.amount("cost")
    if benchmark is None or cost is None:
        missing = "benchmark and cost must both be stated for this period: load them as program_inputs"
        return Payment(NOTHING, lines(targets, NOTHING), because=(missing,))
    saving = benchmark - cost
    shared = _shared(page.savings, saving, benchmark)
    owed = _shared(page.risk, -saving, benchmark) if page.risk else NOTHING
    met, wanted = sum(one.met is True for one in targets), page.quality_gate.met if page.quality_gate else 0
    earned = (shared if met >= wanted else NOTHING) - owed
    details = {"saving": saving, "owed": owed}
    rung = Rung(Fraction(wanted), shared) if met < wanted else None
    because = tuple(_told(page, benchmark, cost, targets, earned))
    return Payment(earned, lines(targets, max(earned, NOTHING)), Fraction(met), rung, details, because)


def _shared(side: SidePage, amount: Fraction, benchmark: Fraction) -> Fraction:
    """The share of a saving or a loss."""
    if amount <= 0 or amount < side.minimum_percent * benchmark:
        return NOTHING
    share = side.share_percent * amount
    return share if side.cap_percent is None else min(share, side.cap_percent * benchmark)


def _told(
    page: SharedSavingsPage, benchmark: Fraction, cost: Fraction, targets: list[Judged], earned: Fraction
) -> Iterator[str]:
    yield f"cost {dollars(cost)} against a benchmark of {dollars(benchmark)}: {dollars(benchmark - cost)} saved"
    if benchmark > cost and benchmark - cost < page.savings.minimum_percent * benchmark:
        yield f"less than the minimum of {plain(page.savings.minimum_percent * 100)} percent: nothing is shared"
    if page.quality_gate:
        met = sum(one.met is True for one in targets)
        yield f"{met} of {len(targets)} targets met; {page.quality_gate.met} open the quality gate"
    yield f"{dollars(-earned)} is owed" if earned < 0 else f"{dollars(earned)} is earned"


MODEL = Model("shared_savings", SharedSavingsPage, compute, frozenset({"amounts"}))
