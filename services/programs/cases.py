"""The cases by which a program proves itself: what is given, what must come out, to the cent."""

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction

from models.errors import Problem
from models.pages import Location
from services.programs.amounts import cents, plain
from services.programs.inputs import Gate, Inputs, Outreach
from services.programs.pages import CasePage
from services.programs.periods import span_of
from services.programs.program import Program
from services.programs.telling import Result, result


def play(program: Program) -> Iterator[Problem]:
    """Say what came out otherwise than the cases expect: nothing when the program is right."""
    for index, case in enumerate(program.page.cases):
        name = case.name or f"number {index + 1}"
        for at, expected, found in _compared(case, result(program, given(program, case))):
            if expected != found:
                what = f"Case '{name}': expected {expected}, but {found} came out."
                place = ("cases", index, "expect", *at)
                yield program.written.problem(place, what, "Correct the program, or what the case expects.")


def given(program: Program, case: CasePage) -> Inputs:
    """The inputs that a case speaks of, in the period that holds its first month, or the program's first day."""
    told = sorted([*case.eligible, *case.engaged, *(file[4:] for file in (*case.late, *case.pending))])
    day = date.fromisoformat(f"{told[0]}-01") if told else program.page.effective.from_
    span = span_of(program.page.period, day)
    # Without files the months that nobody speaks of are as if there were no such month.
    months = [month for month in span.months if month in told]
    gates = tuple(
        Gate(month, file, on_time=_on_time(case, file, month)) for month in months for file in program.page.files
    )
    return Inputs(
        span=span,
        rates=case.rates,
        gates=gates,
        eligible=case.eligible,
        amounts=case.inputs,
        engaged=case.engaged,
        outreach=tuple(Outreach(one.attempts, one.successes) for one in case.outreach),
    )


def _on_time(case: CasePage, file: str, month: str) -> bool | None:
    name = f"{file} {month}"
    return None if name in case.pending else name not in case.late


def _compared(case: CasePage, came: Result) -> Iterator[tuple[Location, str, str]]:
    """(where, expected, found) of everything that a case expects."""
    wanted, lines = case.expect, {line.line.measure: line for line in came.measures}
    sums: dict[str, tuple[Fraction | None, Fraction]] = {
        "earned": (wanted.earned, came.earned),
        "at_stake": (wanted.at_stake, came.at_stake),
    }
    for key, (expected, found) in sums.items():
        if expected is not None:
            yield (key,), _money(expected), _money(found)
    if wanted.score is not None:
        yield ("score",), plain(wanted.score), _plain(came.payment.score)
    costs = {told.gate.key.replace(":", " "): told.cost for told in came.gates}
    by_name: dict[str, tuple[Mapping[str, Fraction], Mapping[str, Fraction | None]]] = {
        "details": (wanted.details, came.payment.details),
        "cost": (wanted.cost, costs),
        "amounts": (wanted.amounts, {measure: told.line.amount for measure, told in lines.items()}),
        "one_more": (wanted.one_more, {measure: told.one_more for measure, told in lines.items()}),
    }
    for key, (expectations, results) in by_name.items():
        for name, amount in expectations.items():
            yield (key, name), _money(amount), _money(results.get(name))
    for measure, target in wanted.targets.items():
        yield ("targets", measure), plain(target), _plain(lines[measure].line.target if measure in lines else None)
    for measure, met in wanted.met.items():
        yield ("met", measure), str(met), str(lines[measure].line.met if measure in lines else None)
    ahead = came.next_tier.events if came.next_tier else {}
    for measure, events in wanted.events.items():
        yield ("events", measure), str(events), str(ahead.get(measure))


def _money(amount: Fraction | None) -> str:
    return "nothing" if amount is None else str(cents(amount))


def _plain(number: Fraction | None) -> str:
    return "nothing" if number is None else plain(number)
