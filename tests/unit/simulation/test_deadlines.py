"""The simulator's own rules, by the worked examples of care-rules; the calendars against the product's."""

from datetime import UTC, date, datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import pytest

from services.simulation.deadlines import DEADLINES
from services.simulation.holidays import FEDERAL_OFFICES, FIRST, LAST, STATE_OFFICES, open_day_after
from services.timeliness.calendars import BUILT_IN

ZONE = ZoneInfo("America/Los_Angeles")
BY_ID = {deadline.id: deadline for deadline in DEADLINES}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def test_every_shipped_rule_is_labelled_and_no_other() -> None:
    rules = resources.files("services.timeliness").joinpath("rules")
    assert sorted(BY_ID) == sorted(
        entry.name.removesuffix(".yaml") for entry in rules.iterdir() if ".yaml" in entry.name
    )


@pytest.mark.parametrize(
    ("rule", "start", "event", "due"),
    [
        # care-rules §5.1: Labor Day is no business day.
        ("tcm.contact_2bd", "discharged", "2025-08-29 12:00", "2025-09-03 23:59:59"),
        ("tcm.visit_14d", "discharged", "2025-08-29 12:00", "2025-09-12 23:59:59"),
        # care-rules §7, 1 and 16: days are local, hours elapse, whatever the clock does.
        ("tcs.cm_contact_7d", "discharged", "2025-03-06 11:30", "2025-03-13 23:59:59"),
        ("tcs.notify_lead_cm", "told", "2025-03-08 22:31", "2025-03-09 23:31"),
        # care-rules §7, 38: Cesar Chavez Day closes state offices only.
        ("um.open_case", "told", "2025-03-28 15:00", "2025-04-01 23:59:59"),
        ("tcm.contact_2bd", "discharged", "2025-03-28 15:00", "2025-04-01 23:59:59"),
    ],
)
def test_a_deadline_falls_where_the_care_rules_say(rule: str, start: str, event: str, due: str) -> None:
    assert BY_ID[rule].due_at({start: at(event)}) == at(due)  # type: ignore[dict-item]


def test_the_discharge_ends_what_is_due_before_it() -> None:
    told, over = at("2025-02-03 10:00"), at("2025-02-03 18:00")
    assert BY_ID["tcs.assign_cm"].due_at({"told": told, "discharged": over}) == over
    assert BY_ID["tcs.discharge_planning_doc"].due_at({"told": told}) is None


@pytest.mark.parametrize(("name", "closed"), [("ca_state", STATE_OFFICES), ("us_federal", FEDERAL_OFFICES)])
def test_the_holiday_tables_agree_with_the_computed_calendars(name: str, closed: frozenset[date]) -> None:
    days = (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))
    weekdays = [day for day in days if day.weekday() < 5]
    assert [day for day in weekdays if (day in closed) == BUILT_IN[name].is_open(day)] == []


def test_business_days_skip_the_day_itself_weekends_and_holidays() -> None:
    assert open_day_after(date(2025, 7, 3), 1, FEDERAL_OFFICES) == date(2025, 7, 7)
