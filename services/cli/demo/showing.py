"""The demo on a terminal: figures above, the latest events below, as many as fit."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.layout import Layout
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from models.time import Instant
from models.view import TaskState
from services.cli.demo.dollars import Paid
from services.cli.demo.watching import STAYS, FeedSeen, Headcount
from services.cli.demo.wording import WORDS, News
from services.cli.measure_table import Shown, measure_table

TASKS = get_args(TaskState)
TOP_LINES, HEAD_LINES, WIRE_COLUMNS = 9, 2, 44
STAYS_SHOWN = TOP_LINES - 4
TASK_LINES, MEASURES_SHOWN = 12, 8
"""Tasks keep at least so many lines; more measures than these say little at a glance."""
MONEY_COLUMNS, RATES_COLUMNS = 42, 58
"""How wide the panel of money is, and how much a measure needs beside it, without its trend."""
_COLOURS = {
    "opened": "cyan", "reopened": "cyan", "moved": "blue", "handed over": "blue", "due soon": "yellow",
    "overdue": "red", "escalated": "bold red", "missed": "red", "met": "green", "met late": "yellow",
    "withdrawn": "magenta", "cancelled": "magenta", "superseded": "magenta", "not possible": "magenta",
    "not so soon": "green", "not overdue": "green", "not escalated": "green",
    "admitted": "cyan", "planned": "blue", "discharged": "green", "back in bed": "yellow", "corrected": "blue",
    "taken back": "magenta", "set aside": "yellow",
    "active": "cyan", "finished": "green",
}  # fmt: skip


class Figures(msgspec.Struct, frozen=True):
    """All that one frame shows.

    `rate` is messages a second, `latency` (median, 99th percentile) in milliseconds, `feeds` have their port, `alerts`
    counts what was said of tasks; `problem` is what health says, "" when all is well.
    """

    now: Instant
    starts: Instant
    ends: Instant
    title: str
    rate: float
    latency: tuple[float, float]
    answers: Mapping[str, int]
    repeats: int
    feeds: Sequence[tuple[str, int, FeedSeen]]
    files: FeedSeen
    alerts: Mapping[str, int]
    headcount: Headcount
    problem: str
    stay_events: Sequence[News]
    task_events: Sequence[News]
    measures: Sequence[Shown] = ()
    money: Sequence[Paid] = ()


class Screen:
    """A renderable that fills the terminal and never more."""

    def __init__(self, figures: Figures, zone: ZoneInfo) -> None:
        self._figures, self._zone = figures, zone

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        top, whole = Layout(size=TOP_LINES), Layout()
        top.split_row(Layout(self._wire(), size=WIRE_COLUMNS), Layout(self._stays()))
        room = console.height - HEAD_LINES - TOP_LINES
        measures = self._measures(min(room - TASK_LINES - 3, MEASURES_SHOWN), console.width)
        rest = room - sum(each.size or 0 for each in measures)
        tasks = Layout(self._tasks(max(rest - 5, 0)))
        whole.split_column(Layout(self._head(), size=HEAD_LINES), top, *measures, tasks)
        yield whole

    def _head(self) -> Group:
        shown, span = self._figures, self._figures.ends - self._figures.starts
        passed = min(max(shown.now - shown.starts, timedelta()), span)
        line = Table.grid(expand=True)
        line.add_column(no_wrap=True)
        line.add_column(no_wrap=True, justify="right")
        when = shown.now.astimezone(self._zone).strftime("%a %d %b %Y %H:%M")
        line.add_row(Text.assemble((" Warmhandoff demo", "bold"), f"  {shown.title}"), Text(f"{when} ", "bold"))
        bar = Table.grid(expand=True, padding=(0, 1))
        bar.add_column(ratio=1)
        bar.add_column(no_wrap=True, justify="right")
        bar.add_row(
            ProgressBar(span.total_seconds(), passed.total_seconds()), f"day {passed.days + 1} of {span.days + 1}"
        )
        return Group(line, bar)

    def _wire(self) -> Panel:
        shown = self._figures
        median, worst = shown.latency
        lines = [
            Text.assemble((f"{shown.rate:.0f}", "bold"), " messages/s   ACK p50 ", (f"{median:.1f}", "bold"), " p99 ",
                          (f"{worst:.1f}", "bold"), " ms"),
        ]  # fmt: skip
        table = Table.grid(padding=(0, 1), expand=True)
        for justify in ("left", "left", "right", "right"):
            table.add_column(justify=justify, no_wrap=True)
        for name, port, seen in shown.feeds:
            table.add_row(name, Text(f":{port}", "dim"), str(seen.count), self._short(seen.last_at))
        table.add_row("files", "", str(shown.files.count), self._short(shown.files.last_at))
        answers = ", ".join(f"{count} {code}" for code, count in shown.answers.items()) or "no answers yet"
        lines.append(Text(f"{answers}, {shown.repeats} known again", no_wrap=True, overflow="ellipsis"))
        lines.append(self._health())
        return _panel(Group(lines[0], table, *lines[1:]), "Messages")

    def _health(self) -> Text:
        shown = self._figures
        light = ("✗ " + shown.problem, "bold red") if shown.problem else ("● healthy", "green")
        words = f"   {shown.headcount.quarantined} in quarantine, {shown.headcount.parked} parked"
        return Text.assemble(light, words, no_wrap=True, overflow="ellipsis")

    def _stays(self) -> Panel:
        now = _counted({name: self._figures.headcount.stays[name] for name in STAYS})
        events = [line_of(event, self._zone, "%H:%M") for event in self._figures.stay_events[-STAYS_SHOWN:]]
        return _panel(Group(now, Text(), *events), "Stays")

    def _measures(self, room: int, width: int) -> list[Layout]:
        """The measures of most units, where there is room for some beside the tasks."""
        rows = self._figures.measures[: max(room, 0)]
        if not rows:
            return []
        has_money = bool(self._figures.money) and width >= RATES_COLUMNS + MONEY_COLUMNS
        width -= MONEY_COLUMNS * has_money
        trend = max(width - RATES_COLUMNS - 5, 0)  # the rate of now is one more
        rows = [msgspec.structs.replace(row, trend=row.trend[-trend:] if trend else ()) for row in rows]
        rates = Layout(_panel(Group(measure_table(rows, width - 4)), "Measures"))
        both = Layout(size=len(rows) + 3)
        both.split_row(rates, *([Layout(self._money(), size=MONEY_COLUMNS)] if has_money else []))
        return [both]

    def _money(self) -> Panel:
        """What each program pays, and below it the next tier."""
        table = Table.grid(padding=(0, 1), expand=True)
        for justify in ("left", "right", "right"):
            table.add_column(justify=justify, no_wrap=True)
        table.add_row(*(Text(word, "bold") for word in ("program", "earned", "at stake")))
        for paid in self._figures.money:
            table.add_row(paid.program, Text(paid.earned, "bold green"), Text(paid.at_stake, "yellow"))
        tiers = (f"{paid.program}: {paid.next_tier}" for paid in self._figures.money if paid.next_tier)
        return _panel(Group(table, *(Text(tier, "dim", no_wrap=True, overflow="ellipsis") for tier in tiers)), "Money")

    def _tasks(self, room: int) -> Panel:
        shown = self._figures
        said = Table.grid(expand=True)
        for _ in WORDS:
            said.add_column(no_wrap=True, justify="center")
        said.add_row(*(Text(word, _COLOURS[word]) for word in WORDS))
        said.add_row(*(Text(str(shown.alerts.get(word, 0)), "bold") for word in WORDS))
        now = ", ".join(f"{shown.headcount.tasks[name]} {name.replace('_', ' ')}" for name in TASKS[:5])
        events = [line_of(event, self._zone) for event in shown.task_events[-room:]] if room else []
        return _panel(Group(said, Text(), *events), "Tasks", f"now {now}")

    def _short(self, at: Instant | None) -> str:
        return at.astimezone(self._zone).strftime("%m-%d %H:%M") if at else "-"


def line_of(event: News, zone: ZoneInfo, form: str = "%m-%d %H:%M") -> Text:
    """An event in one line, cut where the terminal ends; `form` is how its time is written."""
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{event.at.astimezone(zone):{form}} ", "dim")
    text.append(f"{event.word:<{14 if event.rules else 12}}", _COLOURS.get(event.word, ""))
    text.append(f"{event.member_id:<13}")
    if not event.rules:
        return text.append(event.about)
    due = f"due {event.due_at.astimezone(zone):%a %m-%d %H:%M}" if event.due_at else "no due time yet"
    text.append(f"{due:<21}", "dim")
    text.append(event.rules[0], "bold")
    return text.append(f" +{len(event.rules) - 1}" if len(event.rules) > 1 else "")


def _counted(counts: Mapping[str, int]) -> Text:
    """Names and numbers in a row, the name in its colour where there is something to count."""
    parts = [
        Text.assemble((f"{name} ", _COLOURS[name] if count else "dim"), (str(count), "bold" if count else "dim"))
        for name, count in counts.items()
    ]
    return Text("   ", no_wrap=True, overflow="ellipsis").join(parts)


def _panel(content: Group, title: str, subtitle: str = "") -> Panel:
    return Panel(
        content,
        title=Text(title, "bold default"),
        subtitle=Text(subtitle, "default"),
        title_align="left",
        subtitle_align="right",
        border_style="bright_black",
    )
