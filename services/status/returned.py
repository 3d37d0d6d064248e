"""When return files came, month by month, as one store knew at an instant."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import msgspec

from models.events import Fact, ReturnFile, ReturnRow, Teller
from models.reference import Reference
from models.time import Instant, local_day
from services.member.facts import known_by
from services.returns.arrivals import Arrival, Version, arrivals
from services.runtime.store.contract import Reader
from services.runtime.workset import Workset

FILES: tuple[ReturnFile, ...] = ("rtf", "otf")
FILES_OF = "@files|"
"""What subjects of return files begin with (`models.subjects.files_of`)."""
CHUNK = 500
"""Subjects read together."""


class Line(msgspec.Struct, frozen=True):
    """A journal line: the evidence of a version."""

    feed: str
    seq: int


class Owed(msgspec.Struct, frozen=True):
    """A month's file that a provider owes a plan.

    Args:
        due_at: None where no map says when. arrival: None while nothing came.
        on_time: None while no accepted version is here and it is not late yet, and where nothing says when it is due.
    """

    mcp_id: str
    provider_id: str
    file: ReturnFile
    month: str
    due_at: Instant | None
    arrival: Arrival | None
    on_time: bool | None


def facts_of_others(reader: Reader, prefix: str, as_of: Instant) -> Iterator[tuple[Fact, tuple[Teller, ...]]]:
    """The facts, as known at an instant, of subjects that are no members, by how their names begin (`@files|`)."""
    after = prefix
    while ids := [name for name in reader.member_ids(after, CHUNK) if name.startswith(prefix)]:
        for one in Workset(reader).members(ids):
            yield from known_by(one.facts, as_of).items()
        after = ids[-1]


def came(reader: Reader, as_of: Instant) -> tuple[Arrival, ...]:
    """Every file of which a version had come by an instant."""
    told = facts_of_others(reader, FILES_OF, as_of)
    return arrivals({fact: tellers for fact, tellers in told if isinstance(fact, ReturnRow)})


def owed(found: Iterable[Arrival], reference: Reference, as_of: Instant) -> Iterator[Owed]:
    """Every file of every month, by plan, provider, file, month: from the first month of which a file came through the
    last one that is over, and whatever came of later months.
    """
    by_payee: dict[tuple[str, str], list[Arrival]] = {}
    for one in found:
        by_payee.setdefault((one.mcp_id, one.provider_id), []).append(one)
    this_month = f"{local_day(as_of, reference.zone):%Y-%m}"
    for (mcp_id, provider_id), files in sorted(by_payee.items()):
        for file in FILES:
            here = {one.period: one for one in files if one.file == file}
            for month in sorted({*_months(min(one.period for one in files), this_month), *here}):
                yield _owed(mcp_id, provider_id, file, month, here.get(month), reference, as_of)


def lines_of(reader: Reader, version: Version) -> Sequence[Line]:
    """Where the journal holds a version: usually one line, its file."""
    lines = (reader.line(place.seq) for place in reader.messages([version.name]))
    seen = (line for line in lines if line and line.received_at == version.received_at)
    return [Line(line.feed, line.seq) for line in seen if line.feed == version.feed]


def _owed(
    mcp_id: str,
    provider_id: str,
    file: ReturnFile,
    month: str,
    arrival: Arrival | None,
    reference: Reference,
    as_of: Instant,
) -> Owed:
    due_at = reference.due_dates.due_at(file, mcp_id, month) if reference.due_dates else None
    on_time: bool | None = None
    if due_at is not None and arrival is not None and arrival.first is not None:
        on_time = arrival.on_time(due_at)
    elif due_at is not None and due_at < as_of:
        on_time = False
    return Owed(mcp_id, provider_id, file, month, due_at, arrival, on_time)


def _months(first: str, until: str) -> Iterator[str]:
    """Months from the first to before `until`."""
    month = first
    while month < until:
        yield month
        month = f"{date.fromisoformat(f'{month}-01') + timedelta(days=32):%Y-%m}"
