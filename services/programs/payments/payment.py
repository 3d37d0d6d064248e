"""What a model of payment is, and what it answers. All numbers are exact; rounding is the last thing, at the edge."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import msgspec

from services.programs.inputs import Inputs, Rate
from services.programs.pages import Head


class Line(msgspec.Struct, frozen=True):
    """What one measure earns.

    Args:
        weight: its share, or its points, as the page says. amount: the money that it brings; sums to what is earned
            where measures alone decide.
        score: how much of it is earned, 0 to 1. target: what to reach, as a rate. met: None while undefined.
    """

    measure: str
    amount: Fraction
    weight: Fraction | None = None
    score: Fraction | None = None
    target: Fraction | None = None
    met: bool | None = None


class Rung(msgspec.Struct, frozen=True):
    """The next tier: the score at which it begins, and what it would add as things stand."""

    from_: Fraction
    adds: Fraction


class Payment(msgspec.Struct, frozen=True):
    """What some inputs earn.

    Args:
        earned: less than nothing where the payee owes.
        score: points, or measures met, where the model has tiers of them.
        details: further sums by name (`withheld`). because: sentences for people, without a person's data.
    """

    earned: Fraction
    lines: tuple[Line, ...] = ()
    score: Fraction | None = None
    rung: Rung | None = None
    details: Mapping[str, Fraction] = {}
    because: tuple[str, ...] = ()

    def line(self, measure: str) -> Line:
        """The line of a measure of the page."""
        return next(line for line in self.lines if line.measure == measure)


def best_rates(page: Head, inputs: Inputs) -> Inputs:
    """The best that can still come: open rates become perfect, files that are not late come in time.

    A month whose RTF is not in yet counts as many members as the last one that is.
    """
    rates: dict[str, Rate] = {}
    for line in page.lines:
        rate = inputs.rate(line.measure)
        if rate.open:
            rates[line.measure] = rate.set(Fraction(0 if line.lower else rate.per))
    gates = tuple(msgspec.structs.replace(g, on_time=True) if g.on_time is None else g for g in inputs.gates)
    awaited = {gate.month for gate in inputs.gates if gate.on_time is None}
    eligible, before = dict(inputs.eligible), inputs.eligible_before
    for month in inputs.span.months:
        if month in awaited:
            eligible.setdefault(month, before)
        before = eligible.get(month, before)
    return msgspec.structs.replace(inputs.with_rates(rates), gates=gates, eligible=eligible)


class Model(msgspec.Struct, frozen=True):
    """A way to pay.

    Args:
        name: `model:` of a page. page: the shape of its page, of which `compute` reads an instance.
        compute: the payment for some inputs. Pure; all else that is said of money is this, asked again.
        needs: the fields of `Inputs`, beyond rates, gates and eligible members, that it reads.
        best: the inputs of the best that can still come.
    """

    name: str
    page: type[Head]
    compute: Callable[[Any, Inputs], Payment]
    needs: frozenset[str] = frozenset()
    best: Callable[[Any, Inputs], Inputs] = best_rates
