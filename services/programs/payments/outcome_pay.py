"""Pay for an outcome, as for community organizations: less use of the emergency department than before.

    avoided = (baseline rate - rate) x member-months / 1000
    per_avoided_visit:  amount x avoided          per_percent:  amount x percent by which the rate fell
    nothing below the minimum reduction; never more than the cap

Source: care-rules 3 (outcome-linked contracts). The baseline rate is the input `benchmark:<measure>`.
"""

from fractions import Fraction

from models.page_words import Filled
from services.programs.amounts import Amount, Percent, dollars, plain
from services.programs.inputs import Inputs, Rate
from services.programs.pages import Head, MeasurePage
from services.programs.payments.payment import Line, Model, Payment

NOTHING = Fraction(0)


class OutcomeMeasure(MeasurePage):
    """What is counted, and paid for when it does not happen."""

    @property
    def lower(self) -> bool:
        return True


class OutcomePage(Head):
    """A page of this model: one measure of which less is better, and an amount for either unit."""

    per_avoided_visit: Amount | None = None
    per_percent: Amount | None = None
    minimum_percent: Percent = NOTHING
    cap: Amount | None = None
    measures: Filled[OutcomeMeasure]

    @property
    def lines(self) -> tuple[OutcomeMeasure, ...]:
        return self.measures


def compute(page: OutcomePage, inputs: Inputs) -> Payment:
    """What is earned by what did not happen."""
    measure = page.measures[0].measure
    rate, baseline = inputs.rate(measure), inputs.amount(f"benchmark:{measure}")
    if rate.value is None or not baseline:
        missing = "no denominator yet" if rate.value is None else f"no input benchmark:{measure} is stated"
        return Payment(NOTHING, (Line(measure, NOTHING, target=baseline),), because=(f"{measure}: {missing}",))
    reduction, avoided = (baseline - rate.value) / baseline, _avoided(rate, baseline)
    earned = _earned(page, reduction, avoided)
    line = Line(measure, earned, target=baseline, met=reduction > 0)
    because = (
        f"{measure}: {rate}, which is {plain(rate.value)} against a baseline of {plain(baseline)}",
        f"{plain(avoided)} visits avoided, {plain(reduction * 100)} percent: {dollars(earned)}",
    )
    return Payment(earned, (line,), because=because)


def _avoided(rate: Rate, baseline: Fraction) -> Fraction:
    return (baseline - (rate.value or NOTHING)) * rate.base / rate.per


def _earned(page: OutcomePage, reduction: Fraction, avoided: Fraction) -> Fraction:
    if reduction <= 0 or reduction < page.minimum_percent:
        return NOTHING
    earned = (page.per_avoided_visit or NOTHING) * avoided + (page.per_percent or NOTHING) * reduction * 100
    return earned if page.cap is None else min(earned, page.cap)


MODEL = Model("outcome_pay", OutcomePage, compute, frozenset({"amounts"}))
