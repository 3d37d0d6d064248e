"""Goals that can also be met by improving: a part of the gap between last year and the goal is cut.

    improvement target = base + gap share x (goal - base), at least the minimum step from base; mirrored where less is
    better. Met by the goal or by the improvement target, whichever is nearer.
    earned = percent x capitation x share

Source: care-rules 3.3 (Oregon). The base is the input `prior_rate:<measure>`.
"""

from collections.abc import Iterator
from fractions import Fraction

from models.page_words import Filled
from services.programs.amounts import Amount, Number, Percent, Share, dollars, plain
from services.programs.inputs import Inputs
from services.programs.pages import Head, MeasurePage
from services.programs.payments.payment import Model, Payment
from services.programs.payments.sharing import Judged, Returned, ReturnedPage, lines, meets, returned
from services.programs.words import EmptyRate


class GoalMeasure(MeasurePage):
    """A measure, its goal, and the smallest step that counts as improvement."""

    goal: Number
    minimum_step: Amount | None = None


class ImprovementTargetPage(Head):
    """A page of this model."""

    percent: Percent
    gap_share: Share = Fraction(1, 10)
    returned: ReturnedPage = ReturnedPage(form="proportional")
    empty_rate: EmptyRate = "zero"
    measures: Filled[GoalMeasure]

    @property
    def lines(self) -> tuple[GoalMeasure, ...]:
        return self.measures


def target(line: GoalMeasure, base: Fraction | None, gap_share: Fraction) -> Fraction:
    """The rate at which a measure is met: the goal, unless improving enough comes first."""
    if base is None:
        return line.goal
    sign = -1 if line.lower else 1
    gap = sign * (line.goal - base)
    step = max(gap_share * gap, line.minimum_step or Fraction(0))
    return line.goal if step >= gap else base + sign * step


def compute(page: ImprovementTargetPage, inputs: Inputs) -> Payment:
    """What is earned by goals and improvement."""
    targets = [_judged(line, inputs, page.gap_share) for line in page.measures]
    share = returned(page.returned, targets, page.empty_rate)
    capitation = inputs.amount("capitation")
    pool = page.percent * (capitation or 0)
    earned = pool * share.share
    because = tuple(_told(page, inputs, targets, share, pool))
    return Payment(earned, lines(targets, earned), Fraction(share.met), share.rung(pool), {"pool": pool}, because)


def _judged(line: GoalMeasure, inputs: Inputs, gap_share: Fraction) -> Judged:
    wanted = target(line, inputs.amount(f"prior_rate:{line.measure}"), gap_share)
    return Judged(line.measure, wanted, meets(inputs.rate(line.measure), wanted, lower=line.lower))


def _told(
    page: ImprovementTargetPage, inputs: Inputs, targets: list[Judged], share: Returned, pool: Fraction
) -> Iterator[str]:
    for line, one in zip(page.measures, targets, strict=True):
        base = inputs.amount(f"prior_rate:{line.measure}")
        before = "no rate of last year is stated" if base is None else f"last year {plain(base)}"
        met = "undefined" if one.met is None else "met" if one.met else "not met"
        yield f"{line.measure}: {before}, goal {plain(line.goal)}, to reach {plain(one.target or line.goal)}: {met}"
    if inputs.amount("capitation") is None:
        yield "no capitation is stated for this period: load it as program_inputs"
    yield f"{share.met} of {share.counted} met earn {plain(share.share * 100)} percent of {dollars(pool)}"


MODEL = Model("improvement_target", ImprovementTargetPage, compute, frozenset({"amounts"}))
