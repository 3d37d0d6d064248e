"""Commands that bring data in: `load`."""

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import takewhile
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import msgspec
import typer
from rich.console import Console

from connectors.files.sniffing import sniff
from connectors.tabular.kinds import is_table
from models.errors import FileIsWrong
from models.names import NAME_BYTES, size_of
from services.cli.context import AsJson, clock, command, fail, place, print_json
from services.returns.maps import ReturnMap
from services.runtime.pipeline import Pipeline
from services.runtime.store.contract import Store, walk_lines
from services.settings import Kafka
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


Given = Sequence[tuple[Path | BinaryIO, bool]]
"""What is to be loaded, and whether somebody named it: a file of a folder may be left out."""


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
    if not feed.strip() or size_of(feed) > NAME_BYTES:
        raise fail(f"--feed: a feed needs a name of at most {NAME_BYTES} bytes.")
    setup = place.setup()
    _warn_of_undeclared(setup, feed)
    total, console = Summary(), Console(stderr=True)
    files = list(files_in([path for path in paths if str(path) != "-"]))
    with _standard_input(wanted=Path("-") in paths) as piped:
        streams = [(piped, "standard input")] if piped else []
        check_named([*((path, str(path)) for path, is_named in files if is_named), *streams], setup.maps)
        given: Given = [*files, *[(stream, True) for stream, _ in streams]]
        if kafka := setup.settings.kafka:
            _load_into_cluster(kafka, setup, given, feed, total, console, wait=wait)
        else:
            _load_into_store(setup, given, feed, total, console, wait=wait)
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


def _load_into_store(setup: Setup, given: Given, feed: str, total: Summary, console: Console, *, wait: bool) -> None:
    """Keep files and process them here."""
    where, taken = place.where(setup), list[Taken]()
    with open_store(where, clock) as store:
        take_inbox(store, where.folder, clock)

        def take(source: Path | BinaryIO, name: str) -> Summary:
            before = store.head()
            found = keep_file(store, source, feed, clock(), name, setup.maps)
            taken.append(Taken(name, source, before, store.head()))
            return found

        with _status(console, "keeping ..."):
            _take_all(given, take, total)
        if wait:
            with _status(console, "processing ..."):
                process(store, Pipeline(store, setup.readers, setup.reference, clock), total)
        for file in taken if total.marked else ():
            _warn_of_marks(store, setup, file)


def _load_into_cluster(
    kafka: Kafka, setup: Setup, given: Given, feed: str, total: Summary, console: Console, *, wait: bool
) -> None:
    """Have files on the brokers, and wait for the workers."""
    from services.wiring.cluster_loading import cluster_load

    with cluster_load(place.where(setup), kafka, clock) as under_way:

        def take(source: Path | BinaryIO, name: str) -> Summary:
            found, marked = under_way.take(source, feed, clock(), name, setup)
            for mark, places in marked.items():
                print(f"warning: {name}: {said(mark, places)}", file=sys.stderr)
            return found

        with _status(console, "keeping ..."):
            _take_all(given, take, total)
        if wait:
            with _status(console, "waiting for the workers ..."):
                under_way.process(total, _say_what_is_waited_for)


def _take_all(given: Given, take: Callable[[Path | BinaryIO, str], Summary], total: Summary) -> None:
    """Take everything; what is wrong is left out, unless it was named."""
    for source, is_named in given:
        name = str(source) if isinstance(source, Path) else "standard input"
        try:
            more = take(source, name)
        except (FileIsWrong, OSError) as wrong:
            if is_named:
                raise
            total.left_out += 1
            print(f"left out: {wrong}", file=sys.stderr)
            continue
        total.lines += more.lines
        total.new += more.new
        total.repeated += more.repeated
        total.count_mismatches += more.count_mismatches


def _say_what_is_waited_for() -> None:
    safe = "The lines are safe on the brokers; Ctrl-C waits no longer."
    print(f"waiting for a worker: `warmhandoff worker` takes what was loaded. {safe}", file=sys.stderr)


def _status(console: Console, words: str) -> AbstractContextManager[object]:
    return console.status(words) if console.is_terminal else nullcontext()


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


def _warn_of_undeclared(setup: Setup, feed: str) -> None:
    """A slip in a feed's name would read its messages by the default profile, and nobody would see it."""
    declared = sorted(setup.book.feeds.keys() - {DEFAULT_FEED})
    if declared and feed not in (*declared, DEFAULT_FEED, DROPPED):
        known = f"Declared are {', '.join(declared)}"
        print(f"warning: no feed {feed!r} is declared. {known}; any other has the default profile.", file=sys.stderr)


def _warn_of_marks(store: Store, setup: Setup, file: Taken) -> None:
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
