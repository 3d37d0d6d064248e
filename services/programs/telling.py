"""What is said of a payee's money: earned, at stake, what one more event adds, what a late file cost, the next tier.

Every figure but `earned` is the same computation asked again with something changed, and the difference.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction

import msgspec

from services.programs.amounts import dollars
from services.programs.inputs import Gate, Inputs, Rate
from services.programs.pages import MeasurePage
from services.programs.payments.payment import Line, Payment, Rung
from services.programs.program import Program

NOTHING = Fraction(0)


class ToldGate(msgspec.Struct, frozen=True):
    """A file, and what its lateness alone cost."""

    gate: Gate
    cost: Fraction


class ToldMeasure(msgspec.Struct, frozen=True):
    """A measure and what it is worth.

    Args:
        one_more: what one more event in the numerator adds; None without counts.
        open_gaps: units of the denominator that are not in the numerator; None without counts, or where less is better.
        all_gaps: what closing all of them would add.
        to_target: events still needed (to be undone, where less is better) to meet the target; None when that cannot
            be, or nothing is to be met.
    """

    line: Line
    rate: Rate
    one_more: Fraction | None
    open_gaps: int | None
    all_gaps: Fraction | None
    to_target: int | None


class NextTier(msgspec.Struct, frozen=True):
    """The next tier: what is missing, and by which events of one measure alone it could be had."""

    rung: Rung
    points: Fraction
    events: Mapping[str, int]


class Result(msgspec.Struct, frozen=True):
    """One payee's standing in one program and period; exact, see `amounts.cents` for what is paid."""

    program: Program
    provider: str
    inputs: Inputs
    payment: Payment
    at_stake: Fraction
    gates: tuple[ToldGate, ...]
    measures: tuple[ToldMeasure, ...]
    next_tier: NextTier | None
    because: tuple[str, ...]

    @property
    def earned(self) -> Fraction:
        return self.payment.earned


def result(program: Program, inputs: Inputs, provider: str = "") -> Result:
    """Say all that there is to say of some inputs.

    Args:
        program: with its model. inputs: one payee's, of one period.
        provider: whose they are; "" for the whole plan.
    """
    now = program.pay(inputs)
    measures = tuple(_measure(program, inputs, now, line) for line in program.page.lines)
    return Result(
        program=program,
        provider=provider,
        inputs=inputs,
        payment=now,
        at_stake=max(program.pay_at_best(inputs).earned - now.earned, NOTHING),
        gates=tuple(ToldGate(gate, _cost(program, inputs, now, gate)) for gate in inputs.gates),
        measures=measures,
        next_tier=_next_tier(program, inputs, now),
        because=(*now.because, *_late_together(program, inputs, now)),
    )


def _measure(program: Program, inputs: Inputs, now: Payment, page: MeasurePage) -> ToldMeasure:
    rate, line = inputs.rate(page.measure), now.line(page.measure)
    gaps = _gaps(rate, page)
    closed = _adds(program, inputs, now, page.measure, gaps) if gaps is not None else None
    wanted = _events(program, inputs, page, lambda then: then.line(page.measure).met is True) if not line.met else None
    return ToldMeasure(
        line=line,
        rate=rate,
        one_more=_adds(program, inputs, now, page.measure, 1) if rate.numerator is not None else None,
        open_gaps=None if page.lower else gaps,
        all_gaps=None if page.lower else closed,
        to_target=wanted,
    )


def _gaps(rate: Rate, page: MeasurePage) -> int | None:
    """How many events the numerator can still gain (lose, where less is better); None without whole counts."""
    counted = rate.numerator
    if counted is None or counted.denominator != 1:
        return None
    return max(int(counted) if page.lower else rate.base - int(counted), 0)


def _adds(program: Program, inputs: Inputs, now: Payment, measure: str, events: int) -> Fraction:
    return program.pay(inputs.with_rates({measure: inputs.rate(measure).after(events)})).earned - now.earned


def _cost(program: Program, inputs: Inputs, now: Payment, gate: Gate) -> Fraction:
    if gate.on_time is not False:
        return NOTHING
    return program.pay(inputs.with_gate(gate.key, on_time=True)).earned - now.earned


def _late_together(program: Program, inputs: Inputs, now: Payment) -> list[str]:
    """Files that were late in the same month: each alone cost nothing, together they did."""
    told: list[str] = []
    for month in inputs.span.months:
        late = [gate for gate in inputs.gates if gate.month == month and gate.on_time is False]
        if len(late) > 1:
            punctual = inputs
            for gate in late:
                punctual = punctual.with_gate(gate.key, on_time=True)
            files = " and ".join(gate.file.upper() for gate in late)
            told.append(f"{month}: {files} late together cost {dollars(program.pay(punctual).earned - now.earned)}")
    return told


def _next_tier(program: Program, inputs: Inputs, now: Payment) -> NextTier | None:
    rung, score = now.rung, now.score
    if rung is None or score is None:
        return None
    alone = {
        page.measure: _events(program, inputs, page, lambda then: (then.score or NOTHING) >= rung.from_)
        for page in program.page.lines
    }
    events = {measure: number for measure, number in alone.items() if number is not None}
    return NextTier(rung, rung.from_ - score, events)


def _events(program: Program, inputs: Inputs, page: MeasurePage, reached: Callable[[Payment], bool]) -> int | None:
    """The fewest events of one measure that reach something; None when all of them do not, or there are no counts.

    Payments rise with a measure, so halving finds it.
    """
    rate, sign = inputs.rate(page.measure), -1 if page.lower else 1
    most = _gaps(rate, page)

    def reaches(events: int) -> bool:
        return reached(program.pay(inputs.with_rates({page.measure: rate.after(sign * events)})))

    if not most or not reaches(most):
        return None
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high
