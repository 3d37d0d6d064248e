"""Enrolments of a member in ECM."""

from datetime import date

from services.measures.items import Assigned, Index, Period
from services.measures.units.args import Args, Days
from services.measures.units.assignment import stated
from services.measures.units.unit import Unit


class EnrolmentArgs(Args):
    """How long a provider has.

    Args:
        days: after the start, for what the tags say.
    """

    days: Days


def enrolment(index: Index, period: Period, args: EnrolmentArgs) -> list[Unit]:
    """Each start of ECM in the period, once a provider, however often the plan states it. The unit is that day.

    Tag: `disenrolled`, when it ended before `days` were over.

    Source: care-rules §4.1, `ecm.careplan_N`.
    """
    # The newest statement of a start is the last: it knows whether ECM ended.
    newest = {(one.owner.ecm_provider_id, one.enrolled): one for one in stated(index.person)}
    return [
        _unit(one, start, args.days)
        for (provider, start), one in newest.items()
        if start is not None and period.first <= start <= period.last
    ]


def _unit(one: Assigned, start: int, days: int) -> Unit:
    left = one.ended is not None and one.ended < start + days
    return Unit(
        key=f"{one.owner.ecm_provider_id}@{date.fromordinal(start)}",
        first=start,
        last=start,
        tags=frozenset({"disenrolled"} if left else ()),
        closes=start + days,
        owner=one.owner,
    )
