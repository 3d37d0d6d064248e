"""When a rule is raised, when its task appears, and when it is due.

Hours and minutes are elapsed time in UTC. Days are local dates: day 0 is the local date of the clock's start, and a
day deadline falls at 23:59:59 local. n business days skip day 0 and count open days.

Source: care-rules §6.1 and contract, "Community discharge".
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from models.dispositions import NOT_COMMUNITY
from models.events import PatientClass
from models.reference import Calendar
from models.rule import Clock, Lack, Rule, Trigger, Within
from models.time import Instant, end_of_day, local_day, start_of_day

ONE_DAY = timedelta(days=1)


class Occasion(msgspec.Struct, frozen=True):
    """Something that may raise rules for one member, and what was known of the member then.

    Args:
        patient_class: of the stay at the trigger. day: the trigger's local date.
        to: where a discharge goes; empty for other events.
        risk: `high`, `medium`, `lower` or `pregnancy`.
        lacks: what the member had not when the trigger was told. gains: what came before it was over.
        starts: the instants of the clocks that are known, UTC.
    """

    event: Trigger
    patient_class: PatientClass
    day: date
    to: Literal["community", "facility", ""] = ""
    risk: str = ""
    lacks: frozenset[Lack] = frozenset()
    gains: frozenset[Lack] = frozenset()
    left_against_advice: bool = False
    starts: Mapping[Clock, Instant] = {}


Kind = tuple[Trigger, PatientClass, Literal["community", "facility", ""], str]
"""Of which kind an occasion is: `event`, `patient_class`, `to` and `risk`."""


def applies(rule: Rule, occasion: Occasion) -> bool:
    """Say whether the occasion raises the rule. Coverage is not asked here."""
    return asks_of(rule, kind_of(occasion)) and stands(rule, occasion)


def kind_of(occasion: Occasion) -> Kind:
    """The few properties that nearly all rules are told apart by."""
    return (occasion.event, occasion.patient_class, occasion.to, occasion.risk)


def asks_of(rule: Rule, kind: Kind) -> bool:
    """Say whether the rule may be raised by occasions of this kind at all."""
    event, patient_class, to, risk = kind
    return (
        event in rule.events
        and (not rule.classes or patient_class in rule.classes)
        and (rule.to is None or to == rule.to)
        and (not rule.risk or risk in rule.risk)
    )


def stands(rule: Rule, occasion: Occasion) -> bool:
    """Say whether the rule is in force on the occasion's day, for a member who has and lacks what it asks for."""
    return (
        rule.effective_from <= occasion.day
        and (rule.effective_to is None or occasion.day <= rule.effective_to)
        and occasion.lacks.issuperset(rule.without)
        and (occasion.lacks - occasion.gains).isdisjoint(rule.with_)
    )


def due_at(rule: Rule, occasion: Occasion, zone: ZoneInfo, calendars: Mapping[str, Calendar]) -> Instant | None:
    """Say when the rule's task is due: None for never, or not known yet.

    `within` and `by` together give the earlier of those that are known.
    """
    if rule.due is None:
        return None
    by = occasion.starts.get(rule.due.by) if rule.due.by else None
    within = rule.due.within
    start = occasion.starts.get(within.after) if within else None
    if within is None or start is None:
        return by
    due = _after(start, within, zone, calendars)
    return due if by is None else min(due, by)


def appears_at(rule: Rule, occasion: Occasion, zone: ZoneInfo) -> Instant | None:
    """Say when a task with `not_before` appears: the start of that local day; None for at once."""
    if rule.not_before_days is None:
        return None
    return _begins(occasion.day + rule.not_before_days * ONE_DAY, zone)


def community(disposition: str) -> bool:
    """Say whether a discharge disposition sends the member home; empty and unknown codes do."""
    return disposition not in NOT_COMMUNITY


def business_day(day: date, n: int, calendar: Calendar) -> date:
    """Give the n-th open day after a local date."""
    while n > 0:
        day += ONE_DAY
        n -= calendar.is_open(day)
    return day


def _after(start: Instant, within: Within, zone: ZoneInfo, calendars: Mapping[str, Calendar]) -> Instant:
    match within.unit:
        case "minutes":
            return start + timedelta(minutes=within.amount)
        case "hours":
            return start + timedelta(hours=within.amount)
        case "calendar days":
            return _ends(_day(start, zone) + within.amount * ONE_DAY, zone)
        case "business days":
            return _ends(business_day(_day(start, zone), within.amount, calendars[within.calendar]), zone)


# Many rules start from one instant, and their deadlines fall on few days.
_day = lru_cache(maxsize=1024)(local_day)
_begins, _ends = lru_cache(maxsize=4096)(start_of_day), lru_cache(maxsize=4096)(end_of_day)
