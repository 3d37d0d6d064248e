"""Everything true of one person, and what should be listed of it at an instant."""

from dataclasses import dataclass, field
from datetime import datetime

from services.simulation.believing import believe
from services.simulation.deeds import Deed
from services.simulation.judging import true_stays, true_tasks
from services.simulation.panel import Panel
from services.simulation.people import Person
from services.simulation.roster import Row
from services.simulation.telling import Visit
from services.simulation.truth import Label


@dataclass(slots=True)
class Chronicle:
    """Everything true of one person: the plan's rows, stays, deeds."""

    person: Person
    rows: list[Row]
    visits: list[Visit] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    faults: set[str] = field(default_factory=set)

    def label(self, world: str, at: datetime) -> Label | None:
        """What should be listed at an instant; None while the person is on no roster."""
        panel = Panel(self.rows, at)
        if not panel.rows:
            return None
        beliefs = [belief for visit in self.visits if (belief := believe(visit, at))]
        stays = tuple(true_stays(beliefs))
        tasks = tuple(true_tasks(beliefs, panel, self.deeds, at))
        return Label(world, self.person.member_id, at, stays, tasks, tuple(sorted(self.faults)))
