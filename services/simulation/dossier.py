"""What is written of a member beside stays: claims, fills, results; and the days on which there is room for a visit."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from models.time import local_day, start_of_day
from services.simulation.believing import Belief
from services.simulation.claims import Claim
from services.simulation.fills import Fill
from services.simulation.places import ZONE
from services.simulation.results import Result

DAY = timedelta(days=1)


@dataclass(slots=True)
class Dossier:
    """Every row and version that is ever received of one member, in no order."""

    claims: list[Claim] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    @property
    def faults(self) -> set[str]:
        """What is odd about any of it."""
        told = ([c.faults for c in self.claims], [f.faults for f in self.fills], [r.faults for r in self.results])
        return {fault for kind in told for faults in kind for fault in faults}


class Diary:
    """A member's days: alive from `first` through `last`, and away during stays.

    Args:
        stays: as they truly were.
    """

    def __init__(self, stays: Iterable[Belief], first: date, last: date) -> None:
        self.first, self.last = first, last
        self._away: list[tuple[date, date]] = []
        for stay in stays:
            if stay.legs:
                start, over = stay.legs[0].at, stay.discharged_at
                self._away.append((local_day(start, ZONE), local_day(over, ZONE) if over else last))

    def is_free(self, day: date) -> bool:
        """Whether the member is there, in no hospital, nor the day before or after."""
        inside = any(start - DAY <= day <= end + DAY for start, end in self._away)
        return self.first <= day <= self.last and not inside

    def free_from(self, day: date) -> date | None:
        """The first free day from a day on."""
        while day <= self.last:
            if self.is_free(day):
                return day
            day += DAY
        return None


def morning(day: date) -> datetime:
    """Ten o'clock of a local day."""
    return start_of_day(day, ZONE) + timedelta(hours=10)
