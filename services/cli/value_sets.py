"""`value-sets check`: what measure pages need, and what is loaded."""

import sys

import typer
from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from services.cli.context import DIFFERENT, AsJson, command, place, print_json
from services.cli.listing import people_console
from services.measures.needing import Need, needs_of
from services.wiring.value_sets import pages_and_sets

COLUMNS = ("value set", "codes", "version", "digest", "pages")
GAP = 2

value_sets = typer.Typer(help="The code lists that measures need.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the group."""
    app.add_typer(value_sets, name="value-sets")


@value_sets.callback()
def _value_sets() -> None:
    """The code lists that measures need."""


@value_sets.command("check")
@command
def check(as_json: AsJson = False) -> None:
    """What each measure page needs, and what is loaded. Ends with 1 when a page is switched off for want of a set.

    Example: warmhandoff value-sets check
    """
    loaded, sets = pages_and_sets(place.file())
    needs = needs_of(loaded.measures, sets)
    missing = [need.name for need in needs if need.is_missing]
    if as_json:
        print_json({"digest": sets.digest, "sets": [_json(need) for need in needs], "missing": missing})
    else:
        console = people_console()
        console.print(_table(needs, console.width))
        print(_summary(needs, missing), file=sys.stderr)
    if missing:
        raise typer.Exit(DIFFERENT)


def _summary(needs: list[Need], missing: list[str]) -> str:
    """What is there, what is not, and what to do."""
    text = f"{sum(bool(need.codes) for need in needs)} of {len(needs)} value sets that pages ask for are loaded."
    if missing:
        pages = sorted({page for need in needs if need.is_missing for page in need.required_by})
        text += f"\nSwitched off for want of a required set: {', '.join(pages)}."
        text += (
            "\nPut the missing sets into a folder of value_sets: in the configuration, or of WARMHANDOFF_VALUE_SETS."
        )
    return text


def _table(needs: list[Need], width: int) -> Table:
    """A line a set; where it is too wide, the list of pages is cut."""
    rows = [_cells(need) for need in needs]
    sizes = [max(len(name), *(len(row[column]) for row in rows), 0) for column, name in enumerate(COLUMNS)]
    sizes[-1] = max(min(sizes[-1], width - sum(sizes[:-1]) - GAP * (len(sizes) - 1)), len(COLUMNS[-1]))
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for name, size in zip(COLUMNS, sizes, strict=True):
        justify: JustifyMethod = "right" if name == "codes" else "left"
        table.add_column(name, no_wrap=True, overflow="ellipsis", justify=justify, min_width=size, max_width=size)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _cells(need: Need) -> tuple[str, ...]:
    codes = str(need.codes) if need.codes else "missing" if need.required_by else "absent"
    versions = need.versions[0] if len(need.versions) == 1 else f"{len(need.versions)} versions" if need.codes else ""
    pages = (*need.required_by, *(f"{page} (optional)" for page in need.optional_for))
    name = f"{', '.join(need.called)} = {need.name}" if need.called else need.name
    return (name, codes, versions, need.digest[:8], ", ".join(pages))


def _json(need: Need) -> dict[str, object]:
    return {
        "name": need.name,
        "called": need.called,
        "loaded": bool(need.codes),
        "required_by": need.required_by,
        "optional_for": need.optional_for,
        "codes": need.codes,
        "versions": need.versions,
        "digest": need.digest or None,
    }
