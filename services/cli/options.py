"""The app, and the options that stand before every command."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.context import place
from services.wiring.logs import leave_out_libraries

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
    leave_out_libraries()
