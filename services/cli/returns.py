"""`returns`: plans' return files written, read and checked, and when they came. It never writes to a store."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table as Grid
from rich.text import Text

from models.errors import FileIsWrong, MessageIsWrong, Problem
from models.events import ReturnFile, ReturnRow
from services.cli.context import AsJson, AsOf, clock, command, fail, instant, place, print_json, read_bytes
from services.cli.listing import people_console, short
from services.returns.arrivals import Version
from services.returns.maps import ReturnMap, together
from services.returns.patterns import read_month
from services.returns.writing import canonical, line_of, unwritten, write_canonical, write_combined, write_return
from services.runtime.store.contract import Reader
from services.status.finding import near
from services.status.marking import said
from services.status.returned import Owed, came, lines_of, owed
from services.status.shapes import time_json
from services.wiring.opening import open_reader
from services.wiring.returns import read_maps
from services.wiring.setup import Setup, map_files
from services.wiring.tables import Row, Table, files_in, problem_of, read_by_map, read_canonical, return_rows

Json = dict[str, Any]

returns = typer.Typer(no_args_is_help=True, help="Plans' return files: write, read, check, and when they came.")

File = Annotated[str, typer.Argument(metavar="FILE", help="A file; - is standard input.")]
OnTime = {True: "yes", False: "no", None: "-"}


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(returns, name="returns")


@returns.command("write")
@command
def write(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Canonical files; - is standard input.")],
    maps: Annotated[list[str], typer.Option("--map", metavar="NAME", help="Of a combined file name both of its maps.")],
) -> None:
    """Write canonical rows as the plan's own file, to stdout; nothing is written when a row cannot be.

    Example: warmhandoff returns write --map plan_a.rtf rtf.csv > for-plan-a.csv
    """
    setup = place.setup()
    chosen = _chosen(setup, maps)
    of_file = {each.file: each for each in chosen}
    rows: list[ReturnRow] = []
    problems: list[Problem] = []
    for name in files:
        body = read_bytes(name)
        held = files_in(setup, body)
        table = read_canonical(
            setup, next((file for file in of_file if file in held), chosen[0].file), body, name, clock()
        )
        problems += [*table.problems, *_unwritable(of_file, table, name)]
        _tell_marks(table, name)
        rows += [row for row in return_rows(table) if row.file in of_file]
    if problems:
        raise FileIsWrong(problems)
    _tell_unwritten(chosen, rows)
    first, *second = chosen
    text = write_combined(first, second[0], rows) if second else write_return(first, rows)
    sys.stdout.buffer.write(text.encode())


@returns.command("read")
@command
def read(
    file: File,
    name: Annotated[str, typer.Option("--map", metavar="NAME", help="The map that explains the file.")],
    as_json: AsJson = False,
) -> None:
    """Print a plan's file as canonical rows. Ends with 2 when a row cannot be read; the others are printed.

    Example: warmhandoff returns read --map plan_a.rtf from-provider.csv
    """
    setup = place.setup()
    (each,) = _chosen(setup, [name])
    table = read_by_map(setup, each, read_bytes(file), file, clock())
    if as_json:
        rows = [_row_json(row) for row in table.rows]
        print_json({"map": each.id, "file": each.file, "rows": rows, "problems": table.problems})
    elif table.rows:
        # A combined file says a member's row again with each attempt.
        rows_once = list(dict.fromkeys(return_rows(table)))
        sys.stdout.buffer.write(write_canonical(each.file, rows_once).encode())
    _tell_marks(table, file)
    if table.problems:
        raise fail("\n".join(map(str, table.problems)))


@returns.command("due")
@command
def due(
    mcp: Annotated[str, typer.Option("--mcp", help="Only files for this plan.")] = "",
    period: Annotated[str, typer.Option("--period", metavar="YYYY-MM", help="Only files of this month.")] = "",
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """When each month's file was due and came, whether in time, and its versions.

    Example: warmhandoff returns due --mcp PLANA --period 2025-06
    """
    at, setup = instant(as_of), place.setup()
    month = read_month(period, "YYYY-MM", "YYYY-MM-DD") if period else ""
    if period and month != period:
        raise fail(f"--period: {period!r} is no month.\nWrite a year and a month, such as 2025-06.")
    with open_reader(place.where(setup)) as reader, reader.still() as still:
        found = [
            one
            for one in owed(came(still, at), setup.reference, at)
            if mcp in ("", one.mcp_id) and month in ("", one.month)
        ]
        shown = [_owed_json(still, setup, one) for one in found] if as_json else []
    if as_json:
        print_json({"as_of": time_json(at, setup.zone), "files": shown})
    elif found:
        people_console().print(_grid(found, setup))
    else:
        print("No return file has come that fits.", file=sys.stderr)


@returns.command("check")
@command
def check(
    folder: Annotated[Path | None, typer.Argument(help="A file or folder beside those of the configuration.")] = None,
) -> None:
    """Name every problem of the maps by line: the shipped ones, those of the configuration, those of a folder.

    Example: warmhandoff returns check my-maps/
    """
    setup = place.setup()
    more = [str(folder)] if folder else []
    listed = [*setup.settings.return_maps, *more]
    pages = map_files(setup.settings.model_copy(update={"return_maps": tuple(dict.fromkeys(listed))}))
    maps = read_maps(pages, setup.reference.calendars)
    print(f"{len(maps)} maps: all right.")


def _chosen(setup: Setup, names: Sequence[str]) -> list[ReturnMap]:
    """The maps that are named: one, or the two of a combined file, that of the RTF first.

    Raises:
        typer.Exit: one is not known, or they are not of one file.
    """
    known = {each.id: each for each in setup.maps}
    for name in names:
        if name not in known:
            listed = f"Known: {', '.join(sorted(known))}; the setting return_maps adds yours."
            raise fail(f"--map: there is no map {name!r}.{near(name, known)}\n{listed}")
    chosen = sorted({name: known[name] for name in names}.values(), key=lambda each: each.file != "rtf")
    if len(chosen) > 1 and not together(chosen):
        raise fail(
            "--map: these maps are not of one combined file.\n"
            "Name one of a file, or its two: an rtf and an otf with the same plan, delimiter, dates and months."
        )
    return chosen


def _unwritable(of_file: Mapping[ReturnFile, ReturnMap], table: Table, name: str) -> Iterator[Problem]:
    for row in table.rows:
        for fact in row.facts:
            if isinstance(fact, ReturnRow) and fact.file in of_file:
                try:
                    line_of(of_file[fact.file], fact)
                except MessageIsWrong as wrong:
                    yield problem_of(wrong, name, row.line)


def _tell_unwritten(maps: Sequence[ReturnMap], rows: Sequence[ReturnRow]) -> None:
    of_file = {each.file: each for each in maps}
    lost = {name: None for row in rows for name in unwritten(of_file[row.file], row)}
    if lost:
        names = " and ".join(each.id for each in maps)
        print(f"warning: left out, since {names} has no column for it: {', '.join(lost)}.", file=sys.stderr)


def _tell_marks(table: Table, name: str) -> None:
    for mark, lines in table.marks.items():
        print(f"warning: {name}: {said(mark, (f'line {line}' for line in lines))}", file=sys.stderr)


def _row_json(row: Row) -> Json:
    (fact,) = row.facts
    assert isinstance(fact, ReturnRow)
    return {"line": row.line, "values": canonical(fact), "marks": row.marks}


def _owed_json(reader: Reader, setup: Setup, one: Owed) -> Json:
    def at(moment: Any) -> str | None:
        return time_json(moment, setup.zone) if moment else None

    def version_json(version: Version) -> Json:
        return {
            "received_at": at(version.received_at),
            "file_status": "accepted" if version.is_accepted else "rejected",
            "rows": len(version.rows),
            "lines": lines_of(reader, version),
        }

    first = one.arrival.first if one.arrival else None
    return {
        "mcp_id": one.mcp_id,
        "provider_id": one.provider_id,
        "file": one.file,
        "month": one.month,
        "due_at": at(one.due_at),
        "received_at": at(first.received_at if first else None),
        "on_time": one.on_time,
        "versions": [version_json(version) for version in one.arrival.versions] if one.arrival else [],
    }


def _grid(found: Sequence[Owed], setup: Setup) -> Grid:
    grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("plan", "provider", "file", "month", "due", "received", "on time", "versions"):
        grid.add_column(name, no_wrap=True, justify="right" if name == "versions" else "left")
    for one in found:
        first = one.arrival.first if one.arrival else None
        times = (short(one.due_at, setup.zone), short(first.received_at if first else None, setup.zone))
        versions = one.arrival.versions if one.arrival else ()
        rejected = sum(not version.is_accepted for version in versions)
        number = f"{len(versions)}{f' ({rejected} rejected)' if rejected else ''}"
        cells = (one.mcp_id, one.provider_id, one.file, one.month, *times, OnTime[one.on_time], number)
        grid.add_row(*map(Text, cells))
    return grid
