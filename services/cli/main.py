"""The command line. Each group of commands is a module; `app` gathers them."""

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


@app.callback()
def options(
    store: Annotated[
        Path | None, typer.Option("--store", envvar="WARMHANDOFF_STORE", help="Folder of the store.", metavar="DIR")
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML file; default warmhandoff.yaml when there is one.")
    ] = None,
) -> None:
    """Global options."""
    place.store, place.config = store, config


def complete() -> typer.Typer:
    """The app with all its commands; imported only here, so that a mistake in the global options is told fast."""
    from services.cli import alerting, asking, deciding, demoing, feeding, keeping, proving

    for module in (demoing, feeding, asking, alerting, deciding, proving, keeping):
        module.register(app)
    return app


def main() -> None:
    """Run the command line."""
    complete()()
