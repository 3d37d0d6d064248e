"""What the plan's roster says of a person: who they are, coverage, assignments, enrolment and risk. Source: contract,
`roster` and "Measures and money".
"""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from models.clinical import Demographics
from models.events import RosterRow
from models.owner import Owner
from models.time import Instant
from services.measures.entering.moments import day_of
from services.measures.items import FOREVER, PAST, Assigned, Covered, Item, Person

SEXES = {"F": "female", "M": "male", "X": "other", "U": "unknown"}
"""A plan's letters as FHIR writes them (administrative-gender)."""
RISKS = {"high": "high", "very_high": "high", "medium": "medium", "moderate": "medium", "rising": "medium"}


class Listed(Protocol):
    """One receipt of a row, in order of receipt: `services.member.roster.Listed`."""

    @property
    def row(self) -> RosterRow: ...
    @property
    def name(self) -> str: ...
    @property
    def received_on(self) -> date: ...
    @property
    def since(self) -> date: ...


class Span(Protocol):
    """Coverage by one plan, both days included: `services.member.roster.Span`."""

    @property
    def mcp_id(self) -> str: ...
    @property
    def start(self) -> date: ...
    @property
    def end(self) -> date: ...


def person_of(
    listed: Sequence[Listed],
    spans: Sequence[Span],
    zone: ZoneInfo,
    *,
    died: Instant | None = None,
    born: date | None = None,
    said: Sequence[Demographics] = (),
) -> Person:
    """Who the facts are about.

    Args:
        listed: the roster rows, in order of receipt. spans: the coverage that follows from them, in order of start.
        died: when, where that is believed. born: as feeds say, for whom the roster does not tell.
        said: what feeds say beyond identity; it fills what the roster leaves open.
    """
    newest = listed[-1].row if listed else RosterRow(member_id="")
    stated = next((one.row.birth_date for one in reversed(listed) if one.row.birth_date), None)
    sex = next((s for s in (SEXES.get(newest.sex.upper(), newest.sex), *(d.gender for d in said)) if s), "")
    return Person(
        born=stated or born,
        sex=sex,
        died=day_of(died, zone) if died else None,
        spans=tuple(Covered(s.mcp_id, s.start.toordinal(), s.end.toordinal()) for s in spans),
        assignments=assignments_of(listed),
        strata=tuple(_strata(newest, said)),
        since=listed[0].received_on.toordinal() if listed else None,
    )


def assignments_of(listed: Sequence[Listed]) -> tuple[Assigned, ...]:
    """The assignments in order of start. On any day the row received last of those that had begun is in force.

    A row that says no day of assignment goes on with the one of the same provider. Rows about one assignment (the same
    provider and day) give it another lead, status or end: `received` is the day on which the first of them came.
    """
    found: list[Assigned] = []
    first_received: dict[tuple[str, int], int] = {}
    for one in listed:
        row, received = one.row, one.received_on.toordinal()
        before = found[-1] if found else None
        on = one.since.toordinal()
        if before and row.assigned_on is None and _goes_on(before, row, on):
            on = before.on
        first = first_received.setdefault((row.ecm_provider_id, on), received)
        found = [_cut(a, on) for a in found if a.on < on]
        owner = Owner(row.mcp_id, row.ecm_provider_id, row.lead_cm_id)
        until = row.ecm_end.toordinal() if row.ecm_end else FOREVER
        found.append(
            Assigned(owner, on, first, until, row.ecm_status, _ordinal(row.ecm_start), _ordinal(row.ecm_end), one.name)
        )
    return tuple(a for a in found if a.owner.ecm_provider_id or a.owner.lead_cm_id)


def _goes_on(before: Assigned, row: RosterRow, day: int) -> bool:
    """The provider of an assignment that has not ended by a day is named again."""
    return before.owner.ecm_provider_id == row.ecm_provider_id and before.until >= day


def roster_items(person: Person, listed: Sequence[Listed]) -> list[Item]:
    """Assignments, enrolments and risk, as events that go on from day to day."""
    return [*_assigned(person), *_enrolled(person), *_risks(listed)]


def _assigned(person: Person) -> Iterator[Item]:
    for a in person.assignments:
        if a.owner.ecm_provider_id:
            yield _event("ecm-assigned", f"assigned:{_slug(a.owner, a.on)}", a.on, a.until, a.status, a.owner, a.name)


def _enrolled(person: Person) -> Iterator[Item]:
    """Enrolments by provider and day of start; the assignment that stands last says until when."""
    found = {(a.owner.ecm_provider_id, a.enrolled): a for a in person.assignments if a.enrolled is not None}
    for (_, first), a in found.items():
        assert first is not None
        last = FOREVER if a.ended is None else a.ended
        if last >= first:
            yield _event("ecm-enrolled", f"enrolled:{_slug(a.owner, first)}", first, last, a.status, a.owner, a.name)


def _risks(listed: Sequence[Listed]) -> Iterator[Item]:
    """Risk tiers as spans: the row received last by a day decides; before the first receipt the first row does."""
    spans: list[tuple[str, int, str]] = []
    for risk, rows in groupby(listed, key=lambda one: _risk(one.row)):
        opening = next(rows)
        spans.append((risk, opening.received_on.toordinal() if spans else PAST, opening.name))
    # Without any row there is no span, and one end too many.
    for (risk, first, name), end in zip(spans, [*(s[1] - 1 for s in spans[1:]), FOREVER], strict=False):
        if end >= first:
            yield _event(f"risk-{risk}", f"risk:{risk}:{first}", first, end, "", Owner(), name)


def _risk(row: RosterRow) -> str:
    """A row without a tier: who is enrolled in ECM is at high risk (care-rules §1.3), anybody else lower."""
    if not row.risk_tier:
        return "high" if row.ecm_status == "enrolled" else "lower"
    return RISKS.get(row.risk_tier, "lower")


def _event(word: str, key: str, first: int, last: int, status: str, owner: Owner, name: str) -> Item:
    return Item(
        kind="event",
        id=key,
        first=first,
        last=last,
        sets=frozenset({word}),
        status=status,
        place=owner.ecm_provider_id,
        ended=last < FOREVER,
        names=(name,),
    )


def _strata(row: RosterRow, said: Sequence[Demographics]) -> Iterator[tuple[str, str]]:
    """Sorted by kind; where the roster is silent, what feeds say."""
    languages = (row.language, *(d.language for d in said))
    races = (row.race_ethnicity, *(code for d in said for code in (*d.ethnicity, *d.race)))
    for kind, values in (("language", languages), ("pof", (row.pof,)), ("race_ethnicity", races)):
        if value := next(filter(None, values), ""):
            yield kind, value


def _cut(earlier: Assigned, day: int) -> Assigned:
    """An assignment ends where another begins."""
    return earlier if earlier.until < day else msgspec.structs.replace(earlier, until=day - 1)


def _slug(owner: Owner, day: int) -> str:
    return f"{owner.ecm_provider_id}:{date.fromordinal(day)}"


def _ordinal(day: date | None) -> int | None:
    return day.toordinal() if day else None
