"""A withhold: a percent of capitation is held back, and returned by targets met.

    withheld = percent x capitation
    earned = withheld x share;  share = targets met / targets, or the step of a table
    passed through = percent of what is returned, for the plan's providers

Source: care-rules 3.3 (Georgia, Kansas).
"""

from collections.abc import Iterator
from fractions import Fraction

from models.page_words import Filled
from services.programs.amounts import Number, Percent, dollars, plain
from services.programs.inputs import Inputs
from services.programs.pages import Head, MeasurePage
from services.programs.payments.payment import Model, Payment
from services.programs.payments.sharing import Judged, Returned, ReturnedPage, lines, meets, returned
from services.programs.words import EmptyRate


class TargetMeasure(MeasurePage):
    """A measure and the rate to reach."""

    target: Number


class WithholdPage(Head):
    """A page of this model."""

    percent: Percent
    returned: ReturnedPage
    pass_through_percent: Percent | None = None
    empty_rate: EmptyRate = "zero"
    measures: Filled[TargetMeasure]

    @property
    def lines(self) -> tuple[TargetMeasure, ...]:
        return self.measures


def judged(measures: tuple[TargetMeasure, ...], inputs: Inputs) -> list[Judged]:
    """Each measure against its target."""
    return [
        Judged(line.measure, line.target, meets(inputs.rate(line.measure), line.target, lower=line.lower))
        for line in measures
    ]


def compute(page: WithholdPage, inputs: Inputs) -> Payment:
    """What of the withhold is returned."""
    capitation = inputs.amount("capitation")
    withheld = page.percent * (capitation or 0)
    targets = judged(page.measures, inputs)
    share = returned(page.returned, targets, page.empty_rate)
    earned = withheld * share.share
    details = {"withheld": withheld, "returned": earned}
    if page.pass_through_percent is not None:
        details["passed_through"] = earned * page.pass_through_percent
    because = tuple(_told(page, capitation, share, details))
    return Payment(earned, lines(targets, earned), Fraction(share.met), share.rung(withheld), details, because)


def _told(page: WithholdPage, capitation: Fraction | None, share: Returned, sums: dict[str, Fraction]) -> Iterator[str]:
    if capitation is None:
        yield "no capitation is stated for this period: load it as program_inputs"
    else:
        yield f"{plain(page.percent * 100)} percent of {dollars(capitation)} is withheld: {dollars(sums['withheld'])}"
    yield f"{share.met} of {share.counted} targets met return {plain(share.share * 100)} percent of it"
    if page.pass_through_percent is not None:
        percent = plain(page.pass_through_percent * 100)
        yield f"{percent} percent of what is returned goes to providers: {dollars(sums['passed_through'])}"


MODEL = Model("withhold", WithholdPage, compute, frozenset({"amounts"}))
