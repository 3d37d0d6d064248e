"""The demo on a terminal: figures above, the latest events below, as many as fit."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from models.time import Instant
from services.cli.demo.retelling import Event
from services.cli.demo.story import LENGTH
from services.cli.demo.watching import Sent, Standing

TASKS = ("open", "overdue", "met", "met_late", "missed", "superseded", "cancelled", "not_possible")
STAYS = ("planned", "active", "finished", "cancelled")
_RED = {"overdue", "missed"}
_GREEN = {"met"}


class Screen:
    """A renderable that fills the terminal and never more."""

    def __init__(self, addresses: Sequence[tuple[str, str]], start: Instant, zone: ZoneInfo) -> None:
        self._addresses, self._start, self._zone = addresses, start, zone
        self.now, self.sent, self.rate = start, Sent(), 0.0
        self.standing: Standing | None = None
        self.events: list[Event] = []

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        head = [*self._head(), self._figures(), Rule(style="dim")]
        used = sum(len(console.render_lines(part, options)) for part in head)
        # One line stays free: a full screen would scroll.
        room = max(console.height - used - 1, 3)
        yield Group(*head, *(line_of(event, self._zone) for event in self.events[-room:]))

    def _head(self) -> Iterable[Table | Text]:
        passed = min(max(self.now - self._start, timedelta()), LENGTH)
        title = Table.grid(expand=True, padding=(0, 1))
        title.add_column(no_wrap=True)
        title.add_column(ratio=1)
        title.add_column(no_wrap=True, justify="right")
        when = self.now.astimezone(self._zone).strftime("%a %b %d %H:%M")
        title.add_row(
            Text("Warmhandoff demo", style="bold"), ProgressBar(LENGTH.total_seconds(), passed.total_seconds()), when
        )
        yield title
        yield Text("  ".join(f"{name} {where}" for name, where in self._addresses), "dim", overflow="fold")

    def _figures(self) -> Table:
        grid = Table.grid(expand=True, padding=(0, 2))
        for _ in range(3):
            grid.add_column(ratio=1)
        standing = self.standing
        grid.add_row(
            self._messages(),
            _counted("stays", {name: standing.stays[name] for name in STAYS} if standing else {}),
            _counted("tasks", {name: standing.tasks[name] for name in TASKS} if standing else {}),
        )
        return grid

    def _messages(self) -> Table:
        median, worst = self.sent.latency()
        answers = " ".join(f"{count} {code}" for code, count in self.sent.answers.items())
        table = _counted("messages", {"sent": self.sent.messages})
        table.add_row("sent/s", f"{self.rate:.1f}")
        table.add_row("ACK p50", f"{median:.1f} ms")
        table.add_row("ACK p99", f"{worst:.1f} ms")
        table.add_row("answers", answers)
        if self.standing:
            table.add_row("quarantined", str(self.standing.quarantined))
            table.add_row("parked patients", str(self.standing.parked))
        return table


def _counted(title: str, counts: dict[str, int]) -> Table:
    table = Table(title, "", box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.columns[1].justify = "right"
    table.columns[1].overflow = "fold"
    for name, count in counts.items():
        style = "red" if name in _RED and count else "green" if name in _GREEN and count else ""
        table.add_row(name.replace("_", " "), str(count), style=style)
    return table


def line_of(event: Event, zone: ZoneInfo) -> Text:
    """An event in one line, cut where the terminal ends."""
    when = event.at.astimezone(zone).strftime("%m-%d %H:%M")
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(f"{when}  ", "dim")
    text.append(event.words, event.colour)
    return text
