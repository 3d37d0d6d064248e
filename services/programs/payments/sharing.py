"""Targets met or not, and the share of a sum that so many of them return."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Literal

import msgspec
from pydantic import Field

from models.page_words import Filled, Strict, one_of
from services.programs.amounts import Share
from services.programs.inputs import Rate
from services.programs.payments.payment import Line, Rung
from services.programs.words import EmptyRate

Form = Literal["proportional", "table"]


class StepPage(Strict):
    """From so many targets met on, this share."""

    met: Annotated[int, Field(ge=0)]
    share: Share


class ReturnedPage(Strict):
    """`returned:` the share by targets met: each the same part, or the steps of a table."""

    form: Annotated[Form, one_of(Form)]
    table: Filled[StepPage] | None = None


class Judged(msgspec.Struct, frozen=True):
    """A measure and its target; `met` is None while its rate is undefined."""

    measure: str
    target: Fraction | None
    met: bool | None


class Returned(msgspec.Struct, frozen=True):
    """The share earned, the targets met of those that count, and where the share rises next."""

    share: Fraction
    met: int
    counted: int
    next_met: int | None
    next_share: Fraction

    def rung(self, pool: Fraction) -> Rung | None:
        """The next tier of a sum that is shared so."""
        if self.next_met is None:
            return None
        return Rung(Fraction(self.next_met), pool * (self.next_share - self.share))


def meets(rate: Rate, target: Fraction, *, lower: bool) -> bool | None:
    """Whether a rate reaches a target; None while it is undefined."""
    if rate.value is None:
        return None
    return rate.value <= target if lower else rate.value >= target


def returned(rule: ReturnedPage, judged: Sequence[Judged], empty: EmptyRate) -> Returned:
    """The share that the targets met return.

    An undefined rate is not met; where empty rates are neutral and parts are equal it is not counted either.
    """
    met = sum(one.met is True for one in judged)
    if rule.form == "table":
        return _stepped(rule.table or (), met, len(judged))
    counted = len(judged) if empty == "zero" else sum(one.met is not None for one in judged)
    part = Fraction(1, counted) if counted else Fraction(0)
    return Returned(met * part, met, counted, met + 1 if met < counted else None, (met + 1) * part)


def _stepped(table: Sequence[StepPage], met: int, counted: int) -> Returned:
    share = max((step.share for step in table if step.met <= met), default=Fraction(0))
    ahead = next((step for step in table if step.met > met), None)
    return Returned(share, met, counted, ahead.met if ahead else None, ahead.share if ahead else share)


def lines(judged: Sequence[Judged], earned: Fraction) -> tuple[Line, ...]:
    """What is earned, in equal parts on the measures that are met."""
    met = sum(one.met is True for one in judged)
    part = earned / met if met else Fraction(0)
    return tuple(
        Line(
            one.measure,
            part if one.met else Fraction(0),
            score=None if one.met is None else Fraction(one.met),
            target=one.target,
            met=one.met,
        )
        for one in judged
    )
