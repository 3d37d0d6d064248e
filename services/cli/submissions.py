"""Commands about submissions: `submissions list`, `show`, `check`, `contact`, `freeze`."""

import getpass
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from models.time import Instant
from services.cli.context import AsJson, AsOf, clock, command, fail, instant, place, print_json
from services.cli.listing import people_console
from services.status.finding import near
from services.status.submitted import Submitted
from services.submissions.loading import Loaded
from services.submissions.round import Field, Round
from services.submissions.standing import Answer, Submission
from services.submissions.telling import freeze_line, submission_json
from services.wiring.opening import open_reader
from services.wiring.rounds import read_rounds
from services.wiring.setup import Setup
from services.wiring.submitting import submit

submissions = typer.Typer(help="What is sent to an incentive program, round by round.", no_args_is_help=True)

Name = Annotated[
    str, typer.Argument(metavar="SUBMISSION", help="Which one, such as ipp.5; `submissions list` has all.")
]
By = Annotated[str, typer.Option("--by", help="Who decides; default: the user name.")]
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(submissions, name="submissions")


@submissions.command("list")
@command
def list_(as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Every round: its period, when it is due, how it stands.

    Example: warmhandoff submissions list
    """
    at, setup, loaded = instant(as_of), place.setup(), _rounds()
    with _reading(setup, loaded, at) as submitted:
        shown = submitted.all()
    if as_json:
        of_zone = at.astimezone(setup.zone).isoformat()
        print_json({"as_of": of_zone, "submissions": [submission_json(each, setup.zone) for each in shown]})
        return
    table = _table("submission", "program", "period", "due", "state", "contact", "feedback")
    for each in shown:
        asked = each.round
        period, contact = f"{asked.first} to {asked.last}", each.contact.name if each.contact else "-"
        table.add_row(asked.id, asked.program, period, str(asked.due), each.state, Text(contact), _tally(each))
    people_console().print(table)


@submissions.command("show")
@command
def show(submission: Name, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """One round, field by field, with what is true today beside what was sent.

    Example: warmhandoff submissions show ipp.5
    """
    at, setup, loaded = instant(as_of), place.setup(), _rounds()
    asked = _named(loaded, submission)
    with _reading(setup, loaded, at) as submitted:
        shown = submitted.of(asked)
    if as_json:
        print_json(submission_json(shown, setup.zone))
    else:
        _print(shown, setup)


@submissions.command("check")
@command
def check(
    folder: Annotated[Path | None, typer.Argument(help="A folder of pages beside the shipped ones.")] = None,
    as_json: AsJson = False,
) -> None:
    """Name every problem of the pages by line.

    Example: warmhandoff submissions check my-rounds/
    """
    loaded = _rounds(folder)
    if as_json:
        print_json({"submissions": [each.id for each in loaded.rounds]})
        return
    fields = sum(len(each.fields) for each in loaded.rounds)
    print(f"{len(loaded.rounds)} submissions, {fields} fields: all hold.")


@submissions.command("contact")
@command
def contact(
    submission: Name,
    name: Annotated[str, typer.Option("--name", help="Who answers for it.")],
    email: Annotated[str, typer.Option("--email", help="Where to reach them.")],
    by: By = "",
    as_json: AsJson = False,
) -> None:
    """Say who answers for a submission; without it nothing can be sent.

    Example: warmhandoff submissions contact ipp.5 --name "Ana Rivera" --email ana@plan.example
    """
    setup, loaded = place.setup(), _rounds()
    asked = _named(loaded, submission)
    if not name.strip():
        raise fail("--name: it is empty.\nWrite the name of a person.")
    if not _MAIL.fullmatch(email):
        raise fail("--email: this is no address.\nWrite one such as ana@plan.example.")
    line = {"action": "contact", "submission": asked.id, "name": name.strip(), "email": email}
    _keep(setup, {"at": clock().isoformat(), "by": by or getpass.getuser(), **line})
    if as_json:
        print_json({"submission": asked.id, "contact": {"name": name.strip(), "email": email}})


@submissions.command("freeze")
@command
def freeze(
    submission: Name,
    as_of: AsOf = None,
    again: Annotated[bool, typer.Option("--again", help="Send once more; the newest values hold.")] = False,
    by: By = "",
    reason: Annotated[str, typer.Option("--reason", help="Why.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send a submission: its values stay as they are, whatever becomes true later.

    `--as-of` freezes the values that were known then.

    Example: warmhandoff submissions freeze ipp.5
    """
    at, setup, loaded = instant(as_of), place.setup(), _rounds()
    asked = _named(loaded, submission)
    now = clock()
    with _reading(setup, loaded, now) as submitted:
        _refuse(submitted.of(asked), again=again)
    with _reading(setup, loaded, at) as submitted:
        shown = submitted.unsent(asked)
    if at.astimezone(setup.zone).date() <= asked.last:
        print(f"warmhandoff: the period of {asked.id} is not over: it ends on {asked.last}.", file=sys.stderr)
    done = _keep(setup, freeze_line(shown, now, by or getpass.getuser(), reason))
    if not done:
        return
    with _reading(setup, loaded, clock()) as submitted:
        sent = submitted.of(asked)
    if as_json:
        print_json(submission_json(sent, setup.zone))
    else:
        _print(sent, setup)


def _refuse(shown: Submission, *, again: bool) -> None:
    name = shown.round.id
    if "contact" in shown.lacks:
        hint = f"`warmhandoff submissions contact {name} --name ... --email ...` says it."
        raise fail(f"{name} has no contact: nobody could be asked about it. Nothing was sent.\n{hint}")
    if shown.state == "submitted" and not again:
        raise fail(f"{name} was sent already. Nothing was changed.\n`--again` sends it once more.")


def _rounds(folder: Path | None = None) -> Loaded:
    setup = place.setup()
    folders = [*map(Path, setup.settings.submissions), *([folder] if folder else [])]
    directions = {page.measure: page.improvement for page in setup.pages}
    return read_rounds(folders, directions or None)


def _named(loaded: Loaded, submission: str) -> Round:
    found = loaded.named(submission)
    if found is None:
        known = [each.id for each in loaded.rounds]
        hint = near(submission, known)
        raise fail(f"There is no submission {submission!r}.{hint}\n`warmhandoff submissions list` lists them.")
    return found


@contextmanager
def _reading(setup: Setup, loaded: Loaded, at: Instant) -> Iterator[Submitted]:
    with open_reader(place.where(setup)) as reader:
        yield Submitted(reader, setup.reference, setup.pages, loaded.rounds, at)


def _keep(setup: Setup, line: dict[str, Any]) -> bool:
    """Make a decision a journal line; say where it went."""
    done = submit(place.where(setup), setup, clock, "decisions", msgspec.json.encode(line) + b"\n")
    print("Recorded." if done else "Recorded: handed to the running service.", file=sys.stderr)
    return done


def _print(shown: Submission, setup: Setup) -> None:
    asked, console = shown.round, people_console()
    who = f"{shown.contact.name} <{shown.contact.email}>" if shown.contact else "nobody yet"
    sent = f", sent {shown.frozen_at.astimezone(setup.zone):%Y-%m-%d %H:%M}" if shown.frozen_at else ""
    head = f"{asked.id}: {asked.program} {asked.round}, {asked.first} to {asked.last}, due {asked.due}. "
    console.print(Text(f"{head}{shown.state}{sent}. Contact: {who}."))
    table = _table("field", "value", "prior", "goal", "today", "feedback", numbers=("value", "prior", "goal", "today"))
    for answer in shown.answers:
        table.add_row(*map(Text, _row(answer)))
    console.print(table)


def _row(answer: Answer) -> tuple[str, ...]:
    field = answer.field
    prior = _shown(answer.prior) + (f" ({answer.prefill_source})" if answer.prefill_source else "")
    return field.name, _shown(answer.value), prior, _goal(field), _shown(answer.today), answer.feedback


def _goal(field: Field) -> str:
    sign = "at least" if field.improvement == "increase" else "at most"
    return "-" if field.threshold is None else f"{sign} {_shown(field.threshold)}"


def _shown(value: Any) -> str:
    return "-" if value is None else f"{float(value):.4g}"


def _tally(shown: Submission) -> str:
    counts = {word: sum(answer.feedback == word for answer in shown.answers) for word in _WORDS}
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


_WORDS = ("meets", "improves", "below", "missing")


def _table(*names: str, numbers: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=True, justify="right" if name in numbers else "left")
    return table
