"""Model A: dollars for each eligible member and month whose files came in time, by the rates of measures.

    E = sum of eligible members over the months whose gates are all on time
    proportional:  base x E x sum of weight x score
    threshold:     base x E x sum of weight over the measures whose score reaches its target

Source: care-rules 3.1.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Literal

from models.page_words import Filled, Strict, one_of
from services.programs.amounts import Amount, Number, Share, dollars, plain
from services.programs.inputs import FileWord, Inputs
from services.programs.pages import Head, MeasurePage
from services.programs.payments.payment import Line, Model, Payment
from services.programs.words import GATES, EmptyRate, File, Gated, Status

Form = Literal["proportional", "threshold"]
NOTHING = Fraction(0)


class ScorePage(Strict):
    """`score:` makes a score of a rate that is no share: 0 at one rate, 1 at the other, a line between them."""

    zero_at: Number
    full_at: Number


class GatedMeasure(MeasurePage):
    """A measure, its part of the payment, and the score that it must reach in the threshold form."""

    weight: Share
    target: Number | None = None
    score: ScorePage | None = None

    @property
    def lower(self) -> bool:
        return self.score.full_at < self.score.zero_at if self.score else self.lower_is_better

    def scored(self, value: Fraction) -> Fraction:
        """0 to 1."""
        if self.score is not None:
            value = (value - self.score.zero_at) / (self.score.full_at - self.score.zero_at)
        elif self.lower_is_better:
            value = 1 - value
        return min(max(value, NOTHING), Fraction(1))


class EligiblePage(Strict):
    """`eligible:` the file that says who is eligible, and the statuses that are."""

    file: File
    status: Filled[Status]


class GatedRatesPage(Head):
    """A page of model A."""

    form: Annotated[Form, one_of(Form)]
    base_per_member_month: Amount
    gates: Filled[Gated] | None = None
    eligible: EligiblePage
    empty_rate: EmptyRate = "zero"
    measures: Filled[GatedMeasure]

    @property
    def lines(self) -> tuple[GatedMeasure, ...]:
        return self.measures

    @property
    def files(self) -> tuple[FileWord, ...]:
        return tuple(dict.fromkeys(GATES[gate] for gate in self.gates or ()))

    @property
    def eligible_in(self) -> tuple[FileWord, tuple[str, ...]]:
        return self.eligible.file, self.eligible.status


def compute(page: GatedRatesPage, inputs: Inputs) -> Payment:
    """What is earned by files in time, eligible members, and rates."""
    paid = [month for month in inputs.span.months if _is_paid(inputs, month)]
    member_months = sum(inputs.eligible.get(month, 0) for month in paid)
    pool = page.base_per_member_month * member_months
    lines = tuple(_lines(page, inputs, pool))
    because = (*_months(inputs, set(paid)), _pool(page, member_months, pool), *_rates(lines, inputs))
    return Payment(sum((line.amount for line in lines), NOTHING), lines, because=because)


def _is_paid(inputs: Inputs, month: str) -> bool:
    return all(gate.on_time is True for gate in inputs.gates if gate.month == month)


def _lines(page: GatedRatesPage, inputs: Inputs, pool: Fraction) -> Iterator[Line]:
    rescaled = _rescaled(page, inputs)
    for line in page.measures:
        value = inputs.rate(line.measure).value
        score = line.scored(value) if value is not None else None
        met = None if score is None or line.target is None else score >= line.target
        earned = Fraction(bool(met)) if page.form == "threshold" else score or NOTHING
        amount = pool * line.weight * rescaled * earned if score is not None else NOTHING
        yield Line(line.measure, amount, line.weight, score, line.target, met)


def _rescaled(page: GatedRatesPage, inputs: Inputs) -> Fraction:
    """What the weights of defined rates grow by, so that those of undefined ones are not lost."""
    if page.empty_rate == "zero":
        return Fraction(1)
    defined = sum((line.weight for line in page.measures if inputs.rate(line.measure).value is not None), NOTHING)
    return sum((line.weight for line in page.measures), NOTHING) / defined if defined else Fraction(1)


def _months(inputs: Inputs, paid: set[str]) -> Iterator[str]:
    before = inputs.eligible_before
    for month in inputs.span.months:
        members, gates = inputs.eligible.get(month), [gate for gate in inputs.gates if gate.month == month]
        before = before if members is None else members
        late = " and ".join(gate.file.upper() for gate in gates if gate.on_time is False)
        awaited = " and ".join(gate.file.upper() for gate in gates if gate.on_time is None)
        if month in paid:
            yield f"{month}: {members or 0} eligible members, files on time"
        elif late:
            yield f"{month}: {late} late, so {members or 0} eligible members do not count"
        else:
            yield f"{month}: waits for {awaited}; {before} eligible members are at stake"


def _pool(page: GatedRatesPage, member_months: int, pool: Fraction) -> str:
    return f"{member_months} eligible member-months at {dollars(page.base_per_member_month)}: {dollars(pool)}"


def _rates(lines: tuple[Line, ...], inputs: Inputs) -> Iterator[str]:
    for line in lines:
        rate, weight = inputs.rate(line.measure), plain(line.weight or NOTHING)
        if line.score is None:
            yield f"{line.measure}: no denominator yet, weight {weight}"
        else:
            reached = "" if line.met is None else ", target met" if line.met else ", target not met"
            yield f"{line.measure}: {rate}, score {plain(line.score)}{reached}, weight {weight}: {dollars(line.amount)}"


MODEL = Model("gated_rates", GatedRatesPage, compute)
