"""From canonical cells to a `ReturnRow`: the one place that says what a return file's row must hold."""

import re
from collections.abc import Iterator, Mapping

from models.errors import MessageIsWrong
from models.events import ReturnFile, ReturnRow
from services.returns.patterns import read_day, read_month, read_time
from services.returns.vocabulary import COUNTS, DAYS, ECM_STATUSES, FLAGS, HEAD, NO, TIMES, WORDS, YES

CENTURY = "20"
"""A month of another century is a slip, and months are due one after the other from the first that is told of."""
_BETWEEN = re.compile(r"[\s_\-]+")
_SHAPED = DAYS | TIMES | FLAGS | COUNTS


def return_row(
    file: ReturnFile, said: Mapping[str, str], *, dates: str = "YYYY-MM-DD", months: str = "YYYY-MM"
) -> tuple[ReturnRow, tuple[str, ...]]:
    """State a row, and mark what a person should look at (`what:column`).

    A value that is not of its column's kind is kept as it was written.

    Args:
        file: which file the row stands in.
        said: cells by canonical name, stripped, codes already translated.
        dates, months: how the file writes them; the canonical form is understood besides.

    Raises:
        MessageIsWrong: the row has no place: no plan, provider or month, or an unknown word on the whole file.
    """
    period = read_month(_needed(said, "period"), months, dates)
    if not period.startswith(CENTURY):
        raise MessageIsWrong("bad_month", "period", _size(said["period"]), f"Write the month as {months}.")
    status = _word(said.get("file_status", "")) or "accepted"
    if status not in ("accepted", "rejected"):
        fix = "Write accepted or rejected, what the plan said of the whole file."
        raise MessageIsWrong("unknown_word", "file_status", _size(said["file_status"]), fix)
    values = {name: _read(name, text, dates) for name, text in said.items() if text and name not in HEAD}
    row = ReturnRow(
        file=file,
        mcp_id=_needed(said, "mcp_id"),
        provider_id=_needed(said, "provider_id"),
        period=period,
        file_status="accepted" if status == "accepted" else "rejected",
        cin=_BETWEEN.sub("", said.get("cin", "")).upper(),
        member_id=said.get("member_id", ""),
        values=tuple(sorted((name, text) for name, (text, _) in values.items())),
    )
    return row, tuple(_marks(row, {name for name, (_, fits) in values.items() if not fits}))


def _needed(said: Mapping[str, str], name: str) -> str:
    if not said.get(name):
        raise MessageIsWrong("missing", name, "empty", "Fill this column in.")
    return said[name]


def _read(name: str, text: str, dates: str) -> tuple[str, bool]:
    """A value in canonical form and True; as written and False when it is not of its column's kind."""
    if name in WORDS:
        return _word(text), True
    if name not in _SHAPED:
        return text, True
    if name in DAYS:
        found = read_day(text, dates)
    elif name in TIMES:
        found = read_time(text, dates)
    elif name in FLAGS:
        found = "yes" if text.lower() in YES else "no" if text.lower() in NO else ""
    else:
        found = str(int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else ""
    return found or text, bool(found)


def _word(text: str) -> str:
    return _BETWEEN.sub("_", text.strip().lower())


def _marks(row: ReturnRow, strange: set[str]) -> Iterator[str]:
    yield from (f"bad_shape:{name}" for name in sorted(strange))
    status = dict(row.values).get("ecm_status", "")
    if status and status not in ECM_STATUSES:
        yield "unknown_word:ecm_status"
    # A row without anybody and without anything says that there was nothing to report.
    if row.values and not row.cin and not row.member_id:
        yield "bad_shape:cin"


def _size(text: str) -> str:
    return f"{len(text)} character{'s' * (len(text) != 1)}"
