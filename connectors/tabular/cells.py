"""What may stand in a cell: days, times, codes, ids. Each type says what is wrong without ever showing the value."""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from models.names import NAME_BYTES, size_of
from models.subjects import is_member
from models.time import Instant, Stamp, end_of_day, resolve
from services.identity import normalise

_ISO_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_US_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: 0?0:00(?::00)?)?")
_US_TIME = re.compile(r"(\d{1,2}/\d{1,2}/\d{4}) (\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([AaPp])[Mm])?")
_NO_DAY = re.compile(r"[0\-/ ]+")
_PLAIN_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


def wrong(reason: str, fix: str) -> PydanticCustomError:
    """An error of a cell: `reason` is a stable word, `fix` says what to write."""
    return PydanticCustomError(reason, "{fix}", {"fix": fix})


def shape(text: str) -> str:
    """What a cell looks like, never what it says: `8 characters, letters and digits`."""
    kinds = [
        name
        for name, has in (
            ("letters", any(map(str.isalpha, text))),
            ("digits", any(map(str.isdigit, text))),
            ("signs", any(not sign.isalnum() for sign in text)),
        )
        if has
    ]
    size = f"{len(text)} character{'s' * (len(text) != 1)}"
    return f"{size}, {' and '.join(kinds)}" if kinds else "empty"


def day(text: str) -> date | None:
    """A calendar day, YYYY-MM-DD or MM/DD/YYYY; None for an empty cell."""
    if not text:
        return None
    if found := _ISO_DAY.fullmatch(text):
        year, month, number = map(int, found.groups())
    elif found := _US_DAY.fullmatch(text):
        month, number, year = map(int, found.groups())
    else:
        raise wrong("bad_date", "Write YYYY-MM-DD or MM/DD/YYYY.")
    try:
        return date(year, month, number)
    except ValueError:
        raise wrong("bad_date", "There is no such calendar day; write YYYY-MM-DD or MM/DD/YYYY.") from None


def _birth(text: str) -> date | None:
    if _NO_DAY.fullmatch(text):
        return None
    written = day(text)
    return normalise.birth_date(written.isoformat()) if written else None


def instant(text: str, zone: ZoneInfo, received_at: Instant) -> Instant:
    """An instant: ISO 8601, or MM/DD/YYYY HH:MM. A time without offset is one of `zone`.

    A day without a time is the end of that day, as for discharges (contract), yet never later than its receipt:
    nothing is told before it happens, and evidence of this morning counts this morning.
    """
    if not text:
        raise wrong("missing", "Write when it happened, such as 2025-03-07T10:00:00-08:00.")
    try:
        return _instant_of(text, zone, received_at)
    except OverflowError:  # the last day of the calendar, in a zone where it is over later
        raise _no_such_time() from None


def _instant_of(text: str, zone: ZoneInfo, received_at: Instant) -> Instant:
    if (_ISO_DAY.fullmatch(text) and ":" not in text) or _US_DAY.fullmatch(text):
        return _by_the_end_of(day(text), zone, received_at)
    written = _wall(text)
    return resolve(Stamp(written), zone).at if written.tzinfo is None else written.astimezone(received_at.tzinfo)


def _by_the_end_of(on: date | None, zone: ZoneInfo, received_at: Instant) -> Instant:
    assert on is not None
    end = end_of_day(on, zone)
    return received_at if received_at.astimezone(zone).date() == on else end


def _wall(text: str) -> datetime:
    try:
        if found := _US_TIME.fullmatch(text):
            on = day(found[1])
            assert on is not None
            return datetime(on.year, on.month, on.day, _hour(found), int(found[3]), int(found[4] or 0))  # noqa: DTZ001
        return datetime.fromisoformat(text)
    except (ValueError, PydanticCustomError):
        raise _no_such_time() from None


def _hour(found: re.Match[str]) -> int:
    """The hour of a 12- or 24-hour clock."""
    hour = int(found[2])
    if found[5] is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + (12 if found[5] in "Pp" else 0)


def _no_such_time() -> PydanticCustomError:
    return wrong("bad_time", "Write ISO 8601 with an offset, such as 2025-03-07T10:00:00-08:00.")


def _filled(text: str) -> str:
    if not text:
        raise wrong("missing", "Fill this column in.")
    return text


def _id(text: str) -> str:
    return _name(_filled(text))


def _name(text: str, most: int = NAME_BYTES) -> str:
    if size_of(text) > most:
        raise wrong("too_long", f"Write at most {most} bytes.")
    return text


def _member(text: str) -> str:
    """A member's id: `@` begins the ids of what is no member (`models.subjects`)."""
    return _member_or_nobody(_id(text))


def _member_or_nobody(text: str) -> str:
    if not is_member(text):
        raise wrong("bad_id", "Write the member's id; it cannot begin with @.")
    return _name(text)


def _patient(text: str) -> str:
    """A source patient's key: three names and two bars."""
    return _name(_filled(text), 3 * NAME_BYTES + 2)


def _month(text: str) -> str:
    if not _MONTH.fullmatch(_id(text)):
        raise wrong("bad_month", "Write the month as YYYY-MM, such as 2025-06.")
    return text


def exact(text: str) -> str:
    """An exact decimal as plain text, `1234.50` for `$1,234.50` and `-5` for `(5)`; "" for what is no number."""
    plain = text.replace(",", "").replace("$", "").replace(" ", "")
    if plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1]}"
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return ""
    # Python reads more than people write: exponents, NaN, underscores.
    return str(number) if _PLAIN_NUMBER.fullmatch(plain) else ""


def _amount(text: str) -> str:
    if not (number := exact(_id(text))):
        raise wrong("bad_number", "Write a plain number, such as 1234.50.")
    return number


def _codes(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (code.strip().upper().replace(".", "") for code in text.split(";"))))


def _instant(text: str, info: ValidationInfo) -> Instant:
    context: dict[str, Any] = info.context or {}
    return instant(text, context["zone"], context["received_at"])


Id = Annotated[str, BeforeValidator(_id)]
Name = Annotated[str, BeforeValidator(_name)]
"""What becomes part of a key where it is said: an id that may be empty, or a stratum."""
Patient = Annotated[str, BeforeValidator(_patient)]
Member = Annotated[str, BeforeValidator(_member)]
MemberOrNobody = Annotated[str, BeforeValidator(_member_or_nobody)]
Month = Annotated[str, BeforeValidator(_month)]
"""A month, YYYY-MM."""
Amount = Annotated[str, BeforeValidator(_amount)]
"""An exact decimal as text."""
Word = Annotated[str, BeforeValidator(str.lower)]
"""A code word, compared in lower case."""
Day = Annotated[date | None, BeforeValidator(day)]
Birth = Annotated[date | None, BeforeValidator(_birth)]
When = Annotated[datetime, BeforeValidator(_instant)]
"""An instant; needs `zone` and `received_at` in the validation context."""
Codes = Annotated[tuple[str, ...], BeforeValidator(_codes)]
"""Codes parted by `;`, upper case, without dots, in the order written."""
