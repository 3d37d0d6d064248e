"""The stage: a folder with an empty store's place, a configuration for it, and a clock that tells the story's time."""

import json
from datetime import timedelta
from pathlib import Path
from threading import Lock

from models.time import Instant, local_day
from services.simulation.deeds import value_sets_csv
from services.simulation.holidays import FIRST, LAST
from services.simulation.places import EXCHANGE, NORTH, SOUTH, ZONE
from services.simulation.recipe import DAYS_MIN, EARLIEST, FAULTS, LATEST, TAIL, ImpossibleRecipe, Recipe
from services.wiring.clock import Clock
from services.wiring.setup import Setup, read_setup

CONFIG, CODES = "demo.yaml", "demo-codes.csv"
_PAGE = """\
# Written by `warmhandoff demo`, for the store in this folder.
store: {store}
value_sets: [{codes}]
programs: [{programs}]
---
feeds:
"""
PROGRAMS = ("sim.points", "sim.episode")
"""The shipped examples that pay by what the made-up feeds tell."""
_FEED = '  {name}: {{listen: "127.0.0.1:0", processing_ids: [P, ""]}}\n'
_MARGIN = timedelta(hours=2)
"""The story's last instant, an hour after its last delivery, has passed by now."""


def recipe_until(now: Instant, members: int, days: int, seed: int) -> Recipe:
    """A world with every fault, whose last delivery comes before `now`: at the last midnight, where tables reach.

    Raises:
        ImpossibleRecipe: with what to write instead.
    """
    length = timedelta(days=min(max(days, 0), (LAST - FIRST).days))
    last_day = min(local_day(now - _MARGIN, ZONE), LATEST + length + TAIL)
    start = last_day - TAIL - length
    if start < EARLIEST:
        most = (last_day - TAIL - EARLIEST).days
        raise ImpossibleRecipe(
            f"--days: a story of {days} days would begin before {EARLIEST}; the holiday tables do not reach so far.\n"
            f"Write {DAYS_MIN} to {most}."
        )
    return Recipe(members, days, seed, frozenset(FAULTS), start, claims=True)


def staged(folder: Path) -> Setup:
    """Write the demo's own configuration into the folder, where every other command can read it too, and read it."""
    folder.mkdir(parents=True, exist_ok=True)
    codes, config = folder.absolute() / CODES, folder / CONFIG
    codes.write_text(value_sets_csv(), "utf-8")
    store = json.dumps(str(folder.absolute()))  # a JSON string is a YAML string, whatever the path holds
    feeds = "".join(_FEED.format(name=feed.name) for feed in (NORTH, SOUTH, EXCHANGE))
    page = _PAGE.format(store=store, codes=json.dumps(str(codes)), programs=", ".join(PROGRAMS))
    config.write_text(page + feeds, "utf-8")
    return read_setup(config)


class StoryClock(Clock):
    """Stands still until it is told to move; `go_live` makes it the real clock.

    So a month is received within a minute as if it had taken a month: what falls due meanwhile falls due.
    """

    def __init__(self, start: Instant) -> None:
        super().__init__()
        self._told = self._walled = start
        self._live = False
        self._guard = Lock()

    def __call__(self) -> Instant:
        return super().__call__() if self._live else self._told

    def wall(self) -> Instant:
        with self._guard:
            self._walled = super().wall() if self._live else self._told
            return self._walled

    def ticks(self) -> float:
        # Who compares the two reads the wall first: the story's leaps, also one just between, are no jumps.
        with self._guard:
            return self._walled.timestamp()

    def to(self, at: Instant) -> None:
        """Move on to an instant; never back."""
        with self._guard:
            self._told = max(self._told, at)

    def go_live(self) -> None:
        """Tell the real time from now on."""
        with self._guard:
            self._live = True
