"""Outreach by the piece: each attempt up to a maximum, or successes alone.

    attempt:  amount x sum over members of the smaller of attempts and maximum
    success:  amount x sum over members of successes (up to the maximum)

Source: care-rules 3.3.
"""

from typing import Annotated, Literal

import msgspec
from pydantic import Field

from models.page_words import one_of
from services.programs.amounts import Amount, dollars
from services.programs.inputs import Inputs, Outreach
from services.programs.pages import Head
from services.programs.payments.payment import Model, Payment

Paid = Literal["attempt", "success"]


class OutreachFfsPage(Head):
    """A page of this model."""

    pays: Annotated[Paid, one_of(Paid)]
    amount: Amount
    maximum: Annotated[int, Field(ge=1)] | None = None

    def counted(self, told: Outreach) -> int:
        """What is paid for of one member's outreach."""
        number = told.attempts if self.pays == "attempt" else told.successes
        return number if self.maximum is None else min(number, self.maximum)


def compute(page: OutreachFfsPage, inputs: Inputs) -> Payment:
    """What is earned by outreach."""
    paid = sum(map(page.counted, inputs.outreach))
    made = sum(told.attempts for told in inputs.outreach)
    reached = sum(told.successes for told in inputs.outreach)
    earned = page.amount * paid
    because = (
        f"{made} attempts to {len(inputs.outreach)} members, {reached} successful",
        f"{paid} are paid at {dollars(page.amount)}: {dollars(earned)}",
    )
    return Payment(earned, because=because)


def best(page: OutreachFfsPage, inputs: Inputs) -> Inputs:
    """Members whose outreach goes on are tried until the maximum, and reached once."""

    def most(told: Outreach) -> Outreach:
        if not told.open:
            return told
        attempts = max(told.attempts, page.maximum or 0)
        return msgspec.structs.replace(told, attempts=attempts, successes=max(told.successes, 1))

    return msgspec.structs.replace(inputs, outreach=tuple(map(most, inputs.outreach)))


MODEL = Model("outreach_ffs", OutreachFfsPage, compute, frozenset({"outreach"}), best)
