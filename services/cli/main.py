"""The command line. Each group of commands is a module; `app` gathers them."""

import os
import sys
from functools import cache
from pathlib import Path
from typing import Annotated

import typer

from services.cli.context import place

app = typer.Typer(
    name="warmhandoff",
    help="From HIE feeds to transitional-care tasks: kept, matched, explained.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"warmhandoff {version('warmhandoff')}")
        raise typer.Exit


@app.callback()
def options(
    store: Annotated[
        Path | None,
        typer.Option(
            "--store",
            envvar="WARMHANDOFF_STORE",
            help="Folder of the store; with a database, its name there.",
            metavar="DIR",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML file; default warmhandoff.yaml when there is one.")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", "-V", is_eager=True, callback=_tell_version, help="Print the version, and end.")
    ] = False,
) -> None:
    """Global options."""
    place.store, place.config = store, config


@cache
def complete() -> typer.Typer:
    """The app with all its commands; imported only here, so that a mistake in the global options is told fast."""
    from services.cli import (
        alerting,
        asking,
        clustering,
        deciding,
        demoing,
        evaluating,
        explaining,
        feeding,
        keeping,
        measure_pages,
        measures,
        onboarding,
        programs,
        proving,
        reporting,
        returns,
        rosters,
        simulating,
        submissions,
        topics,
        value_sets,
        watching,
    )

    for module in (
        demoing,
        feeding,
        onboarding,
        asking,
        measures,
        measure_pages,
        reporting,
        programs,
        submissions,
        returns,
        rosters,
        value_sets,
        evaluating,
        alerting,
        deciding,
        proving,
        explaining,
        watching,
        keeping,
        topics,
        clustering,
        simulating,
    ):
        module.register(app)
    return app


def main() -> None:
    """Run the command line."""
    _open_closed_streams()
    complete()()


def _open_closed_streams() -> None:
    """A stream that the caller closed goes nowhere: else the file that is opened next would be printed to."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            os.set_inheritable(number, True)  # helper processes print, too
            setattr(sys, name, os.fdopen(number, mode))
