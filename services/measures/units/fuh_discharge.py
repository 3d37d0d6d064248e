"""Discharges after mental illness or self-harm that want a follow-up."""

from collections.abc import Callable, Iterator, Sequence

from services.measures.items import Index, Item, Period, starting
from services.measures.units.args import Args, Names
from services.measures.units.stays import ACUTE, NONACUTE, Run, held, in_event_window, is_over, run_of, with_any
from services.measures.units.unit import Unit

LOOK_AHEAD = 30


class FuhArgs(Args):
    """Value sets of diagnoses.

    Args:
        principal_dx: of the principal diagnosis: mental illness.
        any_dx: of any diagnosis: intentional self-harm.
    """

    principal_dx: Names
    any_dx: Names = ()


def fuh_discharge(index: Index, period: Period, args: FuhArgs) -> list[Unit]:
    """Acute discharges by December 1 for the diagnoses; a readmission for them moves it to the last discharge.

    An acute readmission on D to D+30 for anything else drops both; a nonacute one drops the discharge. While a
    readmission goes on there is no discharge to follow up.

    Source: HEDIS MY 2025, FUH; care-rules §4.4.
    """
    principal = with_any(args.principal_dx, lambda stay: stay.principal)
    other = with_any(args.any_dx, lambda stay: stay.dx)
    nonacute = held(index, NONACUTE)
    return [
        Unit(
            key=run.first.id,
            first=run.first.first,
            last=run.stays[-1].last,
            start=run.first.start,
            end=run.stays[-1].end,
            facts=run.stays,
            closes=run.stays[-1].last + LOOK_AHEAD,
        )
        for run in _chains(held(index, ACUTE), lambda stay: principal(stay) or other(stay))
        if is_over(run.stays[-1])
        and in_event_window(run.stays[-1].last, period)
        and not starting(nonacute, run.stays[-1].last, run.stays[-1].last + LOOK_AHEAD)
    ]


def _chains(stays: Sequence[Item], is_for: Callable[[Item], bool]) -> Iterator[Run]:
    chain: list[Item] = []
    for stay in stays:
        # A stay inside the one before has ended with it, and its own discharge leads nowhere.
        follows = bool(chain) and stay.first <= chain[-1].last + LOOK_AHEAD
        if chain and not follows:
            yield run_of(chain)
            chain = []
        if is_for(stay):
            chain = [*chain, stay]
        elif follows:
            chain = []
    if chain:
        yield run_of(chain)
