"""Commands for a sender's feed before it goes live: `feed lint`, and the group that `feed compare` is in."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from connectors.hl7v2.book import FeedBook
from models.errors import FileIsWrong
from services.cli.comparing import compare_feed
from services.cli.context import DIFFERENT, AsJson, clock, command, fail, place, print_json
from services.wiring.loading import check_named, files_in
from services.wiring.onboarding import Files, profile_for

if TYPE_CHECKING:
    from services.onboarding.linting import Lint
    from services.onboarding.report import Report

feed = typer.Typer(help="A sender's feed, before it goes live.", no_args_is_help=True)
STDIN = Path("-")
UNNAMED = "new-feed"
"""The feed of a sample whose sender has no name yet."""


def register(app: typer.Typer) -> None:
    """Add these commands."""
    feed.command("compare")(compare_feed)
    app.add_typer(feed, name="feed")


@feed.callback()
def _feed() -> None:
    """A sender's feed, before it counts."""


@feed.command("lint")
@command
def lint(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="HL7 v2, journals, folders; - is standard input; facilities.csv."),
    ],
    name: Annotated[
        str | None,
        typer.Option("--feed", help="The feed: its settings, and of a journal only its lines.", metavar="NAME"),
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--profile", help="Read with this profile; default: the feed's.", metavar="NAME")
    ] = None,
    strict: Annotated[
        int, typer.Option("--strict", min=0, help="How many messages hl7apy checks; 0: none.", metavar="N")
    ] = 40,
    draft: Annotated[
        Path | None, typer.Option("--draft", help="Write a draft configuration; - is standard output.", metavar="FILE")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Report on a sender's sample messages, keeping nothing.

    Go-live gates, questions to ask, and what they rest on; no person's values. Exit 1 when a gate fails.

    Example: warmhandoff feed lint samples/ facilities.csv --draft west.yaml
    """
    from services.onboarding.linting import Lint

    if draft and (draft.is_file() or draft.is_dir()):
        raise fail(f"--draft: {draft} exists already.\nName a new file: a draft overwrites nothing.")
    setup, called = place.setup(), name or UNNAMED
    files = Files(setup, name, clock())
    zone = setup.book.settings_of(called).time_zone
    how = profile_for(setup.book, called, profile)
    linter = Lint(called, how, registry=files.registry, zone=ZoneInfo(zone) if zone else None, strict=strict)
    _read(linter, files, paths)
    if not files.messages:
        of_feed = f" of feed {name}" if name else ""
        raise fail(f"No HL7 v2 message{of_feed} in these files.\nName the sender's sample messages.")
    report = linter.report(files.sources, other_lines=files.other_lines, count_mismatches=files.count_mismatches)
    _print(report, setup.book, draft, as_json=as_json)
    if not report.passes:
        raise typer.Exit(DIFFERENT)


def _read(linter: "Lint", files: Files, paths: list[Path]) -> None:
    """Every file in turn; one of a folder that is no file of ours is left out, and told."""
    found = list(files_in([path for path in paths if path != STDIN]))
    check_named((path, str(path)) for path, is_named in found if is_named)
    for path, is_named in found:
        try:
            linter.read(files.lines(path, str(path)), files.now)
        except (FileIsWrong, OSError) as wrong:
            if is_named:
                raise
            print(f"left out: {wrong}", file=sys.stderr)
    if STDIN in paths:
        linter.read(files.lines(sys.stdin.buffer, "standard input"), files.now)


def _print(report: "Report", book: FeedBook, draft: Path | None, *, as_json: bool) -> None:
    """The draft where it is wanted, and the report unless the draft has taken its place."""
    from services.onboarding.drafting import draft as drafted
    from services.onboarding.telling import told

    if draft:
        text = drafted(report, book.profiles[report.profile], book.profiles["default"])
        if draft == STDIN:
            print(text, end="")
            return
        draft.write_text(text, "utf-8")
    if as_json:
        print_json(report)
    else:
        print("\n".join(told(report)))
