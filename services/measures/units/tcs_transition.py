"""Discharges from acute care to the community, of which the plan's follow-up indicators speak."""

from models.dispositions import NOT_COMMUNITY
from services.measures.items import Index, Item, Period, starting
from services.measures.units.args import Args, Days
from services.measures.units.stays import ACUTE, INPATIENT, held, is_over
from services.measures.units.unit import Unit


class TransitionArgs(Args):
    """How long the follow-up is.

    Args:
        days: after the day of discharge, for what the tag says.
    """

    days: Days


def tcs_transition(index: Index, period: Period, args: TransitionArgs) -> list[Unit]:
    """Each acute stay that ended in the period with a discharge to the community; whose risk was high, the page asks.

    Tag: `superseded`, when an inpatient or nursing stay began by `days` after the discharge: the follow-up is then the
    later stay's. Observation and emergency visits supersede nothing.

    Source: DHCS PHM Policy Guide, transitional care indicators; care-rules §1.6.
    """
    beds = held(index, INPATIENT)
    return [
        Unit(
            key=stay.id,
            first=stay.first,
            last=stay.last,
            start=stay.start,
            end=stay.end,
            facts=(stay,),
            tags=frozenset({"superseded"} if _superseded(stay, beds, args.days) else ()),
            closes=stay.last + args.days,
        )
        for stay in held(index, ACUTE)
        if is_over(stay) and period.first <= stay.last <= period.last and stay.discharge_code not in NOT_COMMUNITY
    ]


def _superseded(stay: Item, beds: list[Item], days: int) -> bool:
    return any(
        bed is not stay and (bed.first > stay.last or _came_after(bed, stay))
        for bed in starting(beds, stay.last, stay.last + days)
    )


def _came_after(bed: Item, stay: Item) -> bool:
    """Whether a stay that began on the day of another's discharge came after it; by the id where no clock tells."""
    if bed.start and stay.end:
        return bed.start >= stay.end
    return (bed.first, bed.last, bed.id) > (stay.first, stay.last, stay.id)
