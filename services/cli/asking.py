"""Commands that ask: `members`, `tasks`. They never write."""

import sys
from typing import Annotated, get_args

import typer
from rich.text import Text

from models.view import TaskState
from services.cli.context import AsJson, AsOf, command, instant, place, print_json, words_of
from services.cli.listing import people_console, short, task_table
from services.cli.naming import say_unknown_owners, say_unknown_rule
from services.status.questions import Questions
from services.status.shapes import member_json, task_json, time_json
from services.wiring.opening import open_reader

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
    """What is known of members: stays and tasks.

    Example: warmhandoff members --member M1 --as-of 2025-06-10T12:00:00-07:00 --json
    """
    at, setup = instant(as_of), place.setup()
    with open_reader(place.where(setup)) as reader:
        found = list(Questions(reader, setup.reference).views(at, member))
    if member and not found:
        print(f"warmhandoff: no member {member!r} was known at {time_json(at, setup.zone)}.", file=sys.stderr)
    if as_json:
        shown = [member_json(member_id, view, setup.zone, at) for member_id, view in found]
        print_json({"as_of": time_json(at, setup.zone), "members": shown})
        return
    console = people_console()
    for member_id, view in found:
        console.print(Text(member_id, style="bold"))
        for stay in view.stays:
            start, end = (short(at, setup.zone) for at in (stay.admitted_at or stay.expected_at, stay.discharged_at))
            console.print(Text(f"  {stay.patient_class} at {stay.facility_id}: {stay.status}, {start} to {end}"))
        if view.tasks:
            console.print(task_table([(member_id, task) for task in view.tasks], setup.zone, console.width))


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
    states = words_of("--state", state, STATES, "state of a task")
    with open_reader(place.where(setup)) as reader:
        found = Questions(reader, setup.reference).tasks(at, states=states, rule=rule, provider=provider, mcp=mcp)
        if not found:
            say_unknown_rule(setup, rule)
            say_unknown_owners(reader, provider, mcp)
    if as_json:
        shown = [{**task_json(task, setup.zone), "member_id": member_id} for member_id, task in found]
        print_json({"as_of": time_json(at, setup.zone), "tasks": shown})
    else:
        console = people_console()
        console.print(task_table(found, setup.zone, console.width) if found else "No tasks.")
