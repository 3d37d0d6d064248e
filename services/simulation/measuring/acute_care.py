"""Whether somebody was in acute care, as far as is known: a blood pressure read there says nothing of its control.

Readings of the text: where no clock was told, the whole day counts, as that of an emergency visit which only a bill
tells of. What was read before the admission is not known to be of the emergency department.

Source: care-rules §4.7, "ineligible"; contract, "ED visits".
"""

from collections.abc import Iterator
from datetime import datetime

from models.time import local_day
from services.simulation.claims import Claim
from services.simulation.codes import among
from services.simulation.measuring.known import Known, Stay
from services.simulation.places import ZONE

_ACUTE = ("emergency", "inpatient")


def in_acute_care(known: Known, at: datetime) -> bool:
    """In an emergency department or an acute bed at an instant."""
    acute, day = [stay for stay in known.stays if stay.stay_class in _ACUTE], local_day(at, ZONE)
    if any(_holds(stay, at) for stay in acute):
        return True
    is_told = any(stay.first <= day <= (stay.last or day) for stay in acute)
    return not is_told and any(claim.first == day for claim in emergency_bills(known))


def emergency_bills(known: Known) -> Iterator[Claim]:
    """Bills of emergency care after which the member went home, as far as they say."""
    for claim in known.claims:
        coded = among((*claim.procedures, *claim.revenue), "emergency-visit")
        if (coded or claim.place == "23") and claim.admitted_on is None:
            yield claim


def _holds(stay: Stay, at: datetime) -> bool:
    if stay.begins_at is None:
        day = local_day(at, ZONE)
        return stay.first <= day <= (stay.last or day)
    return stay.begins_at <= at and (stay.ends_at is None or at <= stay.ends_at)
