"""Months of return files that an ECM provider owes a plan."""

from datetime import date
from typing import Literal

from services.measures.items import Index, Period
from services.measures.units.args import Args
from services.measures.units.unit import Unit


class FileArgs(Args):
    """Which return file: the return transmission file, or the outreach tracker file."""

    file: Literal["rtf", "otf"]


def file_month(index: Index, period: Period, args: FileArgs) -> list[Unit]:
    """Each month under contract for which a file is owed, by the last day that the file tells of.

    The months, and whether an accepted file came in time, are facts of the plan and the provider: events `rtf-due`
    with `rtf-on-time`, whose number is the local day on which the file is due. Tag: `on-time`.

    Source: care-rules §2.6; contract, "Measures and money".
    """
    whose = next((one.owner for one in index.person.assignments), None)
    return [
        Unit(
            key=f"{date.fromordinal(due.first):%Y-%m}",
            first=due.first,
            last=due.last,
            end=due.end,
            facts=(due,),
            tags=frozenset({"on-time"} if f"{args.file}-on-time" in due.sets else ()),
            owner=whose,
            closes=due.last if due.number is None else int(due.number),
        )
        for due in index.of("event", f"{args.file}-due")
        if period.first <= due.last <= period.last
    ]
