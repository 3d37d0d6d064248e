"""HL7 time stamps (TS, DTM) as `models.time.Stamp`: wall clock, offset if one was written, precision."""

import re
from datetime import datetime, timedelta
from functools import lru_cache

from models.time import Precision, Stamp

_HL7 = re.compile(r"(\d{14}|\d{4}(?:\d\d){0,4})(?:(?<=\d{14})\.(\d{0,9}))?\s*(?:([+-])(\d\d):?(\d\d)|(Z))?", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?\s*(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_PRECISIONS: dict[int, Precision] = {8: "day", 10: "hour", 12: "minute", 14: "second"}
"""By the number of digits."""


class BadTime(ValueError):
    """Text that stands where a time should, and is none. The message is the text's shape, never the text."""


@lru_cache(maxsize=8192)
def stamp(text: str, offset: int | None = None) -> Stamp | None:
    """Read one time stamp. The same text comes again and again: in EVN-2 and MSH-7, in every message of a visit.

    Args:
        text: unescaped, stripped.
        offset: the message's own (MSH-7), for a time without one.

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
    digits, fraction, sign, hours, minutes, zulu = found.groups()
    if not "1902" <= digits[:4] <= "2098" or len(digits) < 8 or digits[6:8] == "00":
        return None
    wall, precision = _wall(text, digits), _PRECISIONS[len(digits)]
    if fraction:
        wall = wall.replace(microsecond=int(fraction[:6].ljust(6, "0")))
    if precision == "day":
        return Stamp(wall, None, precision)
    if zulu:
        offset = 0
    if sign:
        offset = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
        if abs(offset) > 14 * 60 or int(minutes) > 59:
            raise BadTime("a time stamp with an offset that no zone has")
    return Stamp(wall, offset, precision)


def with_offset(one: Stamp, offset: int) -> Stamp:
    """The stamp with a message's own offset (MSH-7) where it had none; dates stay dates (R-65)."""
    return one if one.offset is not None or one.precision == "day" else Stamp(one.wall, offset, one.precision)


def _wall(text: str, digits: str) -> datetime:
    clock = digits[8:].ljust(6, "0")
    if next_day := clock == "240000":
        clock = "000000"
    elif clock.endswith("60"):  # a leap second
        clock = f"{clock[:4]}59"
    try:
        wall = datetime.fromisoformat(f"{digits[:8]}T{clock}")
    except ValueError:
        count = sum(sign.isdigit() for sign in text)
        raise BadTime(f"{count} digits, but no such calendar day or clock time") from None
    return wall + timedelta(days=1) if next_day else wall


def _compact(text: str) -> str:
    """ISO 8601 with its dashes and colons, as some senders write, in HL7's form; other text unchanged."""
    found = _ISO.fullmatch(text)
    return "".join(part or "" for part in found.groups()) if found else text
