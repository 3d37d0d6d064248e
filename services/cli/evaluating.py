"""`evaluate`: one measure over FHIR bundles, without a store."""

import sys
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from models.errors import Problem
from models.pages import zone_name
from services.cli.context import WRONG, command, fail, place, print_line
from services.wiring.evaluating import evaluated, evaluator, period_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate)


@command
def evaluate(
    bundles: Annotated[list[Path], typer.Argument(help="FHIR Bundles (JSON), one patient each.", metavar="BUNDLE...")],
    measure: Annotated[str, typer.Option("--measure", help="The measure's id, such as cms165.")],
    period: Annotated[str, typer.Option("--period", metavar="START/END", help="First and last day, both included.")],
    value_sets: Annotated[
        Path | None,
        typer.Option("--value-sets", metavar="DIR", help="Value sets, instead of the configured."),
    ] = None,
    time_zone: Annotated[str, typer.Option("--time-zone", help="Where days are counted.")] = "UTC",
) -> None:
    """Run one measure over FHIR Bundles; prints a JSON object a bundle.

    Example: warmhandoff evaluate --measure cms165 --period 2026-01-01/2026-12-31 --value-sets sets/ bundle.json
    """
    try:
        zone = ZoneInfo(zone_name(time_zone))
    except ValueError as error:
        raise fail(f"--time-zone: {error}") from None
    span = period_of(period)
    ready = evaluator(place.file(), measure, span, value_sets, zone)
    wrong = False
    for line in evaluated(ready, span, bundles):
        if isinstance(line, Problem):
            wrong = True
            print(line, file=sys.stderr)
        elif isinstance(line, str):
            print(f"warmhandoff: {line}", file=sys.stderr)
        else:
            print_line(line)
    if wrong:
        raise typer.Exit(WRONG)
