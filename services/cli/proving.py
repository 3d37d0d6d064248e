"""Commands that prove: `rules check`, `verify`, `rebuild`."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from services.cli.context import DIFFERENT, AsJson, clock, command, place, print_json
from services.cli.differing import summed_up
from services.runtime.recount import Difference
from services.runtime.store.contract import Reader
from services.wiring.rebuilding import Rebuilding
from services.wiring.setup import Setup, read_rules

Jobs = Annotated[
    int | None, typer.Option("--jobs", min=1, help="How many processes; default: one a core, fewer for a small log.")
]

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
def verify(as_json: AsJson = False, jobs: Jobs = None) -> None:
    """Compute every member again from the raw log, and compare.

    What is stored must be the same, each as of when it was derived; the hash chains are checked too.

    Example: warmhandoff verify
    """
    setup = place.setup()
    with (
        _progress() as progress,
        Rebuilding(place.where(setup), setup, clock, jobs, progress).of_now() as (still, recount),
    ):
        _warn_of_other_reference(still, setup)
        found, broken = list(recount.compare()), still.broken_chain()
        waiting_lines = still.head() - still.cursor()
    _report(recount.members, found, broken, as_json=as_json)
    waiting = recount.waiting
    if waiting or waiting_lines:
        print(f"{waiting_lines} lines and {waiting} members wait to be processed: not compared.", file=sys.stderr)
    if found or broken:
        raise typer.Exit(DIFFERENT)


@command
def rebuild(
    apply: Annotated[bool, typer.Option("--apply", help="Write what was recomputed.")] = False,
    as_json: AsJson = False,
    jobs: Jobs = None,
) -> None:
    """Compute everything again, and show what would change.

    It reads the raw log with today's rules and program. Without --apply nothing is written.

    Example: warmhandoff rebuild --apply
    """
    setup = place.setup()
    with _progress() as progress:
        rebuilding = Rebuilding(place.where(setup), setup, clock, jobs, progress)
        if apply:
            # Nobody may write between counting and applying.
            with rebuilding.for_writing() as (store, recount, settle):
                found = list(recount.compare())
                _report(recount.members, found, [], as_json=as_json)
                recount.apply(store)
                progress("deriving every member")
                settle()
            print("Applied.", file=sys.stderr)
            return
        with rebuilding.of_now() as (_, recount):
            found = list(recount.compare())
    _report(recount.members, found, [], as_json=as_json)
    if found:
        raise typer.Exit(DIFFERENT)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Something that tells a person at a terminal what is being done."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    status = console.status("")

    def tell(what: str) -> None:
        status.update(f"{what} ...")
        status.start()  # no sooner: it is a thread

    try:
        yield tell
    finally:
        status.stop()


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
    lines, kinds = summed_up(found)
    print(*lines, sep="\n", end="\n" if lines else "")
    for feed, seq in broken:
        print(f"feed {feed}: the hash chain breaks at line {seq}")
    print(f"{members} members, {len(lines)} differences, {len(broken)} broken chains.")
    if kinds:
        concerned = len({each.member_id for each in found} - {""})
        told = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
        print(f"{concerned} members concerned: {told}.")
