"""Times as they were written, and the instants they mean.

Three clocks are kept apart everywhere: `occurred_at` (in the clinic), `recorded_at` (at the sender) and
`received_at` (here). An `Instant` is an aware `datetime` in UTC.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

Instant: TypeAlias = datetime
YEARS = range(1900, 2200)
"""In which receipts lie, and what can be asked for: local days near the calendar's ends do not exist."""
Precision = Literal["day", "hour", "minute", "second"]


class Stamp(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A time as a sender wrote it: wall clock, offset in minutes if one was written, and how precise it was.

    A date without a time keeps precision `day`: noon is never invented.
    """

    wall: datetime
    offset: int | None = None
    precision: Precision = "second"


class Resolved(msgspec.Struct, frozen=True):
    """The instant a stamp means in a zone, with what had to be assumed: `tz_gap` (a local time that the clock
    change skips was moved forward) or `tz_overlap` (the first of two was taken).
    """

    at: Instant
    flags: tuple[str, ...] = ()


def resolve(stamp: Stamp, zone: ZoneInfo) -> Resolved:
    """Say which instant a stamp means; a written offset wins over the zone.

    Source: interop R-65 and care-rules §6.1 (gap: forward one hour; overlap: the first occurrence).
    """
    if stamp.offset is not None:
        return Resolved(_in(UTC, stamp.wall - timedelta(minutes=stamp.offset)))
    first = _in(zone, stamp.wall)
    at = first.astimezone(UTC)
    if first.utcoffset() == first.replace(fold=1).utcoffset():
        return Resolved(at)
    # fold=0 in a gap reads the clock as before the change, which is the wall time moved forward by the gap.
    gap = at.astimezone(zone).replace(tzinfo=None) != stamp.wall
    return Resolved(at, ("tz_gap",) if gap else ("tz_overlap",))


def _in(zone: tzinfo, wall: datetime) -> datetime:
    # What `wall.replace(tzinfo=zone)` gives, at a quarter of its cost.
    return datetime.combine(wall.date(), wall.time(), zone)


def end_of_day(day: date, zone: ZoneInfo) -> Instant:
    """23:59:59 local: when day deadlines fall."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=zone).astimezone(UTC)


def start_of_day(day: date, zone: ZoneInfo) -> Instant:
    """Midnight at which a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def local_day(at: Instant, zone: ZoneInfo) -> date:
    """The local date of an instant."""
    return at.astimezone(zone).date()
