"""The monthly return files of ECM providers: RTF and OTF, in time, late, rejected first, sent again.

They depend on the recipe alone, not on who is in them: so what is on time is known without making anybody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Literal

from models.time import end_of_day, local_day, start_of_day
from services.simulation.places import ZONE, table
from services.simulation.recipe import Recipe
from services.simulation.roster import PLANS, Row
from services.simulation.sending import Delivery

FileKind = Literal["rtf", "otf"]
KINDS: tuple[FileKind, ...] = ("rtf", "otf")
PROVIDERS = (*(f"SIM-ECM{n}" for n in range(1, 7)), "SIM-ECM9")
FEED = "sim-ecm"
DUE_DAY = 10
"""Of the month after; what is on time comes by the fourth and what is late after the fifteenth, so that a contract that
says "fifth business day" agrees.
"""
_HEADERS: dict[FileKind, tuple[str, ...]] = {
    "rtf": ("mcp_id", "provider_id", "period", "file_status", "member_id", "ecm_status"),
    "otf": ("mcp_id", "provider_id", "period", "file_status", "member_id", "attempt_at", "mode"),
}
_FORMER = "SIM-G0000000"
"""Whom the plan no longer lists, and every provider still returns: no file is empty."""

Panelists = Mapping[tuple[str, str, str], Sequence[tuple[str, str]]]
"""(plan, provider, month) -> members and their status at the end of it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One version of a file as received. `month` is its first day."""

    plan: str
    provider: str
    kind: FileKind
    month: date
    received_at: datetime
    is_accepted: bool
    faults: frozenset[str] = frozenset()

    @property
    def subject(self) -> str:
        """Whose measures it moves."""
        return f"@files|{self.plan}|{self.provider}"

    def delivery(self, panelists: Panelists) -> Delivery:
        """The file as it comes."""
        month = self.month.strftime("%Y-%m")
        head = (self.plan, self.provider, month, "accepted" if self.is_accepted else "rejected")
        rows = [(*head, _FORMER, *self._cells("discontinued"))]
        rows += [
            (*head, who, *self._cells(status)) for who, status in panelists.get((self.plan, self.provider, month), ())
        ]
        body = table(_HEADERS[self.kind], rows)
        return Delivery(self.received_at, FEED, self.kind, body, tuple(sorted(self.faults)))

    def _cells(self, status: str) -> tuple[str, ...]:
        return (status,) if self.kind == "rtf" else (self.month.isoformat(), "phone")


def due_at(month: date) -> datetime:
    """The end of the day on which the month's files are due."""
    return end_of_day(next_month(month).replace(day=DUE_DAY), ZONE)


def sent(recipe: Recipe, plan: str, provider: str) -> list[Sent]:
    """Every version of every file of one provider for one plan, from the world's first month on."""
    dice = Random(f"{recipe.seed}:files:{plan}:{provider}")  # noqa: S311  # dice, not secrets
    found: list[Sent] = []
    month, last = recipe.start.replace(day=1), local_day(recipe.ends_at, ZONE).replace(day=1)
    while month < last:
        for kind in KINDS:
            found += _versions(recipe.faults, dice, plan, provider, kind, month)
        month = next_month(month)
    return [version for version in found if version.received_at <= recipe.told_by]


def _versions(
    faults: frozenset[str], dice: Random, plan: str, provider: str, kind: FileKind, month: date
) -> Iterator[Sent]:
    after = start_of_day(next_month(month), ZONE)

    def version(from_day: int, to_day: int, *of: str, accepted: bool = True) -> Sent:
        at = after + timedelta(seconds=dice.randrange((from_day - 1) * 86_400, (to_day - 1) * 86_400))
        return Sent(plan, provider, kind, month, at, accepted, frozenset(of))

    if "rejected_file" in faults and dice.random() < 0.1:
        yield version(2, 3, "rejected_file", accepted=False)
        yield version(3, 5, "rejected_file") if dice.random() < 0.5 else version(17, 25, "rejected_file")
    elif "late_file" in faults and dice.random() < 0.12:
        yield version(16, 26, "late_file")
    else:
        yield version(2, 5)
        if dice.random() < 0.15:  # corrected content comes later, and changes nothing about the time
            yield version(5, 24)


def months_of(rows: Sequence[Row], recipe: Recipe) -> Iterator[tuple[str, str, str, str]]:
    """(plan, provider, month, status) for each month at whose end the rows name a provider."""
    month, last = recipe.start.replace(day=1), local_day(recipe.ends_at, ZONE).replace(day=1)
    while month < last:
        known = [row for row in rows if row.received_at < start_of_day(next_month(month), ZONE)]
        if known and known[-1].provider:
            row = known[-1]
            status = row.status.replace("assigned", "outreach") or "enrolled"
            yield row.plan, row.provider, month.strftime("%Y-%m"), status
        month = next_month(month)


def returning(recipe: Recipe) -> Iterator[list[Sent]]:
    """The files of each provider for each plan."""
    for plan in PLANS:
        for provider in PROVIDERS:
            yield sent(recipe, plan, provider)


def next_month(month: date) -> date:
    """The first day of the month after."""
    return (month + timedelta(days=32)).replace(day=1)
