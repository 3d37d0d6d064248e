"""One measure over one person's facts, without a store: what an engine for electronic measures does."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from models.clinical import Clinical
from models.events import Teller
from services.measures.entering.clinical import enter_clinical
from services.measures.items import Index, Item, Period, Person
from services.measures.listed import Listed
from services.measures.measure import Counted, Measure
from services.measures.value_sets import ValueSets

UTC = ZoneInfo("UTC")
"""The offset of published test decks; a day is fixed when a fact enters."""
BUNDLE = (Teller("", datetime.min.replace(tzinfo=UTC), "bundle"),)
"""Nobody told what stands in a file of its own."""


class Evaluator:
    """A measure and the value sets that it asks for, ready for one person after the other."""

    def __init__(self, measure: Measure, sets: ValueSets, zone: ZoneInfo = UTC) -> None:
        lists = {meant: Listed(codes) for meant, codes in measure.lists.items()}
        narrowed = sets.narrowed(frozenset(measure.needs))
        self.measure, self.zone = measure, zone
        self.sets = ValueSets({**{name: narrowed.listed(name) for name in narrowed.names}, **lists})

    def entered(self, clinical: Iterable[Clinical]) -> list[Item]:
        """A person's facts as items."""
        told = list(clinical)
        classes = {one.resource: one.act_class for one in told if one.kind == "encounter" and one.act_class}
        items: list[Item] = []
        for one in told:
            items += enter_clinical(one, BUNDLE, self.zone, self.sets, classes.get(one.encounter, ""))
        return items

    def counted(self, items: Sequence[Item], person: Person, period: Period) -> list[Counted]:
        """Every unit in the initial population."""
        return self.measure.counted(Index(items, person, period.last), period)

    def counts(self, counted: Sequence[Counted]) -> list[dict[str, int | None]]:
        """The sums of each population, of each group: raw, as a MeasureReport counts. None for one that is lacking."""
        measure = self.measure
        return [
            {
                "initial-population": len(counted),
                "denominator": sum(one.denominator for one in counted),
                "denominator-exclusion": sum(one.exclusion for one in counted) if measure.exclusion else None,
                "denominator-exception": sum(one.exceptions[place] for one in counted) if measure.exception else None,
                "numerator": sum(one.numerators[place] for one in counted),
            }
            for place in range(len(measure.rates))
        ]


def as_line(file: str, groups: Sequence[dict[str, int | None]]) -> dict[str, Any]:
    """What `evaluate` prints of a bundle: the first group, and all of them where there are several."""
    line: dict[str, Any] = {"file": file, **groups[0]}
    return {**line, "groups": list(groups)} if len(groups) > 1 else line
