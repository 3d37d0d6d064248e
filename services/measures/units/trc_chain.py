"""Discharges that count once in Transitions of Care."""

from services.measures.items import Index, Period
from services.measures.units.args import Args
from services.measures.units.stays import INPATIENT, held, in_event_window, is_over, runs
from services.measures.units.unit import Unit

LOOK_AHEAD = 30
PLANNED = ("planned", "yes")
"""What a stay's details say when it was announced before it began."""


def trc_chain(index: Index, period: Period, _: Args) -> list[Unit]:
    """Chains of acute and nonacute inpatient stays: an admission on D to D+30 of any discharge in it extends one.

    The chain begins with its first admission and ends with its last discharge, and is dropped when that is after
    December 1. An acute stay inside a nonacute one leaves only the latter's discharge. Observation is no stay here. A
    stay whose discharge is not known is passed over: until it can be confirmed, the discharge before it is the one.
    Tag: `planned`, when the first admission was announced before it.

    Source: HEDIS MY 2025, TRC, event/diagnosis; care-rules §4.2.
    """
    over = (stay for stay in held(index, INPATIENT) if is_over(stay))
    return [
        Unit(
            key=run.first.id,
            first=run.first.first,
            last=run.last.last,
            start=run.first.start,
            end=run.last.end,
            facts=run.stays,
            tags=frozenset({"planned"} if PLANNED in run.first.detail else ()),
            closes=run.last.last + LOOK_AHEAD,
        )
        for run in runs(over, LOOK_AHEAD)
        if in_event_window(run.last.last, period)
    ]
