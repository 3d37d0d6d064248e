"""Commands that bring data in: `load`."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import takewhile
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import msgspec
import typer
from rich.console import Console

from connectors.files.sniffing import sniff
from connectors.tabular.kinds import is_table
from models.errors import FileIsWrong
from services.cli.context import AsJson, clock, command, fail, place, print_json
from services.returns.maps import ReturnMap
from services.runtime.pipeline import Pipeline
from services.runtime.store.contract import walk_lines
from services.runtime.store.sqlite import SqliteStore
from services.status.marking import marked_rows, said
from services.status.placing import Places
from services.wiring.loading import DROPPED, Summary, check_named, files_in, head_of, keep_file, process
from services.wiring.opening import open_store
from services.wiring.setup import DEFAULT_FEED, Setup
from services.wiring.submitting import take_inbox


class Taken(msgspec.Struct, frozen=True):
    """A file that was kept: its name, its bytes, and the journal's head before and after."""

    name: str
    source: Path | BinaryIO
    before: int
    upto: int


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(load)


@command
def load(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders; - is standard input.")],
    feed: Annotated[str, typer.Option(help="The feed, for files that do not say it.")] = "files",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Process the lines before returning.")] = True,
    as_json: AsJson = False,
) -> None:
    """Read files of any supported kind: HL7 v2, journal, CSV, FHIR. They are told apart by content.

    Example: warmhandoff load roster.csv adt/ --feed hie-west
    """
    if not feed.strip():
        raise fail("--feed: a feed needs a name.")
    setup = place.setup()
    _warn_of_undeclared(setup, feed)
    total, taken = Summary(), list[Taken]()
    folder, console = place.folder(setup), Console(stderr=True)
    files = list(files_in([path for path in paths if str(path) != "-"]))
    with _standard_input(wanted=Path("-") in paths) as piped:
        streams = [(piped, "standard input")] if piped else []
        check_named([*((path, str(path)) for path, is_named in files if is_named), *streams], setup.maps)
        with open_store(folder, clock) as store:
            take_inbox(store, folder, clock)
            with console.status("keeping ...") if console.is_terminal else nullcontext():
                for path, is_named in files:
                    try:
                        taken.append(_keep(total, store, path, feed, str(path), setup.maps))
                    except (FileIsWrong, OSError) as wrong:
                        if is_named:
                            raise
                        total.left_out += 1
                        print(f"left out: {wrong}", file=sys.stderr)
                taken += [_keep(total, store, stream, feed, name, setup.maps) for stream, name in streams]
            if wait:
                with console.status("processing ...") if console.is_terminal else nullcontext():
                    process(store, Pipeline(store, setup.readers, setup.reference, clock), total)
            for file in taken if total.marked else ():
                _warn_of_marks(store, setup, file)
    if not total.lines:
        print("warning: nothing was loaded: what was named is empty.", file=sys.stderr)
    if total.count_mismatches:
        what = f"{total.count_mismatches} HL7 files whose trailers (BTS-1, FTS-1) count otherwise than we do"
        print(f"warning: {what}: their messages are kept; ask the senders for the rest.", file=sys.stderr)
    if as_json:
        print_json(total)
    else:
        print(
            f"{total.lines} line{'s' * (total.lines != 1)}: {total.new} new, {total.repeated} repeated. "
            f"{total.not_interpreted} not interpreted, "
            f"{total.parked} parked (nobody on the roster yet), {total.quarantined} quarantined."
        )
        if total.quarantined:
            print("`warmhandoff quarantine list` shows what could not be read, and what would fix it.", file=sys.stderr)


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


def _keep(
    total: Summary, store: SqliteStore, source: Path | BinaryIO, feed: str, name: str, maps: Sequence[ReturnMap]
) -> Taken:
    before = store.head()
    more = keep_file(store, source, feed, clock(), name, maps)
    total.lines += more.lines
    total.new += more.new
    total.repeated += more.repeated
    total.count_mismatches += more.count_mismatches
    return Taken(name, source, before, store.head())


def _warn_of_undeclared(setup: Setup, feed: str) -> None:
    """A slip in a feed's name would read its messages by the default profile, and nobody would see it."""
    declared = sorted(setup.book.feeds.keys() - {DEFAULT_FEED})
    if declared and feed not in (*declared, DEFAULT_FEED, DROPPED):
        known = f"Declared are {', '.join(declared)}"
        print(f"warning: no feed {feed!r} is declared. {known}; any other has the default profile.", file=sys.stderr)


def _warn_of_marks(store: SqliteStore, setup: Setup, file: Taken) -> None:
    """Say which rows of which column hold what no rule knows; never the values."""
    lines = takewhile(lambda line: line.seq <= file.upto, walk_lines(store, after=file.before, chunk=10))
    found, places, is_a_table = marked_rows(lines, setup.readers), Places(store), _is_a_table(file.source, setup.maps)
    for mark, rows in found.items():
        where = (
            f"line {at.line}" if is_a_table and (at := places.row(seq, ordinal)) else f"row {ordinal} of line {seq}"
            for seq, ordinal in rows
        )
        print(f"warning: {file.name}: {said(mark, where)}", file=sys.stderr)


def _is_a_table(source: Path | BinaryIO, maps: Sequence[ReturnMap]) -> bool:
    kind = sniff(head_of(source), maps)
    return kind is not None and is_table(kind)
