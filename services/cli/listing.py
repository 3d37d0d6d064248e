"""Lists for people: as wide as the terminal, a line a row, never a wrapped one."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.console import Console, OverflowMethod
from rich.table import Table
from rich.text import Text

from models.time import Instant
from models.view import Task

COLUMNS = ("due", "state", "rule", "member", "owner", "reason", "task")
SHORT_ID = 8
"""Characters of a task's id where the whole does not fit; commands take them as well."""
ENOUGH_OF_A_RULE = 24


class PeopleConsole(Console):
    """One that leaves a reader who has left to the command's own words and exit code."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def people_console() -> Console:
    """Wide enough for a whole row where no terminal says how wide it is."""
    console = PeopleConsole(highlight=False)
    return console if console.is_terminal else PeopleConsole(highlight=False, width=200)


def task_table(rows: Sequence[tuple[str, Task]], zone: ZoneInfo, width: int) -> Table:
    """(member, task) rows. Where they are too wide, ids are shortened, rules cut, and reason and owner left out."""
    cells = [dict(zip(COLUMNS, _cells(member_id, task, zone), strict=True)) for member_id, task in rows]
    sizes = {name: max(len(name), *(len(row[name]) for row in cells)) for name in COLUMNS}
    gap = 2 if sum(sizes.values()) + 2 * (len(COLUMNS) - 1) <= width else 1
    shown = sizes if gap == 2 else _narrowed(sizes | {"task": SHORT_ID}, width)
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0))
    for name, size in shown.items():
        overflow: OverflowMethod = "crop" if name == "task" else "ellipsis"
        table.add_column(name, no_wrap=True, overflow=overflow, min_width=size, max_width=size)
    for row in cells:
        table.add_row(*(Text(row[name]) for name in shown))
    return table


def _narrowed(sizes: dict[str, int], width: int) -> dict[str, int]:
    """The columns that fit into a width, and how wide they are."""
    for left_out in ((), ("reason",), ("reason", "owner")):
        kept = {name: size for name, size in sizes.items() if name not in left_out}
        room = width - sum(kept.values()) - (len(kept) - 1) + kept["rule"]
        if room >= min(sizes["rule"], ENOUGH_OF_A_RULE):
            break
    return kept | {"rule": min(sizes["rule"], max(room, SHORT_ID))}


def short(at: Instant | None, zone: ZoneInfo) -> str:
    """A local time to the minute; a dash for none."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M") if at else "-"


def _cells(member_id: str, task: Task, zone: ZoneInfo) -> tuple[str, ...]:
    owner = task.owner.lead_cm_id or task.owner.ecm_provider_id or task.owner.mcp_id
    return (short(task.due_at, zone), task.state, task.rule, member_id, owner, task.reason or "", task.task_id)
