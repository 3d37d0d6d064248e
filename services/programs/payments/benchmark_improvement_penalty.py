"""A bonus on benchmarks, a bonus on improvement, and a penalty for what is far below, each a percent of capitation.

    for each of n measures:  benchmark percent / n when the benchmark is reached
                             improvement percent / n when better than last year
                             - penalty percent when below the penalty's mark
    the mark, by its wording: fraction_of_benchmark (a fraction of the benchmark) or percentile (a stated rate, `p50`)

Source: care-rules 3.3 (Pennsylvania). The rate of last year is the input `prior_rate:<measure>`.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Literal

import msgspec

from models.page_words import Filled, Strict, one_of
from services.programs.amounts import Number, Percent, Share, dollars, plain
from services.programs.inputs import Inputs
from services.programs.pages import Head, MeasurePage
from services.programs.payments.payment import Line, Model, Payment
from services.programs.payments.sharing import meets
from services.programs.words import EmptyRate

Wording = Literal["fraction_of_benchmark", "percentile"]
NOTHING = Fraction(0)


class BenchmarkMeasure(MeasurePage):
    """A measure, its national benchmark, and the median of all plans (for the penalty worded as a percentile)."""

    benchmark: Number
    p50: Number | None = None


class PenaltyPage(Strict):
    """`penalty:` percents taken for each measure below the mark."""

    percent: Percent
    wording: Annotated[Wording, one_of(Wording)]
    fraction: Share = Fraction(1, 2)


class BenchmarkPage(Head):
    """A page of this model."""

    benchmark_percent: Percent
    improvement_percent: Percent
    penalty: PenaltyPage | None = None
    empty_rate: EmptyRate = "zero"
    measures: Filled[BenchmarkMeasure]

    @property
    def lines(self) -> tuple[BenchmarkMeasure, ...]:
        return self.measures


class Standing(msgspec.Struct, frozen=True):
    """How one measure stands; all three are None or false while its rate is undefined."""

    measure: BenchmarkMeasure
    reached: bool | None
    improved: bool
    penalized: bool


def compute(page: BenchmarkPage, inputs: Inputs) -> Payment:
    """What is earned, less penalties."""
    capitation = inputs.amount("capitation")
    standings = [_standing(page, line, inputs) for line in page.measures]
    counted = [one for one in standings if page.empty_rate == "zero" or one.reached is not None]
    sums = {
        "benchmark": sum((_bonus(page, one, len(counted))[0] for one in counted), NOTHING) * (capitation or 0),
        "improvement": sum((_bonus(page, one, len(counted))[1] for one in counted), NOTHING) * (capitation or 0),
        "penalty": sum((_penalty(page, one) for one in counted), NOTHING) * (capitation or 0),
    }
    lines = tuple(_line(page, one, len(counted), capitation or NOTHING) for one in standings)
    because = tuple(_told(standings, inputs, capitation, sums))
    return Payment(sums["benchmark"] + sums["improvement"] - sums["penalty"], lines, details=sums, because=because)


def _standing(page: BenchmarkPage, line: BenchmarkMeasure, inputs: Inputs) -> Standing:
    rate = inputs.rate(line.measure)
    prior = inputs.amount(f"prior_rate:{line.measure}")
    improved = rate.value is not None and prior is not None and rate.value != prior
    improved = improved and bool(meets(rate, prior or NOTHING, lower=line.lower))
    mark = _mark(page, line)
    penalized = mark is not None and rate.value is not None and not meets(rate, mark, lower=line.lower)
    return Standing(line, meets(rate, line.benchmark, lower=line.lower), improved, penalized)


def _mark(page: BenchmarkPage, line: BenchmarkMeasure) -> Fraction | None:
    """The rate below which (above, where less is better) a measure is penalized."""
    if page.penalty is None:
        return None
    if page.penalty.wording == "percentile":
        return line.p50
    if line.lower:
        return line.benchmark / page.penalty.fraction if page.penalty.fraction else None
    return line.benchmark * page.penalty.fraction


def _bonus(page: BenchmarkPage, one: Standing, counted: int) -> tuple[Fraction, Fraction]:
    reached = page.benchmark_percent / counted if one.reached else NOTHING
    return reached, page.improvement_percent / counted if one.improved else NOTHING


def _penalty(page: BenchmarkPage, one: Standing) -> Fraction:
    return page.penalty.percent if page.penalty and one.penalized else NOTHING


def _line(page: BenchmarkPage, one: Standing, counted: int, capitation: Fraction) -> Line:
    percent = sum(_bonus(page, one, counted)) - _penalty(page, one) if counted else NOTHING
    score = None if one.reached is None else Fraction(one.reached)
    return Line(one.measure.measure, percent * capitation, None, score, one.measure.benchmark, one.reached)


def _told(
    standings: list[Standing], inputs: Inputs, capitation: Fraction | None, sums: dict[str, Fraction]
) -> Iterator[str]:
    for one in standings:
        if one.reached is None:
            yield f"{one.measure.measure}: no denominator yet"
            continue
        said = "benchmark reached" if one.reached else f"below the benchmark of {plain(one.measure.benchmark)}"
        said += ", better than last year" if one.improved else ""
        said += ", penalized" if one.penalized else ""
        yield f"{one.measure.measure}: {inputs.rate(one.measure.measure)}, {said}"
    if capitation is None:
        yield "no capitation is stated for this period: load it as program_inputs"
    yield ", ".join(f"{name} {dollars(amount)}" for name, amount in sums.items())


MODEL = Model("benchmark_improvement_penalty", BenchmarkPage, compute, frozenset({"amounts"}))
