"""What is said of a feed, from the counts of a day and the habit of eight weeks."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from models.traffic import BEYOND, DELAY_BOUNDS_S, SLOT, AnswerCount, FeedCount, Telling, quantile
from services.health.habit import HOUR, Calendar, Habit, learnt
from services.health.judging import Observed, findings
from services.health.league import Pair, league

AT = datetime(2025, 6, 10, 18, 2, tzinfo=UTC)
CALENDAR = Calendar(ZoneInfo("America/Los_Angeles"), lambda _: False)
MINUTE = timedelta(minutes=1)


def steady(an_hour: float = 6.0, dispersion: float = 20.0) -> Habit:
    return Habit(CALENDAR, (an_hour,) * 168, dispersion)


def slots(*counts: int, delay: int = 5, until: datetime = AT) -> list[FeedCount]:
    """One slot each, the last the one that goes on."""
    first = until - timedelta(minutes=2) - SLOT * (len(counts) - 1)
    return [FeedCount("F", first + SLOT * n, c, delays={delay: c} if c else {}) for n, c in enumerate(counts)]


def told(seen: Observed) -> list[tuple[str, datetime | None]]:
    return [(finding.state, finding.since) for finding in findings(seen)]


def test_an_ordinary_day_is_ok() -> None:
    day = slots(*[1, 0] * 144)
    assert told(Observed(AT, AT, day, habit=steady(), ordinary_delays={5: 900, 60: 50})) == []


def test_a_feed_nobody_ever_heard_is_quiet() -> None:
    assert told(Observed(AT, None, [])) == [("quiet", None)]


@pytest.mark.parametrize(
    ("hours", "state"), [(3.9, None), (4, "quiet"), (23.9, "quiet"), (24, "silent"), (2000, "silent")]
)
def test_a_new_feed_is_quiet_after_four_hours_and_silent_after_a_day(hours: float, state: str | None) -> None:
    last = AT - HOUR * hours
    since = {"quiet": last + 4 * HOUR, "silent": last + 24 * HOUR}
    assert told(Observed(AT, last, [])) == ([(state, since[state])] if state else [])


def test_a_feed_is_silent_from_the_moment_that_chance_no_longer_explains_it() -> None:
    last = AT - 9 * HOUR
    ((state, since),) = told(Observed(AT, last, [], habit=steady()))
    assert state == "silent"
    assert since is not None
    assert last < since < AT
    assert told(Observed(since - MINUTE, last, [], habit=steady())) == []
    assert told(Observed(since + MINUTE, last, [], habit=steady())) == [("silent", since)]


def test_a_flood_begins_with_the_window_in_which_it_was_one() -> None:
    flood = slots(1, 0, 1, 0, 0, 90, 200, 150)
    ((state, since),) = told(Observed(AT, AT, flood, habit=steady()))
    assert (state, since) == ("flooding", flood[5].since)
    (finding,) = findings(Observed(AT, AT, flood, habit=steady()))
    assert finding.evidence == {"messages": 440, "ordinary": 1.5, "minutes": 15}


def test_a_hundred_messages_are_no_flood_of_a_busy_feed_nor_a_busy_hour_one_of_a_small_feed() -> None:
    assert told(Observed(AT, AT, slots(50, 50, 50), habit=steady(100))) == []
    assert told(Observed(AT, AT, slots(33, 33, 33), habit=steady())) == []
    assert told(Observed(AT, AT, slots(33, 33, 34), habit=steady())) == [("flooding", slots(0, 0, 0)[0].since)]
    assert told(Observed(AT, AT, slots(900, 900, 900))) == [], "nobody knows what is ordinary"


def test_a_feed_that_sends_once_an_hour_does_not_flood_when_it_is_late() -> None:
    rates = [0.0] * 168
    rates[CALENDAR.hour_of_week(AT + HOUR)] = 200.0
    once = Habit(CALENDAR, tuple(rates), 5.0)
    assert told(Observed(AT, AT, slots(0, 0, 200), habit=once)) == []


def test_a_sender_is_slow_when_half_of_an_hour_is_late() -> None:
    early, late = slots(*[5] * 6, until=AT - 6 * SLOT), slots(*[5] * 7, delay=7200)
    ordinary = {5: 900, 60: 50}
    ((state, since),) = told(Observed(AT, AT, [*early, *late], habit=steady(60), ordinary_delays=ordinary))
    assert (state, since) == ("slow", late[0].since)
    assert (
        told(
            Observed(
                AT, AT, [*slots(*[5] * 7, until=AT - 6 * SLOT), *late[2:]], habit=steady(60), ordinary_delays=ordinary
            )
        )
        == []
    )


def test_a_batch_feed_is_slow_by_its_own_measure() -> None:
    batch = slots(*[5] * 12, delay=3600)
    assert told(Observed(AT, AT, batch, habit=steady(60), ordinary_delays={3600: 900})) == []
    assert told(Observed(AT, AT, slots(*[5] * 12, delay=14_400), habit=steady(60), ordinary_delays={3600: 900})) != []


def test_of_a_small_feed_ten_messages_are_looked_at_and_of_two_nothing_is_said() -> None:
    last_hour, before = slots(1, 1, *[0] * 6, delay=7200), slots(1, 1, 1, 1, 1, 1, until=AT - 3 * HOUR)
    assert told(Observed(AT, AT, last_hour, habit=steady(1), ordinary_delays={5: 99})) == []
    assert told(Observed(AT, AT, [*before, *last_hour], habit=steady(1), ordinary_delays={5: 99})) == []
    more = slots(*[1] * 6, delay=7200, until=AT - 2 * HOUR)
    assert [
        s for s, _ in told(Observed(AT, AT, [*before, *more, *last_hour], habit=steady(1), ordinary_delays={5: 99}))
    ] == ["slow"]


def test_we_are_slow_when_answers_are() -> None:
    slow = [AnswerCount("AA", False, 1000, 90), AnswerCount("AA", False, 5_000_000, 10)]
    seen = Observed(AT, AT, slots(1), slow, habit=steady())
    assert [finding.state for finding in findings(seen)] == ["slow"]
    repeats = [msgspec.structs.replace(each, repeat=True) for each in slow]
    assert told(msgspec.structs.replace(seen, answers=repeats)) == []
    assert told(msgspec.structs.replace(seen, answers=slow[1:])) == [], "too few to say"


def test_a_habit_takes_two_weeks_and_knows_no_later_than_the_last_message() -> None:
    first = AT - timedelta(days=14)
    hours = {(first + HOUR * n).replace(minute=0): 6 for n in range(14 * 24 + 1)}
    assert learnt(hours, first + MINUTE, AT, CALENDAR) is None
    habit = learnt(hours, first, AT, CALENDAR)
    assert habit is not None
    assert habit.daily_mean == pytest.approx(144, rel=0.01)
    assert learnt(hours | {AT.replace(minute=0) + HOUR: 9_999}, first, AT, CALENDAR) == habit


def test_holidays_are_sundays() -> None:
    calendar = Calendar(CALENDAR.zone, lambda day: day == datetime(2025, 5, 26, tzinfo=UTC).date())
    memorial = datetime(2025, 5, 26, 17, tzinfo=UTC)
    assert calendar.hour_of_week(memorial) == 6 * 24 + 10
    assert calendar.hour_of_week(memorial + timedelta(days=7)) == 10


def test_a_quantile_lies_within_its_bound() -> None:
    assert quantile({}, 0.5, DELAY_BOUNDS_S) is None
    assert quantile({10: 10}, 0.5, DELAY_BOUNDS_S) == 7.5
    assert quantile({1: 50, 3600: 50}, 0.99, DELAY_BOUNDS_S) == pytest.approx(3564)
    assert quantile({BEYOND: 3}, 0.5, DELAY_BOUNDS_S) == 86_400


def test_the_league_compares_feeds_two_by_two() -> None:
    def told_by(**minutes: int) -> list[Telling]:
        return [Telling("s", feed, AT + m * MINUTE) for feed, m in minutes.items()]

    stays = [told_by(B=41, A=0), told_by(A=10, B=5), told_by(A=0, B=1, C=1), told_by(C=0, B=0)]
    assert league(stays) == [
        Pair(("A", "B"), 3, 2, 1, 300.0), Pair(("B", "C"), 2, 0, 0, 0.0), Pair(("A", "C"), 1, 1, 0, 60.0),
    ]  # fmt: skip
