"""When a return file came: on time by the first version that the plan accepted, content by the newest one."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.events import ReturnRow, Teller
from services.returns.arrivals import Arrival, arrivals
from services.returns.due import DueDates, due_at
from services.returns.maps import Due, ReturnMap
from services.timeliness.calendars import BUILT_IN

PACIFIC = ZoneInfo("America/Los_Angeles")
TENTH, FIFTH = Due(month_day=10), Due(business_days=5, calendar="ca_state")
ENROLLED, DECLINED = (("ecm_status", "enrolled"),), (("ecm_status", "declined"),)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PACIFIC).astimezone(UTC)


def arrived(*versions: tuple[str, str, list[tuple[str, tuple[tuple[str, str], ...]]]], file: str = "rtf") -> Arrival:
    """The file of June, of which these versions came: (received, status, (cin, values) rows)."""
    told: dict[ReturnRow, list[Teller]] = {}
    for received, status, rows in versions:
        for cin, values in rows:
            row = ReturnRow(file, "PLANA", "P1", "2025-06", status, cin, values=values)  # type: ignore[arg-type]
            told.setdefault(row, []).append(Teller(f"{cin}{status}", at(received), "plan"))
    (arrival,) = arrivals({row: tuple(sorted(by, key=lambda one: one.received_at)) for row, by in told.items()})
    return arrival


@pytest.mark.parametrize(
    ("due", "period", "expected"),
    [
        (TENTH, "2025-06", "2025-07-10T23:59:59"),
        (TENTH, "2025-12", "2026-01-10T23:59:59"),
        (Due(month_day=31), "2025-01", "2025-02-28T23:59:59"),
        (FIFTH, "2025-06", "2025-07-08T23:59:59"),  # July 4 is closed, July 5 and 6 are a weekend
        (FIFTH, "2025-12", "2026-01-08T23:59:59"),
        (Due(business_days=1, calendar="us_federal"), "2025-08", "2025-09-02T23:59:59"),
    ],
)
def test_when_a_months_file_is_due(due: Due, period: str, expected: str) -> None:
    assert due_at(due, period, BUILT_IN, PACIFIC) == at(expected)


def test_each_plan_has_its_own_due_dates_and_a_plan_without_any_has_none() -> None:
    maps = [ReturnMap("a", "rtf", FIFTH, (), mcp_id="PLANA"), ReturnMap("b", "rtf", TENTH, ())]
    dates = DueDates(maps, BUILT_IN, PACIFIC)
    assert dates.due_at("rtf", "PLANA", "2025-06") == at("2025-07-08T23:59:59")
    assert dates.due_at("rtf", "PLANB", "2025-06") == at("2025-07-10T23:59:59")
    assert dates.due_at("otf", "PLANA", "2025-06") is None


def test_a_file_of_two_minutes_before_midnight_is_on_time_and_one_of_two_minutes_after_is_late() -> None:
    # care-rules §7, scenario 29
    due = due_at(TENTH, "2025-06", BUILT_IN, PACIFIC)
    rtf = arrived(("2025-07-10T23:58", "accepted", [("1", ENROLLED)]))
    otf = arrived(("2025-07-11T00:02", "accepted", [("1", ())]), file="otf")
    assert rtf.first is not None
    assert rtf.first.received_at == datetime(2025, 7, 11, 6, 58, tzinfo=UTC)
    assert (rtf.on_time(due), otf.on_time(due)) == (True, False)
    mended = arrived(
        ("2025-07-11T00:02", "accepted", [("1", ENROLLED)]), ("2025-07-15T09:00", "accepted", [("2", ENROLLED)])
    )
    assert (mended.on_time(due), mended.members({"enrolled"})) == (False, frozenset({"2"}))


def test_a_rejected_file_has_not_come_until_a_version_is_accepted() -> None:
    due = due_at(TENTH, "2025-06", BUILT_IN, PACIFIC)
    rejected = ("2025-07-09T09:00", "rejected", [("1", ENROLLED)])
    alone = arrived(rejected)
    assert (alone.first, alone.on_time(due), alone.members({"enrolled"})) == (None, False, frozenset())
    assert len(alone.versions) == 1
    late = arrived(rejected, ("2025-07-12T09:00", "accepted", [("1", ENROLLED)]))
    assert not late.on_time(due)
    after = arrived(("2025-07-08T09:00", "accepted", [("1", ENROLLED)]), ("2025-07-12T09:00", "rejected", [("2", ())]))
    assert after.on_time(due)
    assert after.members({"enrolled"}) == {"1"}


def test_a_correction_after_the_due_time_changes_content_not_timeliness() -> None:
    due = due_at(TENTH, "2025-06", BUILT_IN, PACIFIC)
    arrival = arrived(
        ("2025-07-03T09:00", "accepted", [("1", ENROLLED), ("2", ENROLLED)]),
        ("2025-07-20T09:00", "accepted", [("1", ENROLLED), ("2", DECLINED)]),
    )
    assert arrival.on_time(due)
    assert arrival.newest is not None
    assert len(arrival.newest.rows) == 2  # a row that both versions have stands in both
    assert arrival.members({"enrolled", "outreach"}) == {"1"}


def test_a_person_who_is_named_in_two_ways_is_one() -> None:
    teller = (Teller("n", at("2025-07-03T09:00"), "plan"),)
    rows = [
        ReturnRow("rtf", "PLANA", "P1", "2025-06", "accepted", cin, member, ENROLLED)
        for cin, member in (("90000001A", "M1"), ("", "M1"), ("90000001A", ""), ("", "M2"), ("", ""))
    ]
    (arrival,) = arrivals(dict.fromkeys(rows, teller))
    assert arrival.members({"enrolled"}) == {"90000001A", "M2"}


def test_files_of_other_months_providers_and_plans_are_others() -> None:
    teller = (Teller("n", at("2025-07-03T09:00") + timedelta(), "plan"),)
    rows = [
        ReturnRow("rtf", mcp, provider, month, "accepted", "1")
        for mcp, provider, month in (("A", "P1", "2025-06"), ("A", "P1", "2025-05"), ("A", "P2", "2025-06"))
    ]
    found = arrivals(dict.fromkeys(rows, teller))
    assert [(each.provider_id, each.period) for each in found] == [
        ("P1", "2025-05"),
        ("P1", "2025-06"),
        ("P2", "2025-06"),
    ]
