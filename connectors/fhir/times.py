"""FHIR date, dateTime, instant, Period and Timing as `models.time.Stamp`s: as written, never filled up.

A year or a month alone is the span of its days. Source: FHIR R4, datatypes.
"""

import re
from calendar import monthrange
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from connectors.fhir.elements import Json, node, text, texts
from models.time import Precision, Stamp

_FORM = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?\s?(Z|z|[+-]\d\d:?\d\d)?)?)?)?", re.ASCII
)


class Span(NamedTuple):
    """When something began and ended. `end` is None for a point in time and while there is no end."""

    start: Stamp | None = None
    end: Stamp | None = None


NEVER = Span()


@lru_cache(maxsize=8192)
def span(written: str) -> Span:
    """Read one time; a year or a month is all its days, anything more precise has no end.

    Empty when it is no time, no such day, or a filler (before 1902, after 2098: open ends are written as 9999).
    """
    found = _FORM.fullmatch(written)
    if found is None or not "1902" <= found[1] <= "2098":
        return NEVER
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        if day is None:
            first, last = int(month or 1), int(month or 12)
            start, end = _wall(int(year), first, 1), _wall(int(year), last, monthrange(int(year), last)[1])
            return Span(Stamp(start, None, "day"), Stamp(end, None, "day"))
        if hour is None:
            return Span(Stamp(_wall(int(year), int(month), int(day)), None, "day"))
        precision: Precision = "second" if second else "minute"
        micro = int((fraction or "0")[:6].ljust(6, "0"))
        seconds = min(int(second or 0), 59)  # a leap second
        wall = _wall(int(year), int(month), int(day), int(hour), int(minute), seconds, micro)
    except ValueError:
        return NEVER
    offset = _offset(zone)
    return Span(Stamp(wall, offset, precision)) if offset is None or abs(offset) <= 14 * 60 else NEVER


def _wall(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0, micro: int = 0) -> datetime:
    """A clock on a wall; ValueError for a day or an hour that does not exist."""
    return datetime(year, month, day, hour, minute, second, micro)  # noqa: DTZ001 - a stamp keeps its offset apart


def stamp_at(element: Json, *names: str) -> Stamp | None:
    """The first of several time elements that says when, by its first day."""
    return next((found.start for name in names if (found := span(text(element, name))).start), None)


def period(element: Json) -> Span:
    """A Period, both ends as far as they are known."""
    end = span(text(element, "end"))
    return Span(span(text(element, "start")).start, end.end or end.start)


def when(element: Json, stem: str) -> Span:
    """A choice of time types: `effective` reads effectiveDateTime, -Instant, -Period and -Timing."""
    for ending in ("DateTime", "Instant", "Date"):
        if written := text(element, stem + ending):
            return span(written)
    if told := node(element, stem + "Period"):
        return period(told)
    if timing := node(element, stem + "Timing"):
        return _timing(timing)
    return NEVER


def _timing(timing: Json) -> Span:
    events = [found for written in texts(timing, "event") if (found := span(written)).start]
    if not events:
        return period(node(node(timing, "repeat"), "boundsPeriod"))
    return Span(events[0].start, (events[-1].end or events[-1].start) if len(events) > 1 else events[0].end)


def _offset(zone: str | None) -> int | None:
    if zone is None:
        return None
    if zone in "Zz":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return -minutes if zone[0] == "-" else minutes
