"""Commands that bring data in: `load`."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import typer
from rich.console import Console

from models.errors import FileIsWrong
from services.cli.context import AsJson, clock, command, place, print_json
from services.runtime.pipeline import Pipeline
from services.runtime.store.sqlite import SqliteStore
from services.wiring.loading import Summary, check_named, files_in, keep_file, process
from services.wiring.submitting import take_inbox


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(load)


@command
def load(
    paths: Annotated[list[Path], typer.Argument(help="Files or folders; - is standard input.")],
    feed: Annotated[str, typer.Option(help="The feed, for files that do not say it.")] = "files",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Process the lines before returning.")] = True,
    as_json: AsJson = False,
) -> None:
    """Read files of any supported kind: HL7 v2, journal, CSV, FHIR. They are told apart by content.

    Example: warmhandoff load roster.csv adt/ --feed hie-west
    """
    setup = place.setup()
    total = Summary()
    folder, console = place.folder(setup), Console(stderr=True)
    files = list(files_in([path for path in paths if str(path) != "-"]))
    with _standard_input(wanted=Path("-") in paths) as piped:
        streams = [(piped, "standard input")] if piped else []
        check_named([*((path, str(path)) for path, is_named in files if is_named), *streams])
        with SqliteStore.open(folder, now=clock) as store:
            take_inbox(store, folder, clock)
            with console.status("keeping ...") if console.is_terminal else nullcontext():
                for path, is_named in files:
                    try:
                        _add(total, keep_file(store, path, feed, clock()))
                    except (FileIsWrong, OSError) as wrong:
                        if is_named:
                            raise
                        total.left_out += 1
                        print(f"left out: {wrong}", file=sys.stderr)
                for stream, name in streams:
                    _add(total, keep_file(store, stream, feed, clock(), name))
            if wait:
                with console.status("processing ...") if console.is_terminal else nullcontext():
                    process(store, Pipeline(store, setup.readers, setup.reference, clock), total)
    if total.count_mismatches:
        what = f"{total.count_mismatches} HL7 files whose trailers (BTS-1, FTS-1) count otherwise than we do"
        print(f"warning: {what}: their messages are kept; ask the senders for the rest.", file=sys.stderr)
    if as_json:
        print_json(total)
    else:
        print(
            f"{total.lines} lines: {total.new} new, {total.repeated} repeated. "
            f"{total.not_interpreted} not interpreted, "
            f"{total.parked} parked (nobody on the roster yet), {total.quarantined} quarantined."
        )


@contextmanager
def _standard_input(*, wanted: bool) -> Iterator[BinaryIO | None]:
    """Standard input, put on disk: so it can be looked at before anything is kept, and no lock waits for its end."""
    if not wanted:
        yield None
        return
    with tempfile.TemporaryFile() as spool:
        shutil.copyfileobj(sys.stdin.buffer, spool)
        spool.seek(0)
        yield cast("BinaryIO", spool)


def _add(total: Summary, more: Summary) -> None:
    total.lines += more.lines
    total.new += more.new
    total.repeated += more.repeated
    total.count_mismatches += more.count_mismatches
