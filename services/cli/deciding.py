"""Commands by which people decide: `identity`, `quarantine`, `task`. Each decision is a journal line."""

import getpass
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Annotated, Any

import msgspec
import typer

from connectors.tabular.kinds import is_table
from connectors.tabular.records import with_header
from services.cli.context import DIFFERENT, AsJson, clock, command, fail, place, print_json
from services.cli.naming import task_named
from services.runtime.pipeline import WHOLE_LINE
from services.runtime.store.contract import PatientRow, QuarantineRow, Reader
from services.status.placing import Place, Places
from services.status.questions import Questions
from services.wiring.opening import open_reader
from services.wiring.setup import Setup
from services.wiring.submitting import submit

identity = typer.Typer(help="Who is this? Links, un-links and what waits for a person.", no_args_is_help=True)
quarantine = typer.Typer(help="Messages that could not be read.", no_args_is_help=True)
task = typer.Typer(help="What people say about tasks.", no_args_is_help=True)

By = Annotated[str, typer.Option("--by", help="Who decides; default: the user name.")]
Reason = Annotated[str, typer.Option("--reason", help="Why.")]
Patient = Annotated[str, typer.Argument(help="feed|authority|value, as `identity review` shows it.")]
MemberId = Annotated[str, typer.Argument(help="The member, as `members` lists them.")]
Number = Annotated[str, typer.Argument(help="The id, such as q-7.")]
PAGE = 500


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(identity, name="identity")
    app.add_typer(quarantine, name="quarantine")
    app.add_typer(task, name="task")


@identity.command("link")
@command
def link(source_patient: Patient, member_id: MemberId, by: By = "", reason: Reason = "") -> None:
    """Say that a source patient is a member.

    Example: warmhandoff identity link 'hie-west|H1|TMP900' M1 --reason "chart review"
    """
    _known(source_patient, member_id)
    _decide(action="link", by=by, source_patient=source_patient, member_id=member_id, reason=reason)


@identity.command("unlink")
@command
def unlink(source_patient: Patient, member_id: MemberId, by: By = "", reason: Reason = "") -> None:
    """Say that a source patient is not a member.

    It holds whatever identifiers later messages carry, until a newer `identity link`.

    Example: warmhandoff identity unlink 'hie-west|H1|TMP900' M1 --reason "another person's card"
    """
    _known(source_patient, member_id)
    _decide(action="unlink", by=by, source_patient=source_patient, member_id=member_id, reason=reason)


