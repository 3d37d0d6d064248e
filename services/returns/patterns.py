"""Days, months and times as plans write them (`MM-DD-YYYY`), to and from the canonical form (`2025-06-30`)."""

import re
from datetime import date
from functools import lru_cache

_TOKENS = {"YYYY": r"(?P<year>\d{4})", "MM": r"(?P<month>\d{1,2})", "DD": r"(?P<day>\d{1,2})"}
_SPLIT = re.compile("(YYYY|MM|DD)")
_CANONICAL = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)(?:-(?P<day>\d\d))?", re.ASCII)
_CLOCK = re.compile(r"(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?", re.ASCII)


def is_pattern(text: str, tokens: str) -> bool:
    """Say whether a pattern has each of the tokens (`YYYY MM DD`) once, and between them only what is no letter."""
    rest = [piece for piece in _SPLIT.split(text) if piece not in _TOKENS]
    return sorted(_SPLIT.findall(text)) == sorted(tokens.split()) and not any(map(str.isalnum, "".join(rest)))


def read_day(text: str, pattern: str) -> str:
    """A day in canonical form; "" for what is no day of this pattern, nor a canonical one."""
    return _day(text, pattern) or _day(text, "YYYY-MM-DD")


def read_month(text: str, months: str, dates: str) -> str:
    """A month in canonical form, from a month or from a day or time in it; "" for what is neither."""
    for pattern in (months, "YYYY-MM"):
        if (found := _compiled(pattern).fullmatch(text)) and 1 <= int(found["month"]) <= 12 and int(found["year"]):
            return f"{found['year']}-{int(found['month']):02}"
    return read_time(text, dates)[:7]


def read_time(text: str, pattern: str) -> str:
    """A day, or a day and a time, in canonical form (`2025-06-30T14:05`); "" for what is neither."""
    if day := read_day(text, pattern):
        return day
    before, _, clock = text.replace("T", " ").rpartition(" ")
    found, day = _CLOCK.fullmatch(clock), read_day(before.strip(), pattern)
    return f"{day}T{int(found['hour']):02}:{found['minute']}" if found and day else ""


def written(canonical: str, pattern: str) -> str:
    """A canonical day or month in a plan's pattern; what is none of both as it is."""
    found = _CANONICAL.fullmatch(canonical)
    if found is None or (found["day"] is None and "DD" in pattern):
        return canonical
    parts = {"YYYY": found["year"], "MM": found["month"], "DD": found["day"] or ""}
    return "".join(parts.get(piece, piece) for piece in _SPLIT.split(pattern))


def written_time(canonical: str, pattern: str) -> str:
    """A canonical day, or day and time, in a plan's pattern."""
    day, _, clock = canonical.partition("T")
    return f"{written(day, pattern)} {clock}" if clock else written(day, pattern)


def _day(text: str, pattern: str) -> str:
    found = _compiled(pattern).fullmatch(text)
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"])).isoformat() if found else ""
    except ValueError:
        return ""


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    pieces = (_TOKENS.get(piece, re.escape(piece)) for piece in _SPLIT.split(pattern))
    return re.compile("".join(pieces), re.ASCII)
