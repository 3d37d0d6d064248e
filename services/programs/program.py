"""A program, ready to pay: its page, and the model that reads it."""

import msgspec

from models.pages import Page
from services.programs.inputs import Inputs
from services.programs.pages import Head
from services.programs.payments.payment import Model, Payment


class Program(msgspec.Struct, frozen=True):
    """One program; `written` says where its page stands."""

    page: Head
    model: Model
    written: Page

    @property
    def id(self) -> str:
        return self.page.program

    @property
    def needs(self) -> frozenset[str]:
        return self.model.needs

    def pay(self, inputs: Inputs) -> Payment:
        """What some inputs earn."""
        return self.model.compute(self.page, inputs)

    def pay_at_best(self, inputs: Inputs) -> Payment:
        """What the best that can still come would earn.

        A measure without a denominator may stay so: where the others have its weight, that may earn more than a perfect
        rate that cannot have improved.
        """
        best = self.model.best(self.page, inputs)
        without = {line.measure: rate for line in self.page.lines if (rate := inputs.rate(line.measure)).value is None}
        return max(self.pay(best), self.pay(best.with_rates(without)), key=lambda payment: payment.earned)
