"""Put together what is known of members by an instant: rows, links, facts. The reading half of the pipeline."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from models.events import CareEvent, Claim, Facility, RosterRow, Statement, Teller, VisitRename
from models.reference import Reference
from models.time import Instant
from services.identity.linking import Evidence, Links
from services.member.derive import MemberFacts
from services.member.facts import Facts, known_by
from services.member.said import Heard
from services.runtime.workset import Member, Patient, Workset

T = TypeVar("T", RosterRow, CareEvent, Claim)


class Circle:
    """Members who may share evidence, every source patient that may be one of them, and the evidence itself."""

    def __init__(self, members: Mapping[str, Member], patients: Sequence[Patient], evidence: Evidence) -> None:
        self.members, self.patients, self.evidence = members, patients, evidence

    def links(self, as_of: Instant) -> Links:
        """Who is who, by what had been received at an instant."""
        return Links(self.evidence, as_of)

    def facts_of(self, member_id: str, links: Links, as_of: Instant) -> MemberFacts:
        """What had been received of one member by an instant."""
        heard: list[Heard] = []
        renames: list[VisitRename] = []
        for patient in self.patients:
            mine = links.is_linked(patient.key, member_id)
            for fact, tellers in patient.facts.items():
                told = _by(tellers, as_of)
                if not told:
                    continue
                if isinstance(fact, Statement):
                    link = links.of(fact)
                    if link and link.member_id == member_id:
                        heard.append(Heard(fact, told, link.since))
                elif isinstance(fact, VisitRename) and mine:
                    renames.append(fact)
        own = known_by(self.members[member_id].facts, as_of)
        return MemberFacts(
            member_id=member_id,
            heard=heard,
            renames=renames,
            roster=_only(own, RosterRow),
            care_events=_only(own, CareEvent),
            claims=_only(own, Claim),
            flags=("merge_conflict",) if links.conflicted(member_id) else (),
        )


def circle(work: Workset, member_ids: Iterable[str]) -> Circle:
    """Load all that may bear on some members."""
    members = {m.member_id: m for m in work.members(member_ids)}
    identifiers = {i for m in members.values() for i in m.identifiers}
    identifiers |= {("decided", member_id) for member_id in members}
    patients = group(work, work.patients_with(sorted(identifiers)))
    evidence = Evidence()
    others = work.members_with(sorted({i for p in patients for i in p.identifiers}))
    for member in work.members({*members, *others}):
        for fact, tellers in member.facts.items():
            if isinstance(fact, RosterRow):
                evidence.listed(fact, tellers)
    for patient in patients:
        for fact, tellers in patient.facts.items():
            evidence.told(fact, tellers)
    return Circle(members, patients, evidence)


def group(work: Workset, keys: Iterable[str]) -> list[Patient]:
    """Source patients with all that they were ever merged, linked or moved with."""
    found: dict[str, Patient] = {}
    wanted = set(keys)
    while fresh := [patient for patient in work.patients(wanted) if patient.key not in found]:
        found |= {patient.key: patient for patient in fresh}
        wanted = {neighbour for patient in fresh for neighbour in patient.neighbours}
    return [found[key] for key in sorted(found)]


def touched_members(work: Workset, patients: Iterable[str], members: Iterable[str]) -> set[str]:
    """Every member whose view may change when these source patients and members learned something."""
    identifiers = {i for m in work.members(members) for i in m.identifiers}
    keys = set(patients) | work.patients_with(sorted(identifiers))
    pointed = {i for p in group(work, keys) for i in p.identifiers}
    return set(members) | work.members_with(sorted(pointed))


def registry(facts: Facts, as_of: Instant) -> dict[str, Facility]:
    """The facility registry as received by an instant: the newest row of each facility, by id and every alias."""
    newest: dict[str, tuple[tuple[Instant, str], Facility]] = {}
    for fact, tellers in known_by(facts, as_of).items():
        if isinstance(fact, Facility):
            version = (tellers[-1].received_at, tellers[-1].name)
            if fact.facility_id not in newest or version > newest[fact.facility_id][0]:
                newest[fact.facility_id] = (version, fact)
    rows = [facility for _, facility in newest.values()]
    aliases = {alias.upper(): row for row in sorted(rows, key=lambda r: r.facility_id) for alias in row.aliases}
    return aliases | {row.facility_id.upper(): row for row in rows}


def with_registry(reference: Reference, facts: Facts, as_of: Instant) -> Reference:
    """The reference data with the registry of an instant."""
    return msgspec.structs.replace(reference, facilities=registry(facts, as_of))


def _by(tellers: tuple[Teller, ...], at: Instant) -> tuple[Teller, ...]:
    if tellers[-1].received_at <= at:
        return tellers
    return tuple(t for t in tellers if t.received_at <= at)


def _only(facts: Facts, kind: type[T]) -> dict[T, tuple[Teller, ...]]:
    return {fact: tellers for fact, tellers in facts.items() if isinstance(fact, kind)}
