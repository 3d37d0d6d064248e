"""What speaks for who somebody is: identifiers, second factors, merges, moves and what people decided."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from models.events import Decision, Known, PatientEdge, Persona, RosterRow, Statement, Teller, VisitMove, VisitRename
from models.time import Instant, Stamp, resolve
from services.identity.normalise import NEWBORN, plan_member

Version = tuple[Instant, Instant, str]
"""(recorded at the sender, first receipt, name): the order of edges and moves."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A member as one roster row describes them: identifiers and second factors, and when that was first received."""

    identifiers: frozenset[tuple[str, str]]
    persona: Persona
    received_at: Instant


@dataclass(slots=True)
class Evidence:
    """Everything ever received about a group of source patients and the members they might be.

    The group is closed: no edge or move leads out of it, and every member that any identifier points to is in it.
    """

    personas: dict[str, dict[Persona, Instant]] = field(default_factory=lambda: defaultdict(dict))
    edges: list[tuple[PatientEdge, Version]] = field(default_factory=list)
    moves: list[tuple[VisitMove, Version]] = field(default_factory=list)
    decisions: list[tuple[Decision, Instant, str]] = field(default_factory=list)
    aliases: list[tuple[str, str, str, str, Instant]] = field(default_factory=list)
    members: dict[str, list[Listed]] = field(default_factory=lambda: defaultdict(list))

    def told(self, fact: object, tellers: Sequence[Teller]) -> None:
        """Take in a fact of a source patient; facts of no weight for identity are passed over."""
        first = tellers[0]
        match fact:
            case Statement():  # nearly all facts are
                if fact.visit and fact.old_visits:
                    number, told_at = fact.visit[1], first.received_at
                    self.aliases += [(fact.source_patient, "visit", old[1], number, told_at) for old in fact.old_visits]
            case Known(source_patient, persona):
                self.personas[source_patient][persona] = first.received_at
            case PatientEdge():
                self.edges.append((fact, version_of(fact.recorded, first)))
            case VisitMove():
                self.moves.append((fact, version_of(fact.recorded, first)))
            case VisitRename(source_patient, kind, old, new):
                self.aliases.append((source_patient, kind, old[1], new[1], first.received_at))
            case Decision():
                self.decisions.extend((fact, t.received_at, t.name) for t in tellers)

    def roster(self, member_id: str, rows: Iterable[tuple[RosterRow, Sequence[Teller]]]) -> None:
        """Take in a member's roster rows; a row that restates the one before it says nothing new."""
        told = sorted(((t.received_at, t.name, row) for row, tellers in rows for t in tellers), key=lambda x: x[:2])
        for received_at, _, row in told:
            listed = Listed(identifiers_of(row), Persona((), row.birth_date, row.surname, row.given), received_at)
            before = self.members[member_id][-1] if self.members[member_id] else None
            if before is None or (before.identifiers, before.persona) != (listed.identifiers, listed.persona):
                self.members[member_id].append(listed)


def identifiers_of(row: RosterRow) -> frozenset[tuple[str, str]]:
    """What a feed may call the member: CIN, MBI, and the plan's own member id."""
    found = {("cin", row.cin), ("mbi", row.mbi), ("plan_member", row.plan_member or plan_member(row.member_id))}
    return frozenset((kind, value) for kind, value in found if value)


def contradicts(told: Persona, listed: Persona) -> bool:
    """Say whether the second factors speak against a match; what is absent says nothing (interop §4.2).

    Birth dates decide where both are known, except for twins: one surname and birth date, another given name. Else
    the surname or the first initial must not differ, and a nameless newborn is nobody but a newborn: it comes with its
    mother's identifiers.
    """
    nameless = NEWBORN in (told.given, listed.given) and told.given != listed.given
    initials_differ = bool(told.given and listed.given and told.given[0] != listed.given[0])
    surnames_differ = bool(told.surname and listed.surname and told.surname != listed.surname)
    if told.birth_date and listed.birth_date:
        twins = initials_differ and not nameless and bool(told.surname) and told.surname == listed.surname
        return told.birth_date != listed.birth_date or twins
    return surnames_differ or initials_differ or nameless


def version_of(recorded: Stamp | None, first: Teller) -> Version:
    """The order of a fact among those of its feed. A feed writes its offsets or leaves them out, so that wall times
    without one compare among themselves.
    """
    at = resolve(recorded, ZoneInfo("UTC")).at if recorded else first.received_at
    return (at, first.received_at, first.name)


def instants(evidence: Evidence) -> Iterable[Instant]:
    for told in evidence.personas.values():
        yield from told.values()
    yield from (version[1] for _, version in evidence.edges)
    if evidence.moves:
        yield from (version[1] for _, version in evidence.moves)
        yield from (alias[4] for alias in evidence.aliases)
    yield from (received for decision, received, _ in evidence.decisions if decision.action != "review")
    for listed in evidence.members.values():
        yield from (x.received_at for x in listed)
