"""`measures report`: MeasureReports, gaps in care and tables, as files or on stdout. It never writes to a store."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from models.measure import last_day
from models.subjects import is_member
from models.time import Instant
from services.cli.context import AsOf, command, fail, instant, place
from services.cli.measures import measures
from services.reporting.counting import Row, by_stratum, count
from services.reporting.gaps import Key, Worth, key_of
from services.reporting.gaps_bundle import gaps_bundle
from services.reporting.heading import Heading, Measure, Reporter
from services.reporting.measure_report import individual, subject_list, summary
from services.reporting.tables import contributions_csv, counts_csv, gaps_csv
from services.runtime.store.contract import Reader
from services.status.finding import near
from services.status.money import Money
from services.status.payees import standings
from services.status.reporting import Reports, described
from services.status.worth import worths
from services.wiring.opening import open_reader
from services.wiring.programs import read_programs
from services.wiring.setup import Setup

Priced = Mapping[Key, tuple[Worth, ...]]
KINDS = ("individual", "summary", "subject-list", "gaps")
FORMATS = ("fhir", "csv")


def register(_app: typer.Typer) -> None:
    """Add the command to its group."""
    measures.command("report")(report)


@command
def report(
    kind: Annotated[str, typer.Option("--type", metavar="KIND", help=f"{', '.join(KINDS)}.")],
    measure: Annotated[str, typer.Option("--measure", help="The measure; of gaps, all when it is left out.")] = "",
    period: Annotated[
        str, typer.Option("--period", metavar="YEAR", help="Another year than the one at hand, such as 2025.")
    ] = "",
    member: Annotated[str, typer.Option("--member", help="Only this member.")] = "",
    mcp: Annotated[str, typer.Option("--mcp", help="Only units of this plan.")] = "",
    provider: Annotated[str, typer.Option("--provider", help="Only units of this ECM provider.")] = "",
    reporter: Annotated[str, typer.Option("--reporter", metavar="ID", help="The organization that reports.")] = "",
    form: Annotated[str, typer.Option("--format", metavar="FORM", help="fhir or csv.")] = "fhir",
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="A file each in this folder; - is stdout.")] = "-",
    as_of: AsOf = None,
) -> None:
    """Measures as others read them: FHIR MeasureReports, gaps in care, CSV.

    On stdout each resource is one line of JSON. Reports name members: keep them as safe as the store.

    Example: warmhandoff measures report --measure trc.engagement --period 2025 --type summary --out reports/
    """
    at, setup = instant(as_of), place.setup()
    _check("--type", kind, KINDS)
    _check("--format", form, FORMATS)
    if member and not is_member(member):
        raise fail(f"--member: {member!r} is no member.\nWrite an id as `warmhandoff members` lists them.")
    asked = _measure(setup, measure, kind)
    heading = _heading(setup, period, at, Reporter(reporter or provider or mcp or "warmhandoff"))
    with open_reader(place.where(setup)) as reader:
        found = Reports(reader, setup.reference, setup.pages, at)
        rows = list(found.rows(heading.period, measure=measure, member=member, mcp=mcp, provider=provider))
        if member and not rows:
            print(f"warmhandoff: nothing is counted of this member in {heading.period}.", file=sys.stderr)
        worth = _worth(reader, setup, heading, rows, at) if kind == "gaps" else {}
        if form == "csv":
            text = _table(kind, asked, heading, rows, found, worth)
            _write(out, [(f"{measure or 'all'}-{heading.period}-{kind}.csv", text.encode())])
            return
        documents = _documents(kind, asked, heading, rows, found, worth, member)
        _write(out, ((f"{each['resourceType']}-{each['id']}.json", _line(each)) for each in documents))


def _documents(
    kind: str, asked: Measure | None, heading: Heading, rows: Sequence[Row], found: Reports, worth: Priced, member: str
) -> Iterator[dict[str, Any]]:
    if kind == "gaps":
        gaps = found.gaps(rows, heading, worth)
        for member_id in [member] if member else gaps:
            yield gaps_bundle(member_id, heading, gaps.get(member_id, []))
        return
    assert asked is not None  # it was asked for
    if kind == "individual":
        results = found.results(rows)
        for row in rows:
            yield individual(asked, heading, row, results.get(key_of(row)))
    elif kind == "summary":
        yield summary(asked, heading, count(rows, heading), by_stratum(rows, heading))
    else:
        yield subject_list(asked, heading, rows)


def _table(
    kind: str, asked: Measure | None, heading: Heading, rows: Sequence[Row], found: Reports, worth: Priced
) -> str:
    if kind == "gaps":
        return gaps_csv(gap for gaps in found.gaps(rows, heading, worth).values() for gap in gaps)
    if kind == "summary":
        assert asked is not None  # it was asked for
        return counts_csv(asked, heading, count(rows, heading), by_stratum(rows, heading))
    return contributions_csv(rows, heading)


def _worth(reader: Reader, setup: Setup, heading: Heading, rows: Sequence[Row], at: Instant) -> Priced:
    """What the programs that apply would pay for each; nothing where none is listed."""
    programs = read_programs(
        setup.settings.programs, {page.measure for page in setup.pages} or None, setup.config
    ).programs
    if not programs:
        return {}
    ledger = Money(reader, setup.reference, setup.pages, setup.maps, at)
    return worths(standings(programs, ledger, at, setup.zone, period=heading.period), rows)


def _check(option: str, word: str, known: Sequence[str]) -> None:
    if word not in known:
        raise fail(f"{option}: {word!r} is not known.{near(word, known)}\nWrite one of {', '.join(known)}.")


def _measure(setup: Setup, measure: str, kind: str) -> Measure | None:
    """The page of the measure asked for; None where all of them are."""
    if not measure and kind == "gaps":
        return None
    pages = {page.measure: page for page in setup.pages}
    if measure not in pages:
        told = f"there is no measure {measure!r}.{near(measure, pages)}" if measure else "a report is of one measure."
        raise fail(f"--measure: {told}\n`warmhandoff measures` lists them.")
    return described(pages[measure], setup.reference)


def _heading(setup: Setup, period: str, at: Instant, reporter: Reporter) -> Heading:
    today = at.astimezone(setup.zone).date()
    year = period or str(today.year)
    if not (len(year) == 4 and year.isascii() and year.isdigit() and "1900" <= year < "2200"):
        raise fail(f"--period: {period!r} is no year.\nWrite four digits, such as 2025.")
    last = last_day(year)
    return Heading(year, last.replace(month=1, day=1), last, at.astimezone(setup.zone), today, reporter)


def _line(document: dict[str, Any]) -> bytes:
    return msgspec.json.encode(document) + b"\n"


def _write(out: str, files: Iterator[tuple[str, bytes]] | Sequence[tuple[str, bytes]]) -> None:
    """Files into a folder, or all of them on stdout."""
    if out == "-":
        for _, content in files:
            sys.stdout.buffer.write(content)
        return
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    number = 0
    for name, content in files:
        (folder / name).write_bytes(content)
        number += 1
    print(f"{number} file{'s' * (number != 1)} in {out}.", file=sys.stderr)
