"""`roster diff`: what changed from one member information file to the next. It never reads or writes a store."""

import csv
import io
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal

import msgspec
import typer

from models.errors import FileIsWrong, Problem
from models.events import RosterRow
from models.time import local_day
from services.cli.context import AsJson, clock, command, fail, place, print_json, read_bytes
from services.returns.snapshots import Changes, diff_snapshots
from services.status.marking import said
from services.wiring.setup import Setup
from services.wiring.tables import Table, cells_by_line, header_of, read_canonical, roster_rows

Ends = Literal["ecm_end", "coverage_end"]
DAY = timedelta(days=1)

roster = typer.Typer(no_args_is_help=True, help="Member information files.")


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(roster, name="roster")


@roster.callback()
def _roster() -> None:
    """Member information files."""


@roster.command("diff")
@command
def diff(
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="The full file of before, canonical; - is stdin.")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="The full file of now.")],
    removals: Annotated[
        bool, typer.Option("--removals", help="Print the rows to load that end what removed members had.")
    ] = False,
    since: Annotated[
        str,
        typer.Option("--since", metavar="DAY", help="From when AFTER holds; default: the first day of this month."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Who was assigned, updated and removed from one full member information file to the next.

    Loading a file never removes anybody: it may be a part. A removal is told by a row with an end, which --removals
    prints: the member's last row with ecm_end, or without ECM with coverage_end, on the day before AFTER holds.

    Example: warmhandoff roster diff mif-may.csv mif-june.csv --removals --since 2025-06-01 > removals.csv
    """
    setup = place.setup()
    if removals and as_json:
        raise fail("--removals prints rows to load, --json what changed.\nWrite one of them.")
    day = _day(since, setup)
    body = read_bytes(before)
    old, new = _read(setup, before, body), _read(setup, after, read_bytes(after))
    if wrong := [*old.problems, *new.problems]:
        raise FileIsWrong(wrong)  # a row that cannot be read would look like a removal
    changes = diff_snapshots(roster_rows(old), roster_rows(new))
    _warn_of_absent_panels(roster_rows(old), roster_rows(new), after)
    if removals:
        sys.stdout.write(_ended(changes, old, body, before, day))
    elif as_json:
        print_json(_json(changes))
    else:
        _print(changes)


def _read(setup: Setup, name: str, body: bytes) -> Table:
    table = read_canonical(setup, "roster", body, name, clock())
    for mark, lines in table.marks.items():
        print(f"warning: {name}: {said(mark, (f'line {line}' for line in lines))}", file=sys.stderr)
    return table


def _day(text: str, setup: Setup) -> date:
    if not text:
        return local_day(clock(), setup.zone).replace(day=1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise fail(f"--since: {text!r} is no day.\nWrite a day such as 2025-06-01.") from None


def _warn_of_absent_panels(old: Sequence[RosterRow], new: Sequence[RosterRow], name: str) -> None:
    """A file of one plan and provider, compared with one of several, would remove everybody else."""
    panels = Counter((row.mcp_id, row.ecm_provider_id) for row in old)
    for mcp, provider in sorted(panels.keys() - {(row.mcp_id, row.ecm_provider_id) for row in new}):
        whose = f"plan {mcp or '-'} and provider {provider or '-'}"
        print(f"warning: {name} has nobody of {whose}: is it the whole file?", file=sys.stderr)


def _ended(changes: Changes, old: Table, body: bytes, name: str, day: date) -> str:
    """The removed members' last rows, as they were written, with an end."""
    lines = {fact.member_id: row.line for row in old.rows for fact in row.facts if isinstance(fact, RosterRow)}
    header, written = header_of(body), cells_by_line(body)
    columns = [*header, *(name for name in ("ecm_end", "coverage_end") if name not in header)]
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n", restval="")
    writer.writeheader()
    problems: list[Problem] = []
    for gone in changes.removed:
        ends, end = _end_of(gone), day - DAY
        begun = gone.ecm_start if ends == "ecm_end" else gone.coverage_start
        if begun and begun > end:
            remedy = "Name by --since when the new file holds, or load a row of your own."
            what = f"This member was removed before {ends.replace('_end', '')} began."
            problems.append(Problem(name, lines[gone.member_id], ends, what, remedy))
            continue
        already = getattr(gone, ends)
        cells = dict(zip(header, written[lines[gone.member_id]], strict=False))
        writer.writerow({key: cells[key] for key in header} | {ends: str(min(already or end, end))})
    if problems:
        raise FileIsWrong(problems)
    return out.getvalue()


def _end_of(row: RosterRow) -> Ends:
    return "ecm_end" if row.ecm_provider_id or row.ecm_status or row.ecm_start else "coverage_end"


def _json(changes: Changes) -> dict[str, Any]:
    return {
        "assigned": [_row(row) for row in changes.assigned],
        "updated": [
            {
                "member_id": one.after.member_id,
                "fields": one.fields,
                "before": _row(one.before),
                "after": _row(one.after),
            }
            for one in changes.updated
        ],
        "removed": [_row(row) for row in changes.removed],
    }


def _row(row: RosterRow) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(row).items() if value not in ("", None)}


def _print(changes: Changes) -> None:
    """By member id and names of fields; what they hold is in --json."""
    for row in changes.assigned:
        print(f"assigned  {row.member_id}")
    for one in changes.updated:
        print(f"updated   {one.after.member_id}  {', '.join(one.fields)}")
    for row in changes.removed:
        print(f"removed   {row.member_id}")
    counts = f"{len(changes.assigned)} assigned, {len(changes.updated)} updated, {len(changes.removed)} removed."
    print(counts, file=sys.stderr)
