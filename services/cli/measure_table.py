"""Measures for people: a rate, what it is made of, and how it went; as wide as the terminal, never wrapped."""

from collections.abc import Sequence

import msgspec
from rich.table import Table
from rich.text import Text

from services.cli.sparkline import direction, sparkline

_COLOURS = {"better": "green", "worse": "red", "same": "dim", "": ""}
LEAST_FIRST = ("may change", "excluded", "exceptions", "trend", "note")
"""Columns that go, where there is no room, those first that tell least."""
_RIGHT = ("rate", "numerator", "denominator", "excluded", "exceptions", "may change")


class Shown(msgspec.Struct, frozen=True):
    """A line of the table.

    Args:
        groups: whom it is about, by the name of the column.
        value: the rate per `per`; None without denominator. trend: rates before, oldest first, in the same unit.
        provisional: units that may still change. note: a word on the page, such as why it is off.
    """

    measure: str
    numerator: int
    denominator: int
    value: float | None
    excluded: int = 0
    exceptions: int = 0
    per: int = 1
    provisional: int = 0
    trend: Sequence[float | None] = ()
    improvement: str = "increase"
    groups: tuple[tuple[str, str], ...] = ()
    note: str = ""


def measure_table(rows: Sequence[Shown], width: int) -> Table:
    """One line a row; columns that have nothing to say, or no room, are left out."""
    cells = [_cells(row) for row in rows]
    names = list(dict.fromkeys(name for row in cells for name in row))
    sizes = {name: max(len(name), *(row.get(name, Text()).cell_len for row in cells)) for name in names}
    kept = [name for name in names if name != "trend" or any(row.trend for row in rows)]
    kept = [name for name in kept if name != "note" or any(row.note for row in rows)]
    for name in LEAST_FIRST:
        if name in kept and sum(sizes[each] + 2 for each in kept) - 2 > width:
            kept.remove(name)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in kept:
        table.add_column(name, no_wrap=True, overflow="ellipsis", justify="right" if name in _RIGHT else "left")
    for row in cells:
        table.add_row(*(row.get(name, Text("-")) for name in kept))
    return table


def rate_text(value: float | None, per: int) -> str:
    """A rate as people read it: a percentage, or so many per thousand; a dash where it is undefined."""
    if value is None:
        return "-"
    return f"{value:.1%}" if per == 1 else f"{value:.1f}"


def _cells(row: Shown) -> dict[str, Text]:
    went = [*row.trend, row.value] if row.trend else []
    colour = _COLOURS[direction(went, improvement=row.improvement)]
    return {
        "measure": Text(row.measure),
        **{name: Text(value or "-") for name, value in row.groups},
        "rate": Text(rate_text(row.value, row.per), "bold" if row.value is not None else "dim"),
        "trend": Text(sparkline(went), colour),
        "numerator": Text(str(row.numerator)),
        "denominator": Text(str(row.denominator)),
        "excluded": Text(str(row.excluded)),
        "exceptions": Text(str(row.exceptions)),
        "may change": Text(str(row.provisional)),
        "note": Text(row.note),
    }
