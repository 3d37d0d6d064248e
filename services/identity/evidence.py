"""What speaks for who somebody is: identifiers, second factors, merges, moves and what people decided."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from models.events import Decision, Known, PatientEdge, Persona, RosterRow, Teller, VisitMove
from models.time import Instant, Stamp
from services.identity.normalise import plan_member

Version = tuple[datetime, Instant, str]
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
    members: dict[str, list[Listed]] = field(default_factory=lambda: defaultdict(list))

    def told(self, fact: object, tellers: Sequence[Teller]) -> None:
        """Take in a fact of a source patient; facts of no weight for identity are passed over."""
        first = tellers[0]
        match fact:
            case Known(source_patient, persona):
                self.personas[source_patient][persona] = first.received_at
            case PatientEdge():
                self.edges.append((fact, version_of(fact.recorded, first)))
            case VisitMove():
                self.moves.append((fact, version_of(fact.recorded, first)))
            case Decision():
                self.decisions.extend((fact, t.received_at, t.name) for t in tellers)

    def listed(self, row: RosterRow, tellers: Sequence[Teller]) -> None:
        """Take in a roster row."""
        persona = Persona((), row.birth_date, row.surname, row.given)
        self.members[row.member_id].append(Listed(identifiers_of(row), persona, tellers[0].received_at))


def identifiers_of(row: RosterRow) -> frozenset[tuple[str, str]]:
    """What a feed may call the member: CIN, MBI, and the plan's own member id."""
    found = {("cin", row.cin), ("mbi", row.mbi), ("plan_member", row.plan_member or plan_member(row.member_id))}
    return frozenset((kind, value) for kind, value in found if value)


def contradicts(told: Persona, listed: Persona) -> bool:
    """Say whether the second factors speak against a match; what is absent says nothing (interop §4.2).

    Birth dates decide where both are known, except for twins: one surname and birth date, another given name.
    Else the surname or the first initial must not differ.
    """
    initials_differ = bool(told.given and listed.given and told.given[0] != listed.given[0])
    surnames_differ = bool(told.surname and listed.surname and told.surname != listed.surname)
    if told.birth_date and listed.birth_date:
        twins = initials_differ and bool(told.surname) and told.surname == listed.surname
        return told.birth_date != listed.birth_date or twins
    return surnames_differ or initials_differ


def version_of(recorded: Stamp | None, first: Teller) -> Version:
    wall = recorded.wall if recorded else first.received_at.replace(tzinfo=None)
    return (wall, first.received_at, first.name)


def instants(evidence: Evidence) -> Iterable[Instant]:
    for told in evidence.personas.values():
        yield from told.values()
    yield from (version[1] for _, version in evidence.edges)
    yield from (received for decision, received, _ in evidence.decisions if decision.action != "review")
    for listed in evidence.members.values():
        yield from (x.received_at for x in listed)
