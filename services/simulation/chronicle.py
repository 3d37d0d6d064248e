"""Everything true of one person, and what should be listed of it at an instant."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models.time import end_of_day, start_of_day
from services.simulation.believing import believe
from services.simulation.deeds import Deed
from services.simulation.dossier import Dossier
from services.simulation.judging import true_stays, true_tasks
from services.simulation.measuring.known import Known, Stay
from services.simulation.measuring.labels import measures_of
from services.simulation.panel import Panel
from services.simulation.people import Person
from services.simulation.places import ZONE
from services.simulation.roster import Row
from services.simulation.telling import Visit
from services.simulation.truth import Label, TrueMeasure, TrueStay


@dataclass(slots=True)
class Chronicle:
    """Everything true of one person: the plan's rows, stays, deeds.

    Args:
        dossier: claims, fills, results; None in a world without measures. lost: stays that only a claim tells of.
    """

    person: Person
    rows: list[Row]
    visits: list[Visit] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    faults: set[str] = field(default_factory=set)
    dossier: Dossier | None = None
    lost: list[Visit] = field(default_factory=list)

    def label(self, world: str, at: datetime, years: Sequence[int] = ()) -> Label | None:
        """What should be listed at an instant; None while the person is on no roster.

        Args:
            years: for which measures are asked.
        """
        panel = Panel(self.rows, at)
        if not panel.rows:
            return None
        beliefs = [belief for visit in self.visits if (belief := believe(visit, at))]
        stays = tuple(true_stays(beliefs))
        tasks = tuple(true_tasks(beliefs, panel, self.deeds, at))
        measures: tuple[TrueMeasure, ...] = ()
        if years:
            known = Known.at(at, self.person, panel, beliefs, self.deeds, self.dossier or Dossier())
            stays += tuple(map(_listed, known.unseen))
            measures = tuple(measures_of(known, years))
        faults, periods = tuple(sorted(self.faults)), tuple(map(str, years))
        return Label(world, self.person.member_id, at, stays, tasks, faults, measures, periods)


def _listed(stay: Stay) -> TrueStay:
    """A stay of which only days are known: from the first midnight to the last second."""
    assert stay.last is not None
    first, last = start_of_day(stay.first, ZONE), end_of_day(stay.last, ZONE)
    return TrueStay(stay.stay_class, "finished", first, last, ("adt_lost",))
