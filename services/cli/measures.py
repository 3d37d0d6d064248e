"""`measures`: what is counted, now or as of an instant. It never writes. Other modules add commands to the group."""

import re
import sys
from collections import Counter
from typing import Annotated

import typer

from services.cli.context import AsJson, AsOf, command, fail, instant, place, print_json, print_line, words_of
from services.cli.listing import people_console
from services.cli.measure_table import Shown, measure_table
from services.status.count_shapes import counts_json, ledger_json
from services.status.counting import OWNERS, Counting, Counts
from services.status.finding import near
from services.status.shapes import time_json
from services.wiring.opening import open_reader

STRATA = ("age_band", "pof", "language", "race_ethnicity")
POINTS_MAX = 24
SETS_SHOWN = 2
_YEAR = re.compile(r"(?:19|20|21)\d\d")

measures = typer.Typer(invoke_without_command=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(measures, name="measures")


@measures.callback()
@command
def counts(
    context: typer.Context,
    measure: Annotated[str, typer.Option("--measure", help="Only this measure.")] = "",
    period: Annotated[
        str, typer.Option("--period", metavar="YEAR", help="Another year than the one at hand, such as 2025.")
    ] = "",
    by: Annotated[
        str,
        typer.Option(
            "--by", help=f"Group by any of {', '.join(OWNERS)}, and by one of {', '.join(STRATA)}; separated by commas."
        ),
    ] = "",
    ledger: Annotated[bool, typer.Option("--ledger", help="Print every contribution as a JSON line instead.")] = False,
    trend: Annotated[
        int, typer.Option("--trend", min=0, max=POINTS_MAX, metavar="N", help="Of the ends of so many months before.")
    ] = 0,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """What every measure counts in a year: numerators, denominators, rates.

    Example: warmhandoff measures --measure trc.engagement --by mcp --as-of 2025-06-10T12:00:00-07:00
    """
    if context.invoked_subcommand:
        return
    at, setup = instant(as_of), place.setup()
    groups = _groups(by)
    if period and not _YEAR.fullmatch(period):
        raise fail(f"--period: {period!r} is no year.\nWrite four digits, such as 2025.")
    day = at.astimezone(setup.zone).date()
    with open_reader(place.where(setup)) as reader:
        counting = Counting(reader, setup.reference, setup.pages)
        if ledger:
            for subject, one in counting.ledger(at):
                if measure in ("", one.measure) and period in ("", one.period):
                    print_line(ledger_json(subject, one, day))
            return
        found = counting.counts(at, measure=measure, period=period, by=groups, points=trend)
    if measure and not found:
        known = sorted({page.measure for page in setup.pages})
        print(f"warmhandoff: there is no measure {measure!r}.{near(measure, known)}", file=sys.stderr)
    if as_json:
        print_json({"as_of": time_json(at, setup.zone), "measures": [counts_json(one, setup.zone) for one in found]})
    else:
        console = people_console()
        editions = Counter(measure_id for measure_id, _ in {(one.page.measure, one.page.version) for one in found})
        rows = [_shown(one, name_version=editions[one.page.measure] > 1) for one in found]
        console.print(measure_table(rows, console.width) if rows else "No measures.")


def _groups(by: str) -> list[str]:
    words = words_of("--by", by, (*OWNERS, *STRATA), "way to group")
    if len([word for word in words if word in STRATA]) > 1:
        raise fail(f"--by: {by!r} names several strata.\nEach is counted by itself: name one of them at a time.")
    return words


def _shown(row: Counts, *, name_version: bool) -> Shown:
    sums, page = row.sums, row.page
    return Shown(
        measure=f"{page.measure} {page.version}" if name_version else page.measure,
        numerator=sums.numerator,
        denominator=sums.denominator,
        value=row.value,
        excluded=sums.exclusion,
        exceptions=sums.exception,
        per=page.per,
        provisional=row.provisional,
        trend=[None if rate is None else float(rate * page.per) for _, rate in row.trend],
        improvement=page.improvement,
        groups=tuple(row.by.items()),
        note=_note(row),
    )


def _note(row: Counts) -> str:
    if not row.page.active:
        missing = row.page.missing_sets
        return f"off: needs {', '.join(missing[:SETS_SHOWN])}{' ...' if len(missing) > SETS_SHOWN else ''}"
    return "departs from its source: --json says where" if row.page.departures else ""
