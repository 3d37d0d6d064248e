"""HL7 time stamps (TS, DTM) as `models.time.Stamp`: wall clock, offset if one was written, precision."""

import re
from datetime import datetime, timedelta
from functools import lru_cache

from models.time import Precision, Stamp

_HL7 = re.compile(
    r"(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{0,9}))?)?)?)?)?)?\s*(?:([+-])(\d\d):?(\d\d)|(Z))?",
    re.ASCII,
)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_PLACEHOLDER_YEARS = frozenset({1900, 1901, 2099})


class BadTime(ValueError):
    """Text that stands where a time should, and is none. The message is the text's shape, never the text."""


@lru_cache(maxsize=8192)
def stamp(text: str) -> Stamp | None:
    """Read one time stamp.

    Args:
        text: unescaped, stripped.

    Returns:
        None when it is empty, a placeholder (years 1900, 1901, 2099, before 1900 or after 2099; zeros) or no more
        precise than a month. An offset on a mere date is dropped: a date stays a date.

    Raises:
        BadTime: it is no time stamp, or no such calendar day or clock time.
    """
    if not text or not text.strip("0"):
        return None
    found = _HL7.fullmatch(text) or _HL7.fullmatch(_compact(text))
    if found is None:
        raise BadTime(f"{len(text)} characters that are no time stamp")
    year, month, day, hour, minute, second, fraction, sign, hours, minutes, _ = found.groups()
    if not 1902 <= int(year) <= 2098 or not month or not day or day == "00":
        return None
    wall = _wall(text, int(year), int(month), int(day), hour, minute, second)
    if fraction:
        wall = wall.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    precision: Precision = "second" if second else "minute" if minute else "hour" if hour else "day"
    if precision == "day":
        return Stamp(wall, None, precision)
    offset = 0 if found[11] else None
    if sign:
        offset = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
        if abs(offset) > 14 * 60 or int(minutes) > 59:
            raise BadTime("a time stamp with an offset that no zone has")
    return Stamp(wall, offset, precision)


@lru_cache(maxsize=8192)
def with_offset(one: Stamp, offset: int) -> Stamp:
    """The stamp with a message's own offset (MSH-7) where it had none; dates stay dates (R-65)."""
    return one if one.offset is not None or one.precision == "day" else Stamp(one.wall, offset, one.precision)


def _wall(
    text: str, year: int, month: int, day: int, hour: str | None, minute: str | None, second: str | None
) -> datetime:
    hours, minutes, seconds = int(hour or 0), int(minute or 0), int(second or 0)
    next_day = (hours, minutes, seconds) == (24, 0, 0)
    seconds = 59 if seconds == 60 else seconds  # a leap second
    try:
        wall = datetime(year, month, day, 0 if next_day else hours, minutes, seconds)  # noqa: DTZ001 (a wall clock)
    except ValueError:
        digits = sum(sign.isdigit() for sign in text)
        raise BadTime(f"{digits} digits, but no such calendar day or clock time") from None
    return wall + timedelta(days=1) if next_day else wall


def _compact(text: str) -> str:
    """ISO 8601 with its dashes and colons, as some senders write, in HL7's form; other text unchanged."""
    found = _ISO.fullmatch(text)
    return "".join(part or "" for part in found.groups()) if found else text
