"""The laws of due times, and what raises a rule."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rule import Due, Rule, Source, TaskActionEvidence, Within
from models.time import local_day
from services.timeliness.calendars import BUILT_IN
from services.timeliness.clocks import Occasion, appears_at, applies, business_day, community, due_at

PACIFIC = ZoneInfo("America/Los_Angeles")
RULE = Rule(
    id="x.y",
    version="1",
    effective_from=date(2023, 1, 1),
    effective_to=date(2025, 12, 31),
    source=Source("d", "s", date(2025, 1, 10)),
    events=("discharged",),
    task="contact",
    owner="lead_cm",
    due=None,
    done_when=TaskActionEvidence("done"),
    ends=("next_stay",),
    classes=("inpatient",),
    to="community",
    risk=("high",),
    without=("ecm",),
    with_=("lead_cm",),
)
OCCASION = Occasion(
    event="discharged",
    patient_class="inpatient",
    day=date(2025, 3, 6),
    to="community",
    risk="high",
    lacks=frozenset({"ecm"}),
)

instants = st.datetimes(datetime(2023, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
amounts = st.integers(1, 60)
names = st.sampled_from(sorted(BUILT_IN))


def due(start: datetime, amount: int, unit: str, calendar: str = "") -> datetime:
    rule = msgspec.structs.replace(RULE, due=Due(Within(amount, unit, "discharged_at", calendar)))  # type: ignore[arg-type]
    found = due_at(rule, msgspec.structs.replace(OCCASION, starts={"discharged_at": start}), PACIFIC, BUILT_IN)
    assert found is not None
    return found


@given(instants, amounts)
def test_hours_and_minutes_elapse_whatever_the_wall_clock_does(start: datetime, n: int) -> None:
    assert (due(start, n, "hours") - start).total_seconds() == n * 3600
    assert (due(start, n, "minutes") - start).total_seconds() == n * 60


@given(instants, amounts)
def test_calendar_days_end_one_second_before_midnight_n_local_days_on(start: datetime, n: int) -> None:
    local = due(start, n, "calendar days").astimezone(PACIFIC)
    assert (local.hour, local.minute, local.second) == (23, 59, 59)
    assert local.date() == local_day(start, PACIFIC) + timedelta(days=n)


@given(instants, amounts, names)
def test_business_days_end_on_an_open_day_and_count_n_of_them(start: datetime, n: int, name: str) -> None:
    local, first, calendar = (
        due(start, n, "business days", name).astimezone(PACIFIC),
        local_day(start, PACIFIC),
        BUILT_IN[name],
    )
    passed = [first + timedelta(days=k + 1) for k in range((local.date() - first).days)]
    assert calendar.is_open(local.date())
    assert sum(map(calendar.is_open, passed)) == n
    assert (local.hour, local.minute, local.second) == (23, 59, 59)


@given(instants, instants, amounts, names)
def test_a_later_start_is_never_due_earlier(one: datetime, other: datetime, n: int, name: str) -> None:
    early, late = sorted((one, other))
    assert due(early, n, "business days", name) <= due(late, n, "business days", name)
    assert due(early, n, "calendar days") <= due(late, n, "calendar days")
    assert due(early, n, "business days", name) < due(early, n + 1, "business days", name)


def test_five_working_days_skip_cesar_chavez_day_in_the_state_only() -> None:
    assert business_day(date(2025, 3, 28), 5, BUILT_IN["ca_state"]) == date(2025, 4, 7)
    assert business_day(date(2025, 3, 28), 5, BUILT_IN["us_federal"]) == date(2025, 4, 4)


EARLY, LATE = datetime(2025, 3, 3, 12, tzinfo=UTC), datetime(2025, 3, 9, 12, tzinfo=UTC)
BOTH = Due(Within(24, "hours", "first_receipt"), by="discharged_at")


@pytest.mark.parametrize(
    ("wanted", "starts", "expected"),
    [
        (BOTH, {}, None),
        (BOTH, {"first_receipt": EARLY}, EARLY + timedelta(days=1)),
        (BOTH, {"discharged_at": LATE}, LATE),
        (BOTH, {"first_receipt": EARLY, "discharged_at": LATE}, EARLY + timedelta(days=1)),
        (BOTH, {"first_receipt": LATE, "discharged_at": EARLY}, EARLY),
        (Due(by="discharged_at"), {"first_receipt": EARLY}, None),
        (Due(by="discharged_at"), {"discharged_at": LATE}, LATE),
        (None, {"discharged_at": LATE}, None),
    ],
)
def test_the_earlier_of_the_known_due_times_holds(wanted: Due | None, starts: dict, expected: datetime | None) -> None:
    rule = msgspec.structs.replace(RULE, due=wanted)
    assert due_at(rule, msgspec.structs.replace(OCCASION, starts=starts), PACIFIC, BUILT_IN) == expected


def test_a_task_not_before_thirty_days_appears_at_local_midnight() -> None:
    assert appears_at(RULE, OCCASION, PACIFIC) is None
    rule = msgspec.structs.replace(RULE, not_before_days=30)
    assert appears_at(rule, OCCASION, PACIFIC) == datetime(2025, 4, 5, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"event": "admitted"}, False),
        ({"patient_class": "emergency"}, False),
        ({"to": "facility"}, False),
        ({"risk": "lower"}, False),
        ({"lacks": frozenset()}, False),
        ({"lacks": frozenset({"ecm", "lead_cm"})}, False),
        ({"day": date(2022, 12, 31)}, False),
        ({"day": date(2023, 1, 1)}, True),
        ({"day": date(2025, 12, 31)}, True),
        ({"day": date(2026, 1, 1)}, False),
    ],
)
def test_a_rule_is_raised_when_everything_it_asks_for_holds(change: dict, expected: bool) -> None:
    assert applies(RULE, msgspec.structs.replace(OCCASION, **change)) is expected


@pytest.mark.parametrize("code", ["01", "06", "07", "69", "", "99", "81", "86"])
def test_home_and_unknown_codes_are_the_community(code: str) -> None:
    assert community(code)


def test_institutions_hospice_and_death_are_not() -> None:
    codes = "02 03 04 05 20 21 30 40 41 42 43 50 51 61 62 63 64 65 66 70 82 83 84 85 87 88 89 90 91 92 93 94 95"
    assert not any(map(community, codes.split()))
