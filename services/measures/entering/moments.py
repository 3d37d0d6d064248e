"""On which local day something happened, and at which instant, where a clock was told."""

from zoneinfo import ZoneInfo

from models.time import Instant, Stamp, resolve

Moment = tuple[int, Instant | None]
"""A local day as `date.toordinal()` numbers it, and the instant; None for a date alone."""


def moment_of(stamp: Stamp, zone: ZoneInfo) -> Moment:
    """Place a stamp. A date alone, or a wall time without offset, is of the day that it names."""
    wall = stamp.wall
    if stamp.precision == "day":
        return wall.toordinal(), None
    at = resolve(stamp, zone).at
    return (wall if stamp.offset is None else at.astimezone(zone)).toordinal(), at


def day_of(at: Instant, zone: ZoneInfo) -> int:
    """The local day of an instant."""
    return at.astimezone(zone).toordinal()
