"""A pen for stories: it writes a stay's script, one telling after another."""

from datetime import datetime, timedelta
from random import Random

from services.simulation.people import Person
from services.simulation.places import Facility
from services.simulation.telling import Kind, StayClass, Telling, Visit

KINDS: dict[str, Kind] = {
    "A01": "admit", "A03": "discharge", "A04": "admit", "A05": "plan", "A06": "admit", "A07": "reverse",
    "A08": "update", "A11": "withdraw", "A13": "reopen", "A21": "leave", "A22": "return", "A23": "delete",
    "A31": "identity", "A38": "unplan", "A40": "identity", "A44": "identity", "A45": "identity",
}  # fmt: skip


class Chart:
    """One stay's script under way: what its sender believes now, and states with every message.

    Args:
        stay_class, admitted_at: as the sender has them; a story changes both as it goes on.
    """

    def __init__(
        self, person: Person, facility: Facility, number: str, dice: Random, stay_class: StayClass,
        admitted_at: datetime | None,
    ) -> None:  # fmt: skip
        self.visit = Visit(person, facility, f"A{number}")
        self.number, self.stay_class, self.admitted_at = number, stay_class, admitted_at
        self._dice = dice

    def tell(self, trigger: str, at: datetime, *, recorded_at: datetime | None = None, **said: object) -> Telling:
        """Something happens at `at`, and its sender records it within minutes, or when told. Args: those of Telling."""
        at = at.replace(microsecond=0)
        recorded_at = recorded_at or at + timedelta(seconds=self._dice.randrange(5, 600))
        if self.visit.script:
            recorded_at = max(recorded_at, self.visit.script[-1].recorded_at + timedelta(seconds=1))
        telling = Telling(
            KINDS[trigger],
            trigger,
            recorded_at,
            at,
            self.stay_class,
            self.number,
            self.admitted_at,
            **said,  # type: ignore[arg-type]  # stories name Telling's fields; a wrong name ends the run
        )
        self.visit.script.append(telling)
        return telling