@identity.command("review")
@command
def review(
    settle: Annotated[str, typer.Option("--settle", help="Settle this source patient's items.")] = "",
    parked: Annotated[bool, typer.Option("--parked", help="List those who belong to nobody, too.")] = False,
    by: By = "",
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """List what evidence alone does not settle.

    `--settle` takes an item off the list, and changes nothing else.

    Example: warmhandoff identity review --parked
    """
    if settle:
        _known(settle)
        _decide(action="review", by=by, source_patient=settle, member_id="", reason=reason)
        return
    setup = place.setup()
    with open_reader(place.where(setup)) as reader:
        rows = list(_pages(reader.to_review))
        rows += [row for row in _pages(reader.parked) if parked and not row.reviews]
    items = [
        {"source_patient": row.key, "reasons": list(row.reviews) or ["parked"], "members": list(row.members)}
        for row in rows
    ]
    if as_json:
        print_json({"items": items})
    for item in items if not as_json else ():
        print(f"{item['source_patient']}  {', '.join(item['reasons'])}  {', '.join(item['members']) or '-'}")
    if not items and not as_json:
        print("Nothing to review.")


@task.command("note")
@command
def note(
    task_id: Annotated[
        str, typer.Argument(metavar="TASK-ID", help="The task's id, as `tasks` shows it; its first characters will do.")
    ],
    action: Annotated[str, typer.Option(help="done, declined, not_possible or note.")] = "note",
    text: Annotated[str, typer.Option(help="What there is to say.")] = "",
    by: By = "",
) -> None:
    """Record what became of a task.

    Example: warmhandoff task note 6c0f... --action done --text "visit confirmed by phone"
    """
    if action not in ("done", "declined", "not_possible", "note"):
        raise fail(f"--action: {action!r} is no action.\nWrite done, declined, not_possible or note.")
    setup = place.setup()
    with open_reader(place.where(setup)) as reader:
        task_id = task_named(reader, setup, task_id)
        member_id = Questions(reader, setup.reference).member_of(task_id)
    assert member_id is not None  # it was named
    _decide(action="task", by=by, member_id=member_id, task=task_id, task_action=action, reason=text)


@quarantine.command("list")
@command
def list_(
    status: Annotated[str, typer.Option(help="waiting, replayed, dismissed or all.")] = "waiting",
    as_json: AsJson = False,
) -> None:
    """What could not be read, and what would fix it.

    No line shows a person's values.

    Example: warmhandoff quarantine list
    """
    if status not in ("waiting", "replayed", "dismissed", "all"):
        raise fail(f"--status: {status!r} is no status.\nWrite waiting, replayed, dismissed or all.")
    setup, wanted = place.setup(), "" if status == "all" else status
    with open_reader(place.where(setup)) as reader:
        places = Places(reader)
        rows = [(row, places.row(row.seq, row.ordinal)) for row in reader.quarantine(status=wanted)]
    if as_json:
        print_json({"quarantine": [_row_json(row, at) for row, at in rows]})
        return
    for row, at in rows:
        stands = f"{row.status}  " if status != "waiting" else ""
        print(f"q-{row.id}  {stands}{_where(row, at)}, {row.reason} at {row.where}: {row.shape}. {row.fix}")
    if not rows:
        print("Nothing is in quarantine.")


@quarantine.command("show")
@command
def show(
    number: Number, raw: Annotated[bool, typer.Option("--raw", help="Print the message's bytes.")] = False
) -> None:
    """Show one record, or with `--raw` the message.

    The message is shown with what it holds of a person.

    Example: warmhandoff quarantine show q-7 --raw
    """
    setup = place.setup()
    with open_reader(place.where(setup)) as reader:
        row = _row(reader, number)
        if not raw:
            print_json(_row_json(row, Places(reader).row(row.seq, row.ordinal)))
            return
        line = reader.line(row.seq)
    if line is None:
        raise fail(f"q-{row.id} is about no message: there is nothing to print.")
    sys.stdout.buffer.write(with_header(line.body, row.ordinal) if is_table(line.kind) else line.body)


@quarantine.command("replay")
@command
def replay(number: Number, by: By = "", reason: Reason = "") -> None:
    """Read a message again, after something was mended.

    A profile or the program; a message that the sender corrects is a new one.

    Example: warmhandoff quarantine replay q-7
    """
    _settle("replay", number, by, reason)


@quarantine.command("dismiss")
@command
def dismiss(number: Number, by: By = "", reason: Reason = "") -> None:
    """Let a message go; it stays in the journal.

    Example: warmhandoff quarantine dismiss q-7 --reason "test traffic"
    """
    _settle("dismiss", number, by, reason)


def _known(source_patient: str, member_id: str = "") -> None:
    """Refuse ids that nobody has: a slip of the pen would be recorded for good and change nothing."""
    with open_reader(place.where(place.setup())) as reader:
        if source_patient not in reader.patients([source_patient]):
            hint = "`warmhandoff identity review --parked` lists those who wait; the id is feed|authority|value."
            raise fail(f"No source patient has the id {source_patient!r}.\n{hint}")
        if member_id and member_id not in reader.members([member_id]):
            raise fail(f"No member has the id {member_id!r}.\n`warmhandoff members` lists them.")


def _settle(action: str, number: str, by: str, reason: str) -> None:
    setup = place.setup()
    where = place.where(setup)
    with open_reader(where) as reader:
        row = _row(reader, number)
        if row.status != "waiting":
            raise fail(f"q-{row.id} was {row.status} already: there is nothing to decide.")
        name = _name(reader, setup, row)
    if not _decide(action=action, by=by, message=name, reason=reason):
        return
    with open_reader(where) as reader:
        status = _row(reader, number).status
    if status == "waiting":
        raise fail(f"q-{row.id} still cannot be read: {row.reason} at {row.where}.\n{row.fix}", DIFFERENT)
    print(f"q-{row.id}: {status}.")


def _name(reader: Reader, setup: Setup, row: QuarantineRow) -> str:
    """The name of a quarantined message: its line read once more."""
    line = reader.line(row.seq)
    if line and row.ordinal == WHOLE_LINE:
        return sha256(line.body).hexdigest()
    if line:
        for reading in setup.readers[line.kind].read(line.feed, line.received_at, line.body):
            if reading.ordinal == row.ordinal:
                return reading.name
    raise fail(f"q-{row.id} is about no message; `rebuild --apply` derives the member again.")


def _row(reader: Reader, number: str) -> QuarantineRow:
    digits = number.removeprefix("q-")
    rows = reader.quarantine(number=int(digits)) if digits.isascii() and digits.isdigit() else []
    if not rows:
        raise fail(
            f"Nothing in quarantine has the id {number!r}.\n`warmhandoff quarantine list --status all` lists it."
        )
    return rows[0]


def _where(row: QuarantineRow, at: Place | None) -> str:
    """The feed and journal line, and what part of it: a message of a batch, a row of a table."""
    line = f"{row.feed or '-'} line {row.seq}"
    if at:
        return f"{line} ({at.kind}, line {at.line} of the file)"
    return f"{line} part {row.ordinal}" if row.ordinal > 1 and row.seq else line


def _row_json(row: QuarantineRow, at: Place | None) -> dict[str, Any]:
    return {
        "id": f"q-{row.id}",
        "feed": row.feed,
        "seq": row.seq,
        "ordinal": row.ordinal,
        "table": at.kind if at else None,
        "file_line": at.line if at else None,
        "reason": row.reason,
        "where": row.where,
        "shape": row.shape,
        "fix": row.fix,
        "status": row.status,
    }


def _decide(*, by: str, **words: str) -> bool:
    """Make the decision a journal line; say where it went."""
    setup = place.setup()
    line = {"at": clock().isoformat(), "by": by or getpass.getuser(), **words}
    done = submit(place.where(setup), setup, clock, "decisions", msgspec.json.encode(line) + b"\n")
    print("Recorded." if done else "Recorded: handed to the running service.", file=sys.stderr)
    return done


def _pages(ask: Callable[[str, int], list[PatientRow]]) -> Iterator[PatientRow]:
    after = ""
    while rows := ask(after, PAGE):
        yield from rows
        after = rows[-1].key
