"""`explain`: why a task is there, and why a measure counts somebody as it does. It never writes."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from models.measure import PageInfo
from services.cli.context import AsJson, AsOf, command, fail, instant, place, print_json
from services.cli.naming import task_named
from services.status.explaining import explain as explained_task
from services.status.finding import near
from services.status.measure_explaining import explain_units
from services.status.shapes import time_json
from services.wiring.opening import open_reader
from services.wiring.setup import Setup

Json = dict[str, Any]

WISHED_FOR = ("initial-population", "denominator", "numerator")
"""Of an exclusion, what is missing or nearly there is no news."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


@command
def explain(
    task_id: Annotated[
        str, typer.Argument(metavar="TASK-ID", help="The task's id, as `tasks` shows it; its first characters will do.")
    ] = "",
    measure: Annotated[str, typer.Option("--measure", help="Instead of a task: the measure to explain.")] = "",
    member: Annotated[str, typer.Option("--member", help="Whom the measure counts.")] = "",
    as_of: AsOf = None,
    raw: Annotated[bool, typer.Option("--raw", help="Print the messages, with what they hold of a person.")] = False,
    as_json: AsJson = False,
) -> None:
    """Why a task is there, and what would close it; or why a measure counts a member as it does.

    Shows the rule, the facts, the messages behind them with their answers, and what is missing; --json the history too.
    With --measure and --member: of every unit, population by population, what made it so and what would still count.

    Example: warmhandoff explain 6c0f1c1e-... --json
    """
    if bool(task_id) == bool(measure) or bool(measure) != bool(member):
        raise fail("Write the id of one task, or --measure and --member: `warmhandoff explain --help` shows both.")
    setup = place.setup()
    if measure:
        _explain_measure(setup, measure, member, as_of, raw=raw, as_json=as_json)
    else:
        _explain_task(setup, task_id, as_of, raw=raw, as_json=as_json)


def _explain_measure(setup: Setup, measure: str, member: str, as_of: str | None, *, raw: bool, as_json: bool) -> None:
    at = instant(as_of)
    pages = [page for page in setup.pages if page.measure == measure]
    if not pages:
        raise fail(f"There is no measure {measure!r}.{near(measure, {page.measure for page in setup.pages})}")
    with open_reader(place.where(setup)) as reader, reader.still() as still:
        found = [explain_units(still, setup.reference, page, member, at, raw=raw) for page in pages]
    known = [each for each in found if each]
    if not known:
        raise fail(f"No member {member!r} was known at {time_json(at, setup.zone)}.")
    # Editions of a page serve different years: those that count nothing here are left out, if any does.
    shown = [each for each in known if each["units"]] or known[-1:]
    if as_json:
        print_json(shown[0] | {"units": [unit for each in shown for unit in each["units"]]})
        return
    for each, page in zip(known, pages, strict=True):
        if each in shown:
            _print_measure(each, page, raw=raw)


def _print_measure(found: Json, page: PageInfo, *, raw: bool) -> None:
    print(f"{page.measure} {page.version}: {page.label}")
    if page.source:
        print(f"  source: {page.source.get('document', '')}, {page.source.get('section', '')}")
    if not page.active:
        print(f"  off: it needs the value sets {', '.join(page.missing_sets)}")
    for departure in page.departures:
        print(f"  departs from its source: {departure}")
    if not found["units"]:
        print("  counts nothing of this member")
    for unit in found["units"]:
        name = f" {unit['unit']}" if unit["unit"] else ""
        print(f"  unit{name}, {unit['first']} to {unit['last']}, counted in {unit['period']}")
        for each in unit["populations"]:
            _print_population(each, raw=raw)


def _print_population(each: Json, *, raw: bool) -> None:
    met = {True: "yes", False: "no", None: "not asked"}[each["met"]]
    until = f", may change until {each['closes_on']}" if each["closes_on"] and each["status"] == "open" else ""
    print(f"    {each['population']}: {met}{until}")
    for fact in each["because"]:
        print(f"      because {fact['kind']} {fact['id']}{_on(fact)}")
        _print_messages(fact["messages"], "        ", raw=raw)
    if each["population"] in WISHED_FOR:
        for wish in each["missing"]:
            print(f"      missing: {_wish(wish)}")
    for fact in each["near"] if each["population"] in WISHED_FOR else ():
        print(f"      not counted: {fact['kind']} {fact['id']}{_on(fact)}: {fact['reason']}")


def _on(fact: Json) -> str:
    return f" on {fact['day']}" if fact["day"] else ""


def _wish(wish: Json) -> str:
    until = f" (until {wish['until']})" if wish["until"] else ""
    ways = "; or ".join(map(_wish, wish["alternatives"]))
    return f"{wish['sentence']}: {ways}" if ways else wish["sentence"] + until


def _explain_task(setup: Setup, text: str, as_of: str | None, *, raw: bool, as_json: bool) -> None:
    at = instant(as_of)
    with open_reader(place.where(setup)) as reader:
        found = explained_task(reader, setup.reference, task_named(reader, setup, text), at, raw=raw)
    assert found is not None  # it was named
    if as_json:
        print_json(found)
        return
    task, rule = found["task"], found["rule"]
    print(f"{rule['id']} {rule.get('version', '')}: {rule.get('text', '')}")
    if "source" in rule:
        print(f"  source: {rule['source']['document']}, {rule['source']['section']}")
    if task:
        owner = task["owner"]["lead_cm_id"] or task["owner"]["ecm_provider_id"] or task["owner"]["mcp_id"] or "-"
        print(f"  {task['state']}, due {task['due_at'] or '-'}, owner {owner}")
    else:
        print("  withdrawn: its cause was corrected away")
    for fact in found["facts"]:
        print(f"  because {fact['statement']}")
        _print_messages(fact["messages"], "    ", raw=raw)
    for wish in found["missing"]:
        print(f"  missing: {wish}")


def _print_messages(messages: Iterable[Json], margin: str, *, raw: bool) -> None:
    for message in messages:
        ack = f", answered {message['ack']['code']}" if message["ack"] else ""
        print(f"{margin}{message['feed']} line {message['seq']}, received {message['received_at']}{ack}")
        if raw:
            print("\n".join(f"{margin}  {line}" for line in message["raw"].splitlines()))
