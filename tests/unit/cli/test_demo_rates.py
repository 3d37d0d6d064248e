"""The demo shows measures moving: as many as there is room for, the rest of the screen as before."""

import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console

from models.measure import CounterKey, PageInfo, Sums
from services.cli.demo.dollars import Paid
from services.cli.demo.rates import Rates
from services.cli.demo.showing import Figures, Screen
from services.cli.demo.watching import FeedSeen, Headcount
from services.cli.measure_table import Shown

START = datetime(2025, 3, 1, 17, 0, tzinfo=UTC)
NOBODY = Headcount(0, Counter(), Counter(), Counter(), 0, 0, 0)


def test_rates_are_of_the_year_and_of_everybody_and_remember_how_they_went() -> None:
    rates = Rates([PageInfo("cbp", "1"), PageInfo("amb_ed", "1", per=1000, improvement="decrease")])
    counters = [
        (CounterKey("cbp", "1", "2025", "PLANA"), Sums(2, 2, 0, 0, 1)),
        (CounterKey("cbp", "1", "2025", "PLANB"), Sums(2, 2, 0, 0, 0)),
        (CounterKey("cbp", "1", "2025", "PLANB", kind="age_band", stratum="65+"), Sums(2, 2, 0, 0, 0)),
        (CounterKey("cbp", "1", "2024", "PLANB"), Sums(9, 9, 0, 0, 9)),
        (CounterKey("amb_ed", "1", "2025"), Sums(8, 8, 0, 0, 2)),
        (CounterKey("gone", "1", "2025"), Sums(8, 8, 0, 0, 2)),
    ]
    first = rates.look(dict(counters), "2025")
    assert [(each.measure, each.value, each.trend) for each in first] == [("amb_ed", 250.0, ()), ("cbp", 0.25, ())]
    assert [each.trend for each in rates.look(dict(counters), "2025")] == [(250.0,), (0.25,)]
    assert rates.look({}, "2025") == []


@pytest.mark.parametrize(("lines", "shown"), [(24, 0), (28, 2), (40, 8)])
def test_measures_are_shown_where_there_is_room(lines: int, shown: int) -> None:
    measures = [Shown(f"measure.{n}", n, 20, n / 20, trend=(0.0, 0.5)) for n in range(12)]
    figures = Figures(
        now=START, starts=START, ends=START + timedelta(days=9), title="a made-up HIE", rate=1.0, latency=(1.0, 2.0),
        answers={}, repeats=0, feeds=[], files=FeedSeen(), alerts={}, headcount=NOBODY, problem="", stay_events=[],
        task_events=[], measures=measures,
    )  # fmt: skip
    console = Console(width=110, height=lines, file=io.StringIO(), color_system=None)
    screen = Screen(figures, ZoneInfo("America/Los_Angeles"))
    drawn = console.render_lines(screen, console.options.update(height=lines), pad=False)
    text = ["".join(segment.text for segment in line) for line in drawn]
    assert len(text) == lines
    assert max(map(len, text)) <= 110
    assert sum("measure." in line for line in text) == shown
    assert any("now 0 open" in line for line in text)


@pytest.mark.parametrize(
    ("width", "has_money", "has_trend"), [(80, False, True), (100, True, False), (130, True, True)]
)
def test_money_stands_beside_measures_where_there_is_room(width: int, has_money: bool, has_trend: bool) -> None:
    measures = [Shown(f"tcs.measure_number_{n:04}", n, 20, n / 20, trend=(0.0, 0.5) * 12) for n in range(4)]
    money = [
        Paid("sim.episode", "$23,925.00", "$0.00", ""),
        Paid("sim.points", "$10,000.00", "$30,000.00", "+$10,000.00 at 60 points"),
    ]
    figures = Figures(
        now=START, starts=START, ends=START + timedelta(days=9), title="a made-up HIE", rate=1.0, latency=(1.0, 2.0),
        answers={}, repeats=0, feeds=[], files=FeedSeen(), alerts={}, headcount=NOBODY, problem="", stay_events=[],
        task_events=[], measures=measures, money=money,
    )  # fmt: skip
    console = Console(width=width, height=32, file=io.StringIO(), color_system=None)
    screen = Screen(figures, ZoneInfo("America/Los_Angeles"))
    drawn = console.render_lines(screen, console.options.update(height=32), pad=False)
    text = ["".join(segment.text for segment in line) for line in drawn]
    assert (len(text), max(map(len, text))) == (32, width)
    assert all(any(f"tcs.measure_number_{n:04}" in line and "20" in line for line in text) for n in range(4))
    assert any("█" in line for line in text) == has_trend
    for words in ("sim.episode   $23,925.00", "$30,000.00", "sim.points: +$10,000.00 at 60 points"):
        assert any(" ".join(words.split()) in " ".join(line.split()) for line in text) == has_money
