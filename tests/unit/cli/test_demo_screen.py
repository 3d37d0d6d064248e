"""What the demo shows: events in words, figures, and a screen that fits the terminal."""

import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from rich.console import Console

from models.owner import Owner
from models.view import Effect, Stay
from services.cli.demo.daily import Days
from services.cli.demo.playing import Moment
from services.cli.demo.showing import Figures, Screen, line_of
from services.cli.demo.staging import StoryClock
from services.cli.demo.watching import FeedSeen, Headcount, Sent, stay_word
from services.cli.demo.wording import Narrator, News
from services.simulation.sending import Delivery

START = datetime(2025, 3, 1, 17, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Los_Angeles")
DAY = timedelta(days=1)


def effect(revision: int, kind: str, state: str, days: int, alert: str | None = None, **more: Any) -> Effect:
    due = START + days * DAY
    return Effect(
        f"e{revision}", START, kind, alert, "M1", "t1", revision, "tcm.contact_2bd", state, due, Owner(),  # type: ignore[arg-type]
        None, (), **more,
    )  # fmt: skip


def test_a_task_is_told_from_its_opening_to_its_end() -> None:
    narrator = Narrator()

    def told(*effects: Effect) -> list[str]:
        return [event.word for event in narrator.tell(effects)]

    assert told(effect(1, "task_opened", "open", 2, "opened")) == ["opened"]
    assert told(effect(2, "task_changed", "open", 2)) == []  # other evidence
    assert told(effect(3, "task_changed", "open", 3)) == ["moved"]
    assert told(effect(4, "alert", "open", 3, "due_soon")) == ["due soon"]
    assert told(effect(5, "task_changed", "open", 3, previous_owner=Owner("P"))) == ["handed over"]
    assert told(effect(6, "task_changed", "overdue", 3, "overdue")) == ["overdue"]
    assert told(effect(7, "alert", "overdue", 3, "escalated")) == ["escalated"]
    assert told(effect(8, "alert_retracted", "open", 4, "escalated")) == ["not escalated"]
    assert told(effect(9, "task_closed", "met_late", 4)) == ["met late"]
    assert told(effect(10, "task_opened", "open", 4, "opened")) == ["reopened"]
    assert told(effect(11, "task_withdrawn", "cancelled", 4, "withdrawn")) == ["cancelled"]
    assert narrator.counts["opened"] == 2
    assert narrator.counts["withdrawn"] == 1


def test_what_happens_to_many_tasks_of_a_member_is_one_line() -> None:
    later = msgspec.structs.replace(effect(1, "task_opened", "open", 5, "opened"), subject="t2", rule="tcm.visit_7d")
    (event,) = Narrator().tell([effect(1, "task_opened", "open", 2, "opened"), later])
    assert event == News(START, "opened", "M1", rules=("tcm.contact_2bd", "tcm.visit_7d"), due_at=START + 2 * DAY)
    assert (
        line_of(event, ZONE).plain == "03-01 09:00 opened        M1           due Mon 03-03 09:00  tcm.contact_2bd +1"
    )


def stay(status: str, days: int = 0) -> Stay:
    return Stay("s1", "H1", "inpatient", status, START + days * DAY, None, "", ())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        (None, stay("planned"), "planned"),
        (None, stay("active"), "admitted"),
        (stay("planned"), stay("active"), "admitted"),
        (stay("active"), stay("on_leave"), ""),
        (stay("active"), stay("active", 1), "corrected"),
        (stay("active"), stay("finished"), "discharged"),
        (None, stay("finished"), "discharged"),
        (stay("finished"), stay("active"), "back in bed"),
        (stay("active"), stay("cancelled"), "taken back"),
        (stay("active"), None, "taken back"),
        (stay("cancelled"), None, ""),
        (None, stay("cancelled"), ""),
    ],
)
def test_a_stay_is_told_as_it_changes(before: Stay | None, after: Stay | None, word: str) -> None:
    assert stay_word(before, after) == word


def sent() -> Sent:
    found = Sent()
    message = Delivery(START, "sim-north", "hl7v2", b"")
    for n in range(10):
        found.add(Moment(START, message, (), "AA", millis=n + 1, repeat=n == 9), now=n / 2)
    found.add(Moment(START + DAY, Delivery(START, "sim-care", "care_events", b""), ()), now=5)
    found.add(Moment(START + DAY, None, ()), now=5)
    return found


HEADCOUNT = Headcount(250, Counter(active=3), Counter(open=5), Counter(admitted=4), quarantined=2, parked=1, lines=11)


def test_messages_are_counted_as_they_go_out() -> None:
    found = sent()
    assert (found.messages, found.repeats, found.files) == (10, 1, FeedSeen(1, START + DAY))
    assert found.feeds == {"sim-north": FeedSeen(10, START)}
    assert found.rate(4.5) == 7 / 3  # those of the last three seconds
    assert found.latency() == (5.5, pytest.approx(9.91))


def test_a_day_tells_what_came_since_the_day_before() -> None:
    days, found = Days(), sent()
    said = Counter(opened=4, met=1)
    first = "Sat 01 Mar  10 messages, 1 files; 4 admitted; 4 opened, 1 met"
    assert days.line(START.date(), found, HEADCOUNT, said) == first
    assert (
        days.line(START.date() + DAY, found, HEADCOUNT, said + Counter(met=2))
        == "Sun 02 Mar  0 messages, 0 files; 2 met"
    )


@pytest.mark.parametrize(("columns", "lines"), [(100, 30), (80, 24), (200, 50), (60, 12)])
def test_the_screen_fits_the_terminal(columns: int, lines: int) -> None:
    event = News(START, "not escalated", "SIM-M0000001", rules=("tcs.discharge_risk_assessment",) * 12, due_at=START)
    figures = Figures(
        now=START + 5 * DAY, starts=START, ends=START + 35 * DAY, title="a made-up HIE", rate=31.4,
        latency=(1.2, 10.5), answers={"AA": 10}, repeats=1, feeds=[("sim-exchange", 40000, FeedSeen(10, START))] * 3,
        files=FeedSeen(), alerts={"opened": 1234}, headcount=HEADCOUNT, problem="",
        stay_events=[News(START, "discharged", "SIM-M0000001", "observation, SIM-H1")] * 99, task_events=[event] * 99,
    )  # fmt: skip
    console = Console(width=columns, height=lines, file=io.StringIO(), color_system=None)
    drawn = console.render_lines(Screen(figures, ZONE), console.options.update(height=lines), pad=False)
    text = ["".join(segment.text for segment in line) for line in drawn]
    assert len(text) == lines
    assert max(map(len, text)) <= columns
    assert "day 6 of 36" in text[1]
    assert "31 messages/s" in text[3]
    if columns >= 100:
        assert "● healthy   2 in quarantine, 1 parked" in text[9]
        assert "now 5 open, 0 overdue" in text[-1]
        assert sum("tcs.discharge_risk_assessment +11" in line for line in text) == lines - 16


def test_the_storys_clock_never_goes_back() -> None:
    clock = StoryClock(START)
    clock.to(START + 2 * DAY)
    clock.to(START)
    assert clock() == clock() == clock.wall() == START + 2 * DAY
    clock.go_live()
    assert abs(clock() - datetime.now(UTC)) < timedelta(minutes=1)


def test_the_storys_leaps_are_no_jumps_of_the_machines_clock() -> None:
    clock = StoryClock(START)
    wall = clock.wall()
    clock.to(START + DAY)  # between two readings of somebody who compares them
    assert clock.ticks() == wall.timestamp()
    assert clock.wall() == START + DAY
    assert clock.ticks() == (START + DAY).timestamp()
