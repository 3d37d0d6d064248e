"""`programs`: what payment programs pay, now or as of an instant, and what they would. It never writes."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.time import Instant
from services.cli.context import AsJson, AsOf, command, fail, instant, place, print_json
from services.cli.listing import people_console
from services.programs.amounts import dollars, plain
from services.programs.loading import Loaded
from services.programs.periods import span_named
from services.programs.program import Program
from services.programs.telling import Result, ToldMeasure
from services.programs.what_if import Changes, read_changes
from services.status.finding import near
from services.status.money import Money
from services.status.money_shapes import program_json
from services.status.payees import standings
from services.status.shapes import time_json
from services.wiring.opening import open_reader
from services.wiring.programs import read_programs, shipped_programs
from services.wiring.setup import Setup

programs = typer.Typer(invoke_without_command=True)

Only = Annotated[str, typer.Option("--program", metavar="ID", help="Only this program.")]
Of = Annotated[
    str, typer.Option("--period", metavar="P", help="2025, 2025-H1, 2025-Q1 or 2025-03; default: the one at hand.")
]
Whose = Annotated[str, typer.Option("--provider", help="Only this provider.")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(programs, name="programs")


@programs.callback()
@command
def pays(
    context: typer.Context,
    program: Only = "",
    period: Of = "",
    provider: Whose = "",
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """What is earned to date, what is at stake, what a late file cost, and what each open gap is worth.

    Example: warmhandoff programs --program plan_a.qip --period 2025-Q1
    """
    if context.invoked_subcommand:
        return
    at, setup = instant(as_of), place.setup()
    chosen = _chosen(setup, program)
    _warn_of_what_is_off(setup, chosen)
    with _ledger(setup, at) as ledger:
        found = list(standings(chosen, ledger, at, setup.zone, period=_read(period), provider=provider))
    if as_json:
        print_json({"as_of": time_json(at, setup.zone), "programs": [program_json(one, setup.zone) for one in found]})
        return
    console = people_console()
    for one in found:
        _show(console, one)
    if not found:
        console.print("Nobody is paid by these programs in that period.")


@programs.command("what-if")
@command
def what_if(
    settings: Annotated[
        list[str],
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A rate, a file (otf:2025-02=on_time), a number (input:cost=9400000)."
        ),
    ],
    program: Only = "",
    period: Of = "",
    provider: Whose = "",
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """What would be paid if rates, files or stated numbers were others.

    Example: warmhandoff programs what-if --set ecm.outreach_10=0.80 --set otf:2025-02=on_time
    """
    at, setup = instant(as_of), place.setup()
    chosen = _chosen(setup, program)
    changes, named = _changes(settings, chosen), _read(period)
    with _ledger(setup, at) as ledger:
        before = list(standings(chosen, ledger, at, setup.zone, period=named, provider=provider))
        after = list(standings(chosen, ledger, at, setup.zone, period=named, provider=provider, changes=changes))
    awaited = {told.gate.key for one in before for told in one.gates}
    if strangers := sorted(changes.gates.keys() - awaited):
        waits = f"Files waited for: {', '.join(sorted(awaited)) or 'none'}; --period names another period."
        raise fail(f"--set: nobody's payment waits for {', '.join(strangers)} in that period.\n{waits}")
    pairs = list(zip(before, after, strict=True))
    if as_json:
        shown = [_pair_json(was, would, setup) for was, would in pairs]
        print_json({"as_of": time_json(at, setup.zone), "set": settings, "programs": shown})
        return
    table = _table("program", "period", "provider", "before", "after", "difference")
    for was, would in pairs:
        sums = (was.earned, would.earned, would.earned - was.earned)
        table.add_row(*_payee(was), *map(dollars, sums))
    people_console().print(table)


@programs.command("check")
@command
def check(
    folder: Annotated[Path | None, typer.Argument(help="A file or folder beside those of the configuration.")] = None,
) -> None:
    """Name every problem of the program pages by line, and play their cases.

    The shipped examples are checked, too.

    Example: warmhandoff programs check my-programs/
    """
    setup = place.setup()
    shipped = [Path(path).stem for path, _ in shipped_programs()]
    loaded = _loaded(setup, [*shipped, *setup.settings.programs, *([str(folder)] if folder else [])])
    print(f"{len(loaded.programs)} programs, {loaded.cases} cases: all hold.")


def _loaded(setup: Setup, listed: Sequence[str]) -> Loaded:
    return read_programs(listed, {page.measure for page in setup.pages} or None, setup.config)


def _chosen(setup: Setup, program: str) -> Sequence[Program]:
    """The programs that the configuration lists, or one of them."""
    loaded = _loaded(setup, setup.settings.programs)
    if not loaded.programs:
        raise fail("No program applies.\nList some in the configuration: 'programs: [plan_a.qip, my-programs/]'.")
    chosen = [one for one in loaded.programs if program in ("", one.id)]
    if not chosen:
        known = [one.id for one in loaded.programs]
        raise fail(f"--program: {program!r} is not listed.{near(program, known)}\nListed: {', '.join(known)}.")
    return chosen


def _warn_of_what_is_off(setup: Setup, chosen: Sequence[Program]) -> None:
    """A measure that is not counted pays as if there were nobody to count."""
    paid = {measure for one in chosen for measure in one.page.measure_ids}
    for page in setup.pages:
        if page.measure in paid and not page.active:
            print(f"warning: {page.measure} is off: it needs {', '.join(page.missing_sets)}.", file=sys.stderr)


@contextmanager
def _ledger(setup: Setup, at: Instant) -> Iterator[Money]:
    with open_reader(place.where(setup)) as reader:
        yield Money(reader, setup.reference, setup.pages, setup.maps, at)


def _read(period: str) -> str:
    if period and span_named(period) is None:
        raise fail(f"--period: {period!r} is no period.\nWrite 2025, 2025-H1, 2025-Q1 or 2025-03.")
    return period


def _changes(settings: Sequence[str], chosen: Sequence[Program]) -> Changes:
    try:
        return read_changes(settings, {measure for one in chosen for measure in one.page.measure_ids})
    except ValueError as error:
        raise fail(f"--set: {error}") from None


def _pair_json(was: Result, would: Result, setup: Setup) -> dict[str, Any]:
    return {
        "program": was.program.id,
        "period": was.inputs.span.name,
        "provider": was.provider,
        "before": program_json(was, setup.zone),
        "after": program_json(would, setup.zone),
    }


def _payee(one: Result) -> tuple[str, str, str]:
    return one.program.id, one.inputs.span.name, one.provider or "-"


def _show(console: Console, one: Result) -> None:
    program, period, provider = _payee(one)
    console.print(Text(f"{program} {period} {provider}: {dollars(one.earned)} earned", style="bold"))
    console.print(Text(f"  {dollars(one.at_stake)} at stake"))
    for late in one.gates:
        if late.cost:
            console.print(Text(f"  {late.gate.file.upper()} of {late.gate.month} late: cost {dollars(late.cost)}"))
    if tier := one.next_tier:
        console.print(Text(f"  {plain(tier.points)} short of {plain(tier.rung.from_)}: {dollars(tier.rung.adds)} more"))
        for name, events in tier.events.items():
            console.print(Text(f"    with {events} more of {name} alone"))
    if one.measures:
        table = _table("  measure", "rate", "earns", "one more", "open gaps", "to target")
        for told in one.measures:
            table.add_row(*_cells(told))
        console.print(table)
    for sentence in one.because:
        console.print(Text(f"  {sentence}", style="dim"))


def _cells(told: ToldMeasure) -> Iterator[Text]:
    more = "-" if told.one_more is None else dollars(told.one_more)
    gaps, wanted = ("-" if number is None else str(number) for number in (told.open_gaps, told.to_target))
    rate, earns = str(told.rate), dollars(told.line.amount)
    yield from map(Text, (f"  {told.line.measure}", rate, earns, more, gaps, wanted))


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, no_wrap=True, justify="left" if name in ("period", "provider") else "right")
    return table
