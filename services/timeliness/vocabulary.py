"""The words of a rule page. Each is closed: what is not listed here is a mistake, and the nearest word is suggested.

To add a word is to add it here, to `models.rule`, and to `docs/reference/rules.md`; a test compares the two.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field

from models.page_words import one_of
from models.rule import Clock, Ending, Lack, Trigger, Unit

StayClass = Literal["inpatient", "observation", "emergency", "outpatient", "snf", "ltc", "other"]
Risk = Literal["high", "medium", "lower", "pregnancy"]
Destination = Literal["community", "facility"]
OwnerRole = Literal["lead_cm", "mcp", "ecm_provider", "um", "pcp"]
CareEventType = Literal[
    "contact", "outreach_attempt", "care_plan_completed", "assessment_completed", "medication_reconciliation",
    "discharge_information_received", "notification_delivered", "task_note",
]  # fmt: skip
Outcome = Literal["reached", "no_answer", "voicemail", "third_party", "wrong_number", "declined", "sent"]
Mode = Literal[
    "phone", "text", "email", "in_person", "video", "portal", "letter", "mass_mail", "robocall",
    "pcp", "ongoing_provider", "lead_cm", "facility",
]  # fmt: skip
Recipient = Literal["lead_cm", "facility", "member", "pcp", "ecm_provider", "ongoing_provider"]
TaskAction = Literal["done", "declined", "not_possible"]
RosterField = Literal["lead_cm_id", "ecm_provider_id"]
NotPossible = Literal["against_medical_advice"]

UNITS: tuple[Unit, ...] = get_args(Unit)
_LENGTH = re.compile(r"([1-9]\d{0,3}) (minute|hour|calendar day|business day)(s?)")


def length(value: object) -> tuple[int, Unit]:
    """Read `2 business days`; raises ValueError with the remedy on its second line."""
    match = _LENGTH.fullmatch(value) if isinstance(value, str) else None
    if match and (match[3] or match[1] == "1"):
        return int(match[1]), _unit(f"{match[2]}s")
    amount, _, unit = str(value).partition(" ")
    near = get_close_matches(unit, UNITS, 1) if amount.isdigit() else []
    hint = f"Did you mean '{amount} {near[0]}'? " if near else ""
    raise ValueError(
        f"{value!r} is not a length of time.\n"
        f"{hint}Write '<n> minutes', '<n> hours', '<n> calendar days' or '<n> business days'."
    )


def _unit(word: str) -> Unit:
    return next(unit for unit in UNITS if unit == word)


def _of_unit(wanted: Unit) -> Callable[[object], int]:
    def read(value: object) -> int:
        amount, unit = length(value)
        if unit != wanted:
            raise ValueError(f"{value!r} does not count {wanted}.\nWrite '<n> {wanted}'.")
        return amount

    return read


def instant(value: object) -> datetime:
    """Read `2025-03-06T11:30:00-08:00`; the offset must be written."""
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError(f"{value!r} is no time with an offset.\nWrite it as 2025-03-06T11:30:00-08:00.")
    return at.astimezone(UTC)


def time_zone(value: object) -> ZoneInfo:
    """Read `America/Los_Angeles`."""
    try:
        return ZoneInfo(str(value))
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"{value!r} is no time zone.\nWrite a name such as America/Los_Angeles.") from None


Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Length = Annotated[tuple[int, Unit], BeforeValidator(length)]
Hours = Annotated[int, BeforeValidator(_of_unit("hours"))]
CalendarDays = Annotated[int, BeforeValidator(_of_unit("calendar days"))]
At = Annotated[datetime, BeforeValidator(instant)]
Zone = Annotated[ZoneInfo, BeforeValidator(time_zone)]

TriggerWord = Annotated[Trigger, one_of(Trigger)]
ClassWord = Annotated[StayClass, one_of(StayClass)]
RiskWord = Annotated[Risk, one_of(Risk)]
DestinationWord = Annotated[Destination, one_of(Destination)]
LackWord = Annotated[Lack, one_of(Lack)]
ClockWord = Annotated[Clock, one_of(Clock)]
OwnerWord = Annotated[OwnerRole, one_of(OwnerRole)]
EndingWord = Annotated[Ending, one_of(Ending)]
NotPossibleWord = Annotated[NotPossible, one_of(NotPossible)]
CareEventWord = Annotated[CareEventType, one_of(CareEventType)]
OutcomeWord = Annotated[Outcome, one_of(Outcome)]
ModeWord = Annotated[Mode, one_of(Mode)]
RecipientWord = Annotated[Recipient, one_of(Recipient)]
TaskActionWord = Annotated[TaskAction, one_of(TaskAction)]
RosterWord = Annotated[RosterField, one_of(RosterField)]
