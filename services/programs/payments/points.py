"""Model B: points by measure, a percent by points.

    score = sum of points x f(rate)        step: 1 when the target is reached; linear: from floor (0) to target (1)
    rescale: x 100 / sum of the points that can be scored
    earned = percent of the tier (and of the stretch) x what the bonus is a percent of

Source: care-rules 3.2.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from models.page_words import Filled, Strict, one_of
from services.programs.amounts import Amount, Number, Percent, dollars, plain
from services.programs.inputs import Inputs
from services.programs.pages import Head, MeasurePage
from services.programs.payments.payment import Line, Model, Payment, Rung
from services.programs.words import EmptyRate

Form = Literal["step", "linear"]
Of = Literal["reimbursement", "capitation"]
NOTHING = Fraction(0)


class PointsMeasure(MeasurePage):
    """A measure and the points that it can bring."""

    points: Amount
    form: Annotated[Form, one_of(Form)]
    target: Number
    floor: Number | None = None

    @property
    def lower(self) -> bool:
        return self.lower_is_better or (self.floor is not None and self.floor > self.target)

    def scored(self, value: Fraction) -> Fraction:
        """0 to 1."""
        if self.floor is None:
            return Fraction(value <= self.target if self.lower else value >= self.target)
        return min(max((value - self.floor) / (self.target - self.floor), NOTHING), Fraction(1))


class TierPage(Strict):
    """From so many points on, so many percent."""

    from_: Annotated[Amount, Field(alias="from")]
    percent: Percent


class BonusPage(Strict):
    """`bonus:` what the percents are of: a stated sum of the period, or a fixed one (100 percent pays all of it)."""

    percent_of: Annotated[Of, one_of(Of)] | None = None
    fixed: Amount | None = None


class StretchPage(Strict):
    """`stretch:` percents on top, from a score on."""

    score: Amount
    add_percent: Percent


class PointsPage(Head):
    """A page of model B."""

    rescale: bool = False
    empty_rate: EmptyRate = "neutral"
    measures: Filled[PointsMeasure]
    tiers: Filled[TierPage]
    bonus: BonusPage
    stretch: StretchPage | None = None

    @property
    def lines(self) -> tuple[PointsMeasure, ...]:
        return self.measures


def compute(page: PointsPage, inputs: Inputs) -> Payment:
    """What is earned by points."""
    scale = _scale(page, inputs)
    points = {line.measure: _points(line, inputs) for line in page.measures}
    score = scale * sum((earned or NOTHING for earned in points.values()), NOTHING)
    percent, base = _percent(page, score), _base(page, inputs)
    earned = percent * (base or NOTHING)
    lines = tuple(_line(line, points[line.measure], score, scale, earned) for line in page.measures)
    because = (*_told(lines, inputs, scale), *_sum(page, score, percent, base, earned))
    return Payment(earned, lines, score, _rung(page, score, percent, base or NOTHING), because=because)


def _points(line: PointsMeasure, inputs: Inputs) -> Fraction | None:
    value = inputs.rate(line.measure).value
    return line.points * line.scored(value) if value is not None else None


def _scale(page: PointsPage, inputs: Inputs) -> Fraction:
    if not page.rescale:
        return Fraction(1)
    scorable = (
        line.points
        for line in page.measures
        if page.empty_rate == "zero" or inputs.rate(line.measure).value is not None
    )
    most = sum(scorable, NOTHING)
    return 100 / most if most else Fraction(1)


def _percent(page: PointsPage, score: Fraction) -> Fraction:
    reached = [tier.percent for tier in page.tiers if tier.from_ <= score]
    stretched = page.stretch.add_percent if page.stretch and score >= page.stretch.score else NOTHING
    return (reached[-1] if reached else NOTHING) + stretched


def _base(page: PointsPage, inputs: Inputs) -> Fraction | None:
    return page.bonus.fixed if page.bonus.percent_of is None else inputs.amount(page.bonus.percent_of)


def _rung(page: PointsPage, score: Fraction, percent: Fraction, base: Fraction) -> Rung | None:
    starts = [tier.from_ for tier in page.tiers] + ([page.stretch.score] if page.stretch else [])
    ahead = sorted(start for start in starts if start > score and _percent(page, start) > percent)
    return Rung(ahead[0], (_percent(page, ahead[0]) - percent) * base) if ahead else None


def _line(line: PointsMeasure, points: Fraction | None, score: Fraction, scale: Fraction, earned: Fraction) -> Line:
    share = points / line.points if points is not None and line.points else points
    amount = earned * (points or NOTHING) * scale / score if score else NOTHING
    return Line(line.measure, amount, line.points, share, line.target, None if share is None else share == 1)


def _told(lines: tuple[Line, ...], inputs: Inputs, scale: Fraction) -> Iterator[str]:
    for line in lines:
        most = plain(line.weight or NOTHING)
        if line.score is None:
            yield f"{line.measure}: no denominator yet, 0 of {most} points"
        else:
            got = plain((line.weight or NOTHING) * line.score)
            yield f"{line.measure}: {inputs.rate(line.measure)}, {got} of {most} points"
    if scale != 1:
        yield f"points are rescaled by {plain(scale)}: to 100 over the measures that can be scored"


def _sum(
    page: PointsPage, score: Fraction, percent: Fraction, base: Fraction | None, earned: Fraction
) -> Iterator[str]:
    yield f"{plain(score)} points: {plain(percent * 100)} percent"
    if base is None:
        yield f"no {page.bonus.percent_of} is stated for this period: load it as program_inputs"
    else:
        yield f"{plain(percent * 100)} percent of {dollars(base)}: {dollars(earned)}"


MODEL = Model("points", PointsPage, compute, frozenset({"amounts"}))
