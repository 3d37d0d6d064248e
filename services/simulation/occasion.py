"""Something that deadlines may follow from, and which of them do."""

from dataclasses import dataclass, field
from datetime import date, datetime

from models.time import local_day
from services.simulation.believing import Belief
from services.simulation.deadlines import Deadline, Event, From
from services.simulation.places import ZONE


@dataclass(slots=True)
class Occasion:
    """Something that deadlines may follow from, for one plan.

    Args:
        at: event time. ends: what ends its follow-up, when. not_before: a plan that takes over answers from here on.
    """

    event: Event
    stay: Belief
    stay_class: str
    at: datetime
    risk: str
    starts: dict[From, datetime]
    ends: dict[str, datetime]
    is_home: bool = False
    is_retracted: bool = False
    has_lead: bool = False
    gains_lead: bool = False
    in_ecm: bool = False
    against_advice: bool = False
    not_before: datetime | None = None
    faults: frozenset[str] = field(default_factory=frozenset)

    @property
    def day(self) -> date:
        """The local day it happened on."""
        return local_day(self.at, ZONE)


def applies(deadline: Deadline, occasion: Occasion) -> bool:
    """Whether an occasion raises a deadline."""
    return (
        occasion.event in deadline.events
        and occasion.stay_class in deadline.classes
        and (not deadline.home or occasion.is_home)
        and (not deadline.risk or occasion.risk in deadline.risk)
        and not (deadline.without_lead and occasion.has_lead)
        and not (deadline.without_ecm and occasion.in_ecm)
        and (not deadline.with_lead or occasion.has_lead or occasion.gains_lead)
    )
