"""A provider's return files to a plan, as measures ask for them: a month is due, came, came in time.

Source: care-rules §2.6; contract, "RTF content".
"""

from collections.abc import Mapping
from datetime import date, timedelta

from models.events import ReturnRow, Teller
from models.owner import Owner
from models.reference import Reference
from models.time import Instant, local_day
from services.measures.items import FOREVER, PAST, Assigned, Item, Person
from services.returns.arrivals import Arrival, arrivals


def files_of_subject(
    subject: str, rows: Mapping[ReturnRow, tuple[Teller, ...]], reference: Reference, as_of: Instant
) -> tuple[list[Item], Person, Instant | None]:
    """The months for which files are due, from the first month with a file through the last that is past due or came;
    whose they are; and when the next is due.
    """
    found = arrivals(rows)
    if not found or reference.due_dates is None:
        return [], Person(), None
    owner = Owner(found[0].mcp_id, found[0].provider_id)
    # No coverage: a provider's files are no member, who would have months of membership.
    person = Person(assignments=(Assigned(owner, PAST, PAST, FOREVER, "", None, None, subject),))
    items, upcoming = list[Item](), list[Instant]()
    for file in ("rtf", "otf"):
        came = {arrival.period: arrival for arrival in found if arrival.file == file}
        month = min(arrival.period for arrival in found)
        while True:
            due = reference.due_dates.due_at(file, owner.mcp_id, month)
            if due is None:
                break
            if due <= as_of or month in came:
                items.append(_month(file, month, due, came.get(month), reference))
            if due > as_of:
                upcoming.append(due)
            if due > as_of and month >= max(came, default=""):
                break
            month = _next(month)
    return items, person, min(upcoming, default=None)


def _month(file: str, month: str, due: Instant, arrival: Arrival | None, reference: Reference) -> Item:
    first = date.fromisoformat(f"{month}-01")
    last = date.fromisoformat(f"{_next(month)}-01") - timedelta(days=1)
    words = {f"{file}-due"}
    if arrival is not None and arrival.first is not None:
        words.add(f"{file}-accepted")
        if arrival.on_time(due):
            words.add(f"{file}-on-time")
    names = tuple(version.name for version in arrival.versions) if arrival else ()
    return Item(
        kind="event",
        id=f"{file}:{month}",
        first=first.toordinal(),
        last=last.toordinal(),
        sets=frozenset(words),
        end=due,
        number=float(local_day(due, reference.zone).toordinal()),
        names=names,
    )


def _next(month: str) -> str:
    year, number = (int(part) for part in month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02}"
