"""What a payment is computed from: plain counts and sums of one payee and one period, whoever counted them."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

import msgspec

from models.time import Instant
from services.programs.amounts import plain
from services.programs.periods import Span

FileWord = Literal["rtf", "otf"]


class Rate(msgspec.Struct, frozen=True):
    """How a measure stands, net of exclusions.

    Args:
        value: numerator x per / base; None where there is no denominator: undefined, not zero.
        base: the denominator less exceptions; 0 where only the rate itself was stated.
        per: 1, or 1000 for counts of events.
        open: it can still change.
    """

    value: Fraction | None
    base: int = 0
    per: int = 1
    open: bool = True

    @classmethod
    def of(cls, numerator: int, denominator: int, exceptions: int = 0, *, per: int = 1, open_: bool = True) -> "Rate":
        """From counts."""
        base = denominator - exceptions
        return cls(Fraction(numerator * per, base) if base > 0 else None, max(base, 0), per, open_)

    @property
    def numerator(self) -> Fraction | None:
        """The events counted; None where only the rate was stated."""
        return self.value * self.base / self.per if self.value is not None and self.base else None

    def after(self, events: int) -> "Rate":
        """With so many more events in the numerator; the same where it has no counts."""
        if self.value is None or not self.base:
            return self
        return msgspec.structs.replace(self, value=self.value + Fraction(events * self.per, self.base))

    def set(self, value: Fraction) -> "Rate":
        """With another value over the same denominator."""
        return msgspec.structs.replace(self, value=value)

    def __str__(self) -> str:
        """Write counts as `5/8`, a stated rate as a decimal, an undefined one as `-`."""
        if self.value is None:
            return "-"
        count = self.numerator
        return f"{count}/{self.base}" if count is not None and count.denominator == 1 else plain(self.value)


UNDEFINED = Rate(None)


class Gate(msgspec.Struct, frozen=True):
    """A file that a month's payment waits for.

    Args:
        received_at: the first receipt of an accepted version. on_time: None while it is neither received nor late.
    """

    month: str
    file: FileWord
    due_at: Instant | None = None
    received_at: Instant | None = None
    on_time: bool | None = None

    @property
    def key(self) -> str:
        """How people name it: `otf:2025-02`."""
        return f"{self.file}:{self.month}"


class Outreach(msgspec.Struct, frozen=True):
    """The counted outreach attempts to one prospective member; `open` while more may follow."""

    attempts: int
    successes: int = 0
    open: bool = True


class Inputs(msgspec.Struct, frozen=True):
    """All that one payee's payment for one period is computed from.

    Args:
        eligible: distinct eligible members, by month; a month without an accepted file is absent. A month before
            the span is no part of the payment: it tells how many there were last.
        amounts: `program_inputs` by key: `reimbursement`, `capitation`, `cost`, `benchmark`, `prior_rate:cbp`, ...
        engaged: members enrolled on any day of the month and served in it, by month.
        outreach: one for each prospective member.
    """

    span: Span
    rates: Mapping[str, Rate] = {}
    gates: tuple[Gate, ...] = ()
    eligible: Mapping[str, int] = {}
    amounts: Mapping[str, Fraction] = {}
    engaged: Mapping[str, int] = {}
    outreach: tuple[Outreach, ...] = ()

    @property
    def eligible_before(self) -> int:
        """Eligible members of the last month before the span that is known; 0 where none is."""
        earlier = [month for month in self.eligible if month < self.span.months[0]]
        return self.eligible[max(earlier)] if earlier else 0

    def rate(self, measure: str) -> Rate:
        """A measure's rate; undefined where nobody counted it."""
        return self.rates.get(measure, UNDEFINED)

    def amount(self, key: str) -> Fraction | None:
        """A stated number; None where nobody stated it."""
        return self.amounts.get(key)

    def with_rates(self, rates: Mapping[str, Rate]) -> "Inputs":
        """With some measures' rates in place of the present ones."""
        return msgspec.structs.replace(self, rates={**self.rates, **rates})

    def with_gate(self, key: str, on_time: bool) -> "Inputs":
        """With one file on time, or late."""
        gates = (msgspec.structs.replace(g, on_time=on_time) if g.key == key else g for g in self.gates)
        return msgspec.structs.replace(self, gates=tuple(gates))
