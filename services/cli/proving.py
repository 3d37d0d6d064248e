"""Commands that prove: `rules check`, `verify`, `rebuild`."""

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.cli.context import DIFFERENT, AsJson, clock, command, place, print_json
from services.runtime.pipeline import Pipeline
from services.runtime.recount import Difference, Recount
from services.runtime.store.contract import Reader, walk_members
from services.runtime.store.sqlite import SqliteStore
from services.runtime.store.sqlite_connecting import FILE_NAME
from services.runtime.store.sqlite_reader import SqliteReader
from services.runtime.workset import thaw_member
from services.wiring.opening import open_store
from services.wiring.setup import Setup, read_rules

rules = typer.Typer(help="The deadlines.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(rules, name="rules")
    app.command()(verify)
    app.command()(rebuild)


@rules.callback()
def _rules() -> None:
    """The deadlines."""


@rules.command("check")
@command
def check(
    folder: Annotated[Path | None, typer.Argument(help="A folder of rule files beside the shipped ones.")] = None,
) -> None:
    """Name every problem of the rule files by line, and play their cases.

    Example: warmhandoff rules check my-rules/
    """
    loaded = read_rules(place.file(), [folder] if folder else [])
    for warning in loaded.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"{len(loaded.rules)} rules, {len(loaded.cases)} cases: all hold. {len(loaded.warnings)} warnings.")


@command
def verify(as_json: AsJson = False) -> None:
    """Compute every member again from the raw log, and compare.

    What is stored must be the same, each as of when it was derived; the hash chains are checked too.

    Example: warmhandoff verify
    """
    setup = place.setup()
    with _still(place.folder(setup)) as reader, _recount(reader, setup) as recount:
        _warn_of_other_reference(reader, setup)
        found, broken = list(recount.compare()), reader.broken_chain()
        members, waiting = _members(reader)
        waiting_lines = reader.head() - reader.cursor()
    _report(members, found, broken, as_json=as_json)
    if waiting or waiting_lines:
        print(f"{waiting_lines} lines and {waiting} members wait to be processed: not compared.", file=sys.stderr)
    if found or broken:
        raise typer.Exit(DIFFERENT)


@command
def rebuild(
    apply: Annotated[bool, typer.Option("--apply", help="Write what was recomputed.")] = False, as_json: AsJson = False
) -> None:
    """Compute everything again, and show what would change.

    It reads the raw log with today's rules and program. Without --apply nothing is written.

    Example: warmhandoff rebuild --apply
    """
    setup = place.setup()
    folder = place.folder(setup)
    SqliteReader.open(folder).close()  # there is a store, before a writer makes one
    # Nobody may write between counting and applying.
    with contextlib.ExitStack() as stack:
        writing = stack.enter_context(open_store(folder, clock)) if apply else None
        reader = writing or stack.enter_context(_still(folder))
        recount = stack.enter_context(_recount(reader, setup))
        found = list(recount.compare())
        _report(_members(reader)[0], found, [], as_json=as_json)
        if writing:
            recount.apply(writing)
            Pipeline(writing, setup.readers, setup.reference, clock).settle()
            print("Applied.", file=sys.stderr)
    if found and not apply:
        raise typer.Exit(DIFFERENT)


@contextlib.contextmanager
def _still(folder: Path) -> Iterator[SqliteReader]:
    """The store as it is at one moment: a service may go on writing to it meanwhile."""
    with tempfile.TemporaryDirectory(prefix="warmhandoff-") as copy:
        with SqliteReader.open(folder) as reader:
            reader.backup(str(Path(copy) / FILE_NAME))
        with SqliteReader.open(Path(copy)) as still:
            yield still


@contextlib.contextmanager
def _recount(reader: Reader, setup: Setup) -> Iterator[Recount]:
    """Everything computed again in a folder that goes away afterwards."""
    console = Console(stderr=True)
    with (
        tempfile.TemporaryDirectory(prefix="warmhandoff-") as folder,
        SqliteStore.open(Path(folder), now=clock) as fresh,
    ):
        if console.is_terminal:
            with console.status("reading the raw log ...") as status:
                head = reader.cursor()
                recount = Recount(
                    reader, fresh, setup.readers, setup.reference, clock,
                    lambda done: status.update(f"reading the raw log ... {done} of {head} lines"),
                )  # fmt: skip
        else:
            recount = Recount(reader, fresh, setup.readers, setup.reference, clock)
        yield recount


def _members(reader: Reader) -> tuple[int, int]:
    """How many members there are, and how many of them wait to be derived."""
    ids = list(walk_members(reader))
    rows = (row for start in range(0, len(ids), 500) for row in reader.members(ids[start : start + 500]).values())
    return len(ids), sum(thaw_member(row).waits for row in rows)


def _warn_of_other_reference(reader: Reader, setup: Setup) -> None:
    """Differences may come of another configuration, not of a fault."""
    stored = reader.reference("digest")
    if stored not in (None, setup.reference.digest.encode()):
        what = "The rules, value sets, calendars or feeds are not those that this store was derived with."
        print(f"{what}\nAre --config and WARMHANDOFF_VALUE_SETS right?", file=sys.stderr)


def _report(members: int, found: list[Difference], broken: list[tuple[str, int]], *, as_json: bool) -> None:
    if as_json:
        chains = [{"feed": feed, "seq": seq} for feed, seq in broken]
        print_json({"members": members, "differences": found, "broken_chains": chains})
        return
    for difference in found:
        whose = difference.member_id or "-"  # a counter is nobody's
        print(f"{whose} {difference.path}: stored {difference.stored}, now {difference.recomputed}")
    for feed, seq in broken:
        print(f"feed {feed}: the hash chain breaks at line {seq}")
    print(f"{members} members, {len(found)} differences, {len(broken)} broken chains.")
