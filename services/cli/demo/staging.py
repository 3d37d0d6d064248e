"""The stage: a folder with an empty store's place, a configuration for it, and a clock that tells the story's time."""

import json
from datetime import timedelta
from pathlib import Path
from threading import Lock

from models.time import Instant
from services.cli.demo.cast import table
from services.cli.demo.wording import NORTH, SOUTH
from services.wiring.clock import Clock
from services.wiring.setup import Setup, read_setup

CONFIG, CODES = "demo.yaml", "demo-codes.csv"
_PAGE = """\
# Written by `warmhandoff demo`, for the store in this folder.
store: {store}
value_sets: [{codes}]
---
feeds:
  {north}: {{listen: "127.0.0.1:0", processing_ids: [P, ""]}}
  {south}: {{listen: "127.0.0.1:0", processing_ids: [P, ""]}}
"""
# The one code that the story's claims carry; an installation loads its licensed lists instead.
_SETS = ("outpatient-or-telehealth", "transitional-care-management", "medication-reconciliation")
_MOMENT = timedelta(microseconds=1)


def staged(folder: Path) -> Setup:
    """Write the demo's own configuration into the folder, where every other command can read it too, and read it."""
    folder.mkdir(parents=True, exist_ok=True)
    codes, config = folder.absolute() / CODES, folder / CONFIG
    rows = [(name, "CPT", "demo", "99495", "") for name in _SETS]
    codes.write_text(table(("name", "system", "version", "code", "display"), rows), "utf-8")
    store = json.dumps(str(folder.absolute()))  # a JSON string is a YAML string, whatever the path holds
    page = _PAGE.format(store=store, codes=json.dumps(str(codes)), north=NORTH, south=SOUTH)
    config.write_text(page, "utf-8")
    return read_setup(config)


class StoryClock(Clock):
    """Stands still but for the smallest step a reading, until it is told to move; `go_live` makes it the real clock.

    So a fortnight is received within a minute as if it had taken a fortnight: what falls due meanwhile falls due.
    """

    def __init__(self, start: Instant) -> None:
        super().__init__()
        self._told = start
        self._live = False
        self._guard = Lock()

    def __call__(self) -> Instant:
        with self._guard:
            if self._live:
                return super().__call__()
            self._told += _MOMENT
            return self._told

    def wall(self) -> Instant:
        return super().wall() if self._live else self._told

    def ticks(self) -> float:
        return self.wall().timestamp()  # the story's leap into the present is no jump

    def to(self, at: Instant) -> None:
        """Move on to an instant; never back."""
        with self._guard:
            self._told = max(self._told, at)

    def go_live(self) -> None:
        """Tell the real time from now on."""
        with self._guard:
            self._live = True
