"""Up to a percent of the capitation, by the share of targets that are met.

    earned = percent x capitation x share

Source: care-rules 3.3 (Arizona).
"""

from collections.abc import Iterator
from fractions import Fraction

from models.page_words import Filled
from services.programs.amounts import Percent, dollars, plain
from services.programs.inputs import Inputs
from services.programs.pages import Head
from services.programs.payments.payment import Model, Payment
from services.programs.payments.sharing import Returned, ReturnedPage, lines, returned
from services.programs.payments.withhold import TargetMeasure, judged
from services.programs.words import EmptyRate


class PercentOfPmpmPage(Head):
    """A page of this model."""

    percent: Percent
    returned: ReturnedPage = ReturnedPage(form="proportional")
    empty_rate: EmptyRate = "zero"
    measures: Filled[TargetMeasure]

    @property
    def lines(self) -> tuple[TargetMeasure, ...]:
        return self.measures


def compute(page: PercentOfPmpmPage, inputs: Inputs) -> Payment:
    """What is earned by targets met."""
    capitation = inputs.amount("capitation")
    pool = page.percent * (capitation or 0)
    targets = judged(page.measures, inputs)
    share = returned(page.returned, targets, page.empty_rate)
    earned = pool * share.share
    because = tuple(_told(page, capitation, share, pool))
    return Payment(earned, lines(targets, earned), Fraction(share.met), share.rung(pool), {"pool": pool}, because)


def _told(page: PercentOfPmpmPage, capitation: Fraction | None, share: Returned, pool: Fraction) -> Iterator[str]:
    if capitation is None:
        yield "no capitation is stated for this period: load it as program_inputs"
    else:
        yield f"up to {plain(page.percent * 100)} percent of {dollars(capitation)}: {dollars(pool)}"
    yield f"{share.met} of {share.counted} targets met earn {plain(share.share * 100)} percent of it"


MODEL = Model("percent_of_pmpm", PercentOfPmpmPage, compute, frozenset({"amounts"}))
