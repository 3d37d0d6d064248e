"""The door of the command line. It imports next to nothing itself, so that Ctrl-C is understood at any moment."""

import os
import sys
from functools import cache

TYPE_CHECKING = False  # type checkers know the name; `typing` is not there yet
if TYPE_CHECKING:
    import typer

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 and the number of the signal."""


@cache
def complete() -> "typer.Typer":
    """The app: each group of commands is a module."""
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
    from services.cli.options import app

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
    try:
        complete()()
    except KeyboardInterrupt:  # before a command could begin
        sys.exit(INTERRUPTED)


def _open_closed_streams() -> None:
    """A stream that the caller closed goes nowhere: else the file that is opened next would be printed to."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            os.dup2(os.open(os.devnull, os.O_RDWR), number)
            os.set_inheritable(number, True)  # helper processes print, too
            setattr(sys, name, os.fdopen(number, mode))
