"""The story: fourteen days of two exchanges, told as they would tell it. Same start, same bytes."""

from datetime import datetime, timedelta

import msgspec

from services.cli.demo.cast import facilities_csv, roster_csv
from services.cli.demo.oddities import ODDITIES
from services.cli.demo.plots import PLOTS
from services.cli.demo.telling import LENGTH, Pen, Told

__all__ = ["LENGTH", "Story", "Told", "story"]


class Story(msgspec.Struct, frozen=True):
    """What the demo loads first, and what it then plays in order of `Told.at`."""

    facilities_csv: str
    roster_csv: str
    lines: tuple[Told, ...]


def story(start: datetime) -> Story:
    """Tell the story that began at `start`, an aware instant: `LENGTH` before now makes it end now."""
    pen = Pen(start)
    for plot in (*PLOTS, *ODDITIES):
        plot(pen)
    return Story(facilities_csv(), roster_csv(start - timedelta(days=1)), pen.told())
