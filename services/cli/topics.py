"""Commands around the streams of a cluster: `topics apply`, `topics check`."""

import asyncio
import sys

import typer

from services.cli.context import DIFFERENT, AsJson, command, fail, place, print_json
from services.settings import Kafka
from services.wiring.opening import Where

topics = typer.Typer(help="The streams of a cluster, on the broker.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(topics, name="topics")


@topics.command("apply")
@command
def apply(as_json: AsJson = False) -> None:
    """Make the topics that are missing on the broker, and bring the others' settings in line.

    Nothing is deleted, and doing it twice is harmless. What it may not change is told, and ends with exit code 1. When
    a topic is gone that workers have read, nothing is made.

    Example: warmhandoff topics apply
    """
    from services.wiring import brokering

    kafka, where = _cluster()
    done = asyncio.run(brokering.apply(kafka, where))
    if as_json:
        print_json(done)
    else:
        for name in done.created:
            print(f"{name}: made.")
        for each in done.changed:
            print(f"{each.topic}: {each.what} was {each.found}, is {each.wanted} now.")
        if not (done.created or done.changed or done.left):
            print("Every topic stands as declared.")
    if done.left:
        raise fail("\n".join(map(str, done.left)), DIFFERENT)


@topics.command("check")
@command
def check(as_json: AsJson = False) -> None:
    """Compare the topics on the broker with their declarations; exit code 1 when they differ.

    Example: warmhandoff topics check --json
    """
    from services.wiring import brokering

    kafka, where = _cluster()
    found = asyncio.run(brokering.check(kafka, where.namespace))
    if as_json:
        print_json({"differences": found})
    for each in found if not as_json else ():
        print(each)
    if found:
        if any(not each.remedy for each in found):
            print("`warmhandoff topics apply` mends what has no remedy beside it.", file=sys.stderr)
        raise typer.Exit(DIFFERENT)
    if not as_json:
        print("Every topic stands as declared.")


def _cluster() -> tuple[Kafka, Where]:
    """The brokers, and the store whose topics are on them."""
    setup = place.setup()
    if setup.settings.kafka is None:
        what = "There is no cluster in the configuration, so there are no topics."
        raise fail(f"{what}\nWrite 'store: postgresql://...' and 'kafka: {{bootstrap: HOST:PORT}}' into it.")
    return setup.settings.kafka, place.where(setup)
