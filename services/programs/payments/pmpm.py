"""PMPM: a rate for each member and month.

    earned = rate x sum of members over months

Source: care-rules 3.3. Engaged means enrolled on any day of the month and served at least once in it.
"""

from typing import Annotated, Literal

from models.page_words import one_of
from services.programs.amounts import Amount, dollars
from services.programs.inputs import FileWord, Inputs
from services.programs.pages import Head
from services.programs.payments.gated_rates import EligiblePage
from services.programs.payments.payment import Model, Payment

Counted = Literal["engaged", "eligible"]


class PmpmPage(Head):
    """A page of this model."""

    rate_per_member_month: Amount
    counts: Annotated[Counted, one_of(Counted)] = "engaged"
    eligible: EligiblePage | None = None

    @property
    def eligible_in(self) -> tuple[FileWord, tuple[str, ...]] | None:
        return (self.eligible.file, self.eligible.status) if self.eligible else None


def compute(page: PmpmPage, inputs: Inputs) -> Payment:
    """What is earned by members."""
    counted = inputs.engaged if page.counts == "engaged" else inputs.eligible
    months = {month: counted.get(month, 0) for month in inputs.span.months}
    earned = page.rate_per_member_month * sum(months.values())
    because = (
        *(f"{month}: {members} {page.counts} members" for month, members in months.items()),
        f"{sum(months.values())} member-months at {dollars(page.rate_per_member_month)}: {dollars(earned)}",
    )
    return Payment(earned, because=because)


MODEL = Model("pmpm", PmpmPage, compute, frozenset({"engaged"}))
