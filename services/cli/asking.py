"""Commands that ask: `members`, `tasks`. They never write."""

import sys
from typing import Annotated, get_args

import typer
from rich.console import Console
from rich.table import Table

from models.time import Instant
from models.view import Task, TaskState
from services.cli.context import AsJson, AsOf, command, fail, instant, place, print_json
from services.runtime.store.sqlite_reader import SqliteReader
from services.status.questions import Questions
from services.status.shapes import member_json, task_json, time_json
from services.wiring.setup import Setup

STATES = get_args(TaskState)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(members)
    app.command()(tasks)


@command
def members(
    member: Annotated[str, typer.Option("--member", help="Only this member.")] = "",
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """What is known of members: stays, tasks, measures.

    Example: warmhandoff members --member M1 --as-of 2025-06-10T12:00:00-07:00 --json
    """
    at, setup = instant(as_of), place.setup()
    with SqliteReader.open(place.folder(setup)) as reader:
        found = list(Questions(reader, setup.reference).views(at, member))
    if member and not found:
        print(f"warmhandoff: no member {member!r} was known at {time_json(at, setup.zone)}.", file=sys.stderr)
    if as_json:
        shown = [member_json(member_id, view, setup.zone) for member_id, view in found]
        print_json({"as_of": time_json(at, setup.zone), "members": shown})
        return
    console = _console()
    for member_id, view in found:
        console.print(f"[bold]{member_id}[/bold]")
        for stay in view.stays:
            when = f"{_short(stay.admitted_at or stay.expected_at, setup)} to {_short(stay.discharged_at, setup)}"
            console.print(f"  {stay.patient_class} at {stay.facility_id}: {stay.status}, {when}")
        if view.tasks:
            console.print(_table([(member_id, task) for task in view.tasks], setup))


@command
def tasks(
    state: Annotated[str, typer.Option(help=f"Any of {', '.join(STATES)}, separated by commas.")] = "",
    rule: Annotated[str, typer.Option(help="Only this rule.")] = "",
    provider: Annotated[str, typer.Option(help="Only tasks of this ECM provider.")] = "",
    mcp: Annotated[str, typer.Option(help="Only tasks of this plan.")] = "",
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """The work list, by due time.

    Example: warmhandoff tasks --state open,overdue --provider P1
    """
    at, setup = instant(as_of), place.setup()
    states = [word.strip() for word in state.split(",") if word.strip()]
    for word in states:
        if word not in STATES:
            raise fail(f"--state: {word!r} is no state of a task.\nWrite any of {', '.join(STATES)}.")
    with SqliteReader.open(place.folder(setup)) as reader:
        found = Questions(reader, setup.reference).tasks(at, states=states, rule=rule, provider=provider, mcp=mcp)
    if as_json:
        shown = [{**task_json(task, setup.zone), "member_id": member_id} for member_id, task in found]
        print_json({"as_of": time_json(at, setup.zone), "tasks": shown})
    else:
        _console().print(_table(found, setup) if found else "No tasks.")


class _Console(Console):
    """One that leaves a reader who has left to the command's own words and exit code."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _console() -> Console:
    """Wide enough for a whole row where no terminal says how wide it is."""
    console = _Console()
    return console if console.is_terminal else _Console(width=200)


def _table(rows: list[tuple[str, Task]], setup: Setup) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("due", "state", "rule"):
        table.add_column(name, no_wrap=True, min_width=16 if name == "due" else None)
    for name in ("member", "owner", "reason", "task"):
        table.add_column(name, overflow="fold" if name == "task" else "ellipsis", no_wrap=name != "task")
    for member_id, task in rows:
        owner = task.owner.lead_cm_id or task.owner.ecm_provider_id or task.owner.mcp_id
        table.add_row(
            _short(task.due_at, setup), task.state, task.rule, member_id, owner, task.reason or "", task.task_id
        )
    return table


def _short(at: Instant | None, setup: Setup) -> str:
    return at.astimezone(setup.zone).strftime("%Y-%m-%d %H:%M") if at else "-"
