"""A made-up world as a whole: what its feeds deliver, and what is true at any instant.

Everything is made afresh each time it is asked for, household by household, so that a large world needs little memory.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from services.simulation.files import months_of, returning
from services.simulation.household import FIRST_ROSTER, Household, household
from services.simulation.measuring.returned import on_time
from services.simulation.places import registry_csv, table
from services.simulation.recipe import Recipe
from services.simulation.roster import HEADER
from services.simulation.sending import Delivery
from services.simulation.truth import Label

HOUSEHOLDS_A_FILE = 200
"""Members listed together in one first roster file."""


class World:
    """What a recipe makes. `mark` names it: the registry that it delivers and every label carry it."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.mark = recipe.mark
        self.instants = recipe.instants

    def deliveries(self) -> list[Delivery]:
        """Everything that is ever received, in order of receipt. For large worlds use `households`."""
        found = [delivery for delivery, _ in self.told()]
        return sorted(found, key=lambda delivery: delivery.received_at)

    def told(self) -> Iterator[tuple[Delivery, Household | None]]:
        """Every delivery, in no order, with the household it is about when it is the household's first one."""
        recipe = self.recipe
        yield Delivery(recipe.begins_at + timedelta(hours=5), "sim-plan", "facilities", registry_csv(self.mark)), None
        rows: list[tuple[str, ...]] = []
        panelists: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
        for number in range(1, recipe.members + 1):
            one = household(recipe, number)
            rows += one.first_rows
            if recipe.measures:
                _return(one, recipe, panelists)
            for n, delivery in enumerate(one.deliveries):
                yield delivery, one if n == 0 else None
            if number % HOUSEHOLDS_A_FILE == 0 or number == recipe.members:
                yield Delivery(recipe.begins_at + FIRST_ROSTER, "sim-plan", "roster", table(HEADER, rows)), None
                rows = []
        if recipe.measures:
            for versions in returning(recipe):
                yield from ((version.delivery(panelists), None) for version in versions)

    def labels(self, at: datetime) -> Iterator[Label]:
        """What should be listed at an instant by who had received everything delivered by then: a label a member."""
        for number in range(1, self.recipe.members + 1):
            yield from labels_of(household(self.recipe, number), self.recipe, [at])
        yield from file_labels(self.recipe, [at])


def labels_of(one: Household, recipe: Recipe, instants: Sequence[datetime]) -> Iterator[Label]:
    """The labels of a household's members at some instants."""
    for chronicle in one.chronicles:
        for at in instants:
            label = chronicle.label(recipe.mark, at, recipe.years(at))
            if label:
                yield label


def file_labels(recipe: Recipe, instants: Sequence[datetime]) -> Iterator[Label]:
    """The labels of the providers' return files at some instants: none in a world without measures."""
    for versions in returning(recipe) if recipe.measures else ():
        faults = tuple(sorted({fault for version in versions for fault in version.faults}))
        for at in instants:
            years = recipe.years(at)
            measures = tuple(entry for entry in on_time(versions, at, years) if entry.denominator)
            if versions and measures:
                periods = tuple(map(str, years))
                yield Label(recipe.mark, versions[0].subject, at, (), (), faults, measures, periods)


def _return(one: Household, recipe: Recipe, panelists: dict[tuple[str, str, str], list[tuple[str, str]]]) -> None:
    for chronicle in one.chronicles:
        for plan, provider, month, status in months_of(chronicle.rows, recipe):
            panelists.setdefault((plan, provider, month), []).append((chronicle.person.member_id, status))
