"""One price for an episode; the provider keeps or bears the difference to its cost.

    episodes = units in the denominator of the measure that says what an episode is
    price:       earned = price x episodes
    difference:  earned = price x episodes - cost (settled against what was paid by the piece)

Source: care-rules 3.3.
"""

from fractions import Fraction
from typing import Annotated, Literal

from models.page_words import Filled, one_of
from services.programs.amounts import Amount, dollars
from services.programs.inputs import Inputs
from services.programs.pages import Head, MeasurePage
from services.programs.payments.payment import Line, Model, Payment

Pays = Literal["price", "difference"]


class EpisodePage(Head):
    """A page of this model."""

    price: Amount
    pays: Annotated[Pays, one_of(Pays)] = "price"
    measures: Filled[MeasurePage]

    @property
    def lines(self) -> tuple[MeasurePage, ...]:
        return self.measures


def compute(page: EpisodePage, inputs: Inputs) -> Payment:
    """What is earned by episodes."""
    measure = page.measures[0].measure
    episodes = inputs.rate(measure).base
    priced = page.price * episodes
    because = [f"{episodes} episodes ({measure}) at {dollars(page.price)}: {dollars(priced)}"]
    cost = inputs.amount("cost")
    if cost is None:
        because.append("no cost is stated for this period, so that the difference is not known")
        earned, details = priced if page.pays == "price" else Fraction(0), {}
    else:
        kept = priced - cost
        because.append(f"cost {dollars(cost)}: {dollars(kept)} kept" if kept >= 0 else f"{dollars(-kept)} borne")
        earned, details = priced if page.pays == "price" else kept, {"difference": kept}
    return Payment(earned, (Line(measure, earned),), details=details, because=tuple(because))


MODEL = Model("episode_price", EpisodePage, compute, frozenset({"amounts"}))
