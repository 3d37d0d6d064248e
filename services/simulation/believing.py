"""What somebody believes of a stay who has heard some of it: the script's known part, read in the sender's order."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.simulation.telling import RANK, StayClass, Telling, Visit

Event = Literal["planned", "admitted", "discharged"]
Status = Literal["planned", "active", "on_leave", "finished", "cancelled", "void"]


@dataclass(slots=True)
class Happening:
    """Planned, admitted or discharged: at what time, told since when, taken back or not."""

    event: Event
    stay_class: StayClass
    at: datetime
    told_at: datetime
    disposition: str = ""
    retracted_at: datetime | None = None

    @property
    def is_retracted(self) -> bool:
        """It did not happen after all."""
        return self.retracted_at is not None


@dataclass(slots=True)
class _Leg:
    stay_class: StayClass
    at: datetime
    admitted: Happening


@dataclass(slots=True)
class Belief:
    """A stay as believed. `happenings` are everything that was ever believed to happen to it."""

    visit: Visit
    stay_class: StayClass
    happenings: list[Happening] = field(default_factory=list)
    legs: list[_Leg] = field(default_factory=list)
    expected_at: datetime | None = None
    is_planned: bool = False
    is_deleted: bool = False
    discharge: Happening | None = None
    meant_for: datetime | None = None
    leaves: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    @property
    def status(self) -> Status:
        """As `members --json` names it."""
        if not self.legs:
            return "void" if self.is_deleted else "planned" if self.is_planned else "cancelled"
        if self.discharge:
            return "finished"
        return "on_leave" if self.leaves and self.leaves[-1][1] is None else "active"

    @property
    def admitted_at(self) -> datetime | None:
        """When the leg of the present class began; when it was to begin, if it never did."""
        if self.legs:
            return next(leg.at for leg in self.legs if leg.stay_class == self.stay_class)
        return None if self.is_planned else self.meant_for

    @property
    def discharged_at(self) -> datetime | None:
        """When it ended."""
        return self.discharge.at if self.discharge else None

    @property
    def disposition(self) -> str:
        """Where the member went."""
        return self.discharge.disposition if self.discharge else ""

    @property
    def first_told_at(self) -> datetime:
        """When the first thing that happened was told."""
        return self.happenings[0].told_at

    # -- hearing ------------------------------------------------------------------------------------------------------

    def hear(self, telling: Telling) -> None:
        """Take in the next telling of the script."""
        assert telling.told_at is not None
        match telling.kind:
            case "plan":
                assert telling.expected_at is not None
                self.is_planned, self.meant_for = True, telling.expected_at
                self._happens("planned", telling, telling.occurred_at)
            case "unplan":
                self._retract("planned", telling)
                self.is_planned, self.meant_for = False, self.meant_for or telling.expected_at
            case "admit" | "update" | "return" | "leave" | "discharge" | "reopen":
                self._is_there(telling)
                self._goes_on(telling)
            case "reverse":
                self._was_observation(telling)
            case "withdraw" if len(self.legs) > 1:
                # The admission is taken back; the emergency visit that led to it was.
                self.legs.pop().admitted.retracted_at = telling.occurred_at
                self.stay_class = self.legs[-1].stay_class
            case "withdraw" | "delete":
                self.is_deleted = telling.kind == "delete"
                self.meant_for = self.legs[0].at if self.legs else telling.admitted_at
                self._retract("admitted", telling)
                self._retract("discharged", telling)
                self.legs, self.discharge = [], None

    def _goes_on(self, telling: Telling) -> None:
        match telling.kind:
            case "leave":
                self.leaves.append((telling.occurred_at, None))
            case "return" if self.leaves:
                self.leaves[-1] = (self.leaves[-1][0], telling.occurred_at)
            case "discharge" | "update" if telling.discharged_at:
                self._is_over(telling, telling.discharged_at)
            case "reopen":
                self._retract("discharged", telling)
                self.discharge = None

    def _is_there(self, telling: Telling) -> None:
        """Whatever is told of a stay tells that the member is there, since when and in which class."""
        assert telling.told_at is not None
        stated = telling.admitted_at
        if not self.legs or RANK[telling.stay_class] > RANK[self.stay_class]:
            begins_at = stated or telling.occurred_at
            if self.legs and begins_at <= self.legs[-1].at:
                begins_at = telling.occurred_at  # the sender repeats the arrival
            admitted = self._happens("admitted", telling, begins_at)
            self.legs.append(_Leg(telling.stay_class, begins_at, admitted))
            self.stay_class = telling.stay_class
            return
        leg = next(leg for leg in self.legs if leg.stay_class == self.stay_class)
        if telling.stay_class == self.stay_class:
            leg.admitted.told_at = min(leg.admitted.told_at, telling.told_at)
        if stated and all(stated != other.at for other in self.legs):
            leg.at = leg.admitted.at = stated

    def _was_observation(self, telling: Telling) -> None:
        begins_at = telling.admitted_at or telling.occurred_at
        for leg in self.legs:
            begins_at = min(begins_at, leg.at)
        self._retract("admitted", telling)
        self.stay_class = telling.stay_class
        admitted = self._happens("admitted", telling, begins_at)
        self.legs = [_Leg(telling.stay_class, begins_at, admitted)]

    def _is_over(self, telling: Telling, at: datetime) -> None:
        assert telling.told_at is not None
        if self.discharge is None:
            self.discharge = self._happens("discharged", telling, at)
        self.discharge.at = at
        self.discharge.stay_class = self.stay_class
        self.discharge.told_at = min(self.discharge.told_at, telling.told_at)
        self.discharge.disposition = telling.disposition or self.discharge.disposition

    def _happens(self, event: Event, telling: Telling, at: datetime) -> Happening:
        assert telling.told_at is not None
        happening = Happening(event, telling.stay_class, at, telling.told_at)
        self.happenings.append(happening)
        return happening

    def _retract(self, event: Event, telling: Telling) -> None:
        for happening in self.happenings:
            if happening.event == event and not happening.is_retracted:
                happening.retracted_at = telling.occurred_at


def believe(visit: Visit, at: datetime) -> Belief | None:
    """What who had received exactly the messages delivered by an instant believes of a stay; None: knows nothing."""
    if visit.gone_at and visit.gone_at <= at:
        return None
    known = [t for t in visit.script if t.kind != "identity" and t.told_at and t.told_at <= at]
    if not known:
        return None
    belief = Belief(visit, known[0].stay_class)
    for telling in known:
        belief.hear(telling)
    return belief
