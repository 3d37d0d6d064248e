"""Put together what is known of members by an instant: rows, links, facts. The reading half of the pipeline."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import TypeVar

import msgspec

from models.clinical import Clinical, Demographics
from models.events import (
    CareEvent,
    Claim,
    DeathWord,
    Facility,
    Fill,
    ReturnRow,
    RosterRow,
    Statement,
    Teller,
    VisitRename,
)
from models.reference import Reference
from models.time import Instant
from services.identity.evidence import Evidence
from services.identity.linking import Links
from services.member.derive import MemberFacts
from services.member.facts import Facts, freeze, known_by, thaw, told_by
from services.member.memo import Same
from services.member.said import Heard
from services.runtime.store.contract import Rows
from services.runtime.workset import Member, Patient, Workset

T = TypeVar("T", RosterRow, CareEvent, Claim, Fill, ReturnRow)


class Circle:
    """Members who may share evidence, every source patient that may be one of them, and the evidence itself.

    A circle is closed: nothing outside it bears on who its patients are. Most have one member.

    Args:
        others: members on whom the links depend, and who are not asked for.
        shadows: feeds whose patients are put aside, as if they had never been heard of.
    """

    def __init__(
        self,
        members: Mapping[str, Member],
        patients: Sequence[Patient],
        others: Sequence[Member],
        shadows: Collection[str] = (),
    ) -> None:
        self.members, self._others = members, others
        self.patients = [p for p in patients if p.feed not in shadows] if shadows else patients
        self.aside = [p for p in patients if p.feed in shadows] if shadows else []
        self._evidence = Evidence()
        for member in (*members.values(), *others):
            self._evidence.roster(member.member_id, _only(member.facts, RosterRow).items())
        for patient in self.patients:
            for fact, tellers in patient.facts.items():
                self._evidence.told(fact, tellers)

    def whole(self) -> "Circle":
        """The same circle, shadow feeds included."""
        return Circle(self.members, [*self.patients, *self.aside], self._others)

    @property
    def names(self) -> list[str]:
        """Keys of its source patients, and ids of all its members."""
        return [p.key for p in self.patients] + [*self.members, *(m.member_id for m in self._others)]

    def next_receipt(self, after: Instant) -> Instant | None:
        """When something was received that is not known yet at an instant: lines may come in any order of receipt."""
        rows = [m.facts for m in (*self.members.values(), *self._others)] + [p.facts for p in self.patients]
        return min(
            (
                teller.received_at
                for facts in rows
                for tellers in facts.values()
                if tellers[-1].received_at > after
                for teller in tellers
                if teller.received_at > after
            ),
            default=None,
        )

    def links(self, as_of: Instant) -> Links:
        """Who is who, by what had been received at an instant."""
        return Links(self._evidence, as_of)

    def facts(self, links: Links, as_of: Instant) -> dict[str, MemberFacts]:
        """What had been received of each member by an instant."""
        heard: dict[str, list[Heard]] = defaultdict(list)
        renames: dict[str, list[VisitRename]] = defaultdict(list)
        deaths: dict[str, list[tuple[DeathWord, tuple[Teller, ...]]]] = defaultdict(list)
        clinical: dict[str, dict[Clinical, tuple[Teller, ...]]] = defaultdict(dict)
        demographics: dict[str, list[tuple[Instant, str, Demographics]]] = defaultdict(list)
        for patient in self.patients:
            belongs_to = links.members_of(patient.key)
            for fact, tellers in patient.facts.items():
                told = told_by(tellers, as_of)
                if not told:
                    continue
                if isinstance(fact, Statement):
                    if link := links.of(fact):
                        heard[link.member_id].append(Heard(fact, told, link.since))
                elif isinstance(fact, VisitRename):
                    # It goes where its visit goes, and that may have been moved; it joins numbers that stand there.
                    for member_id in self.members:
                        renames[member_id].append(fact)
                elif isinstance(fact, DeathWord):
                    for member_id in belongs_to:
                        deaths[member_id].append((fact, told))
                elif isinstance(fact, Clinical):
                    for member_id in belongs_to:
                        clinical[member_id][fact] = told
                elif isinstance(fact, Demographics):
                    for member_id in belongs_to:
                        demographics[member_id].append((told[0].received_at, told[0].name, fact))
        return {
            member_id: MemberFacts(
                member_id=member_id,
                heard=heard[member_id],
                renames=renames[member_id],
                deaths=deaths[member_id],
                roster=_only(own, RosterRow),
                care_events=_only(own, CareEvent),
                claims=_only(own, Claim),
                fills=_only(own, Fill),
                returns=_only(own, ReturnRow),
                clinical=clinical[member_id],
                demographics=[fact for *_, fact in sorted(demographics[member_id], key=_told_first, reverse=True)],
                flags=("merge_conflict",) if links.conflicted(member_id) else (),
            )
            for member_id, own in ((m, known_by(member.facts, as_of)) for m, member in self.members.items())
        }


def circles(work: Workset, member_ids: Iterable[str], shadows: Collection[str]) -> list[Circle]:
    """Load all that may bear on some members, in circles that share no evidence with each other."""
    members = {m.member_id: m for m in work.members(member_ids)}
    identifiers = {i for m in members.values() for i in m.identifiers} | {("decided", m) for m in members}
    patients = group(work, work.patients_with(sorted(identifiers)))
    others = work.members_with(sorted({i for p in patients for i in p.identifiers})) - members.keys()
    everybody = [*members.values(), *work.members(others)]
    return [
        Circle(
            {m.member_id: m for m in inside if m.member_id in members},
            sorted(around, key=lambda p: p.key),
            [m for m in inside if m.member_id not in members],
            shadows,
        )
        for inside, around in _closed(everybody, patients)
        if any(m.member_id in members for m in inside)
    ]


def facts_of(
    work: Workset, member_ids: Iterable[str], shadows: Collection[str], as_of: Instant
) -> dict[str, MemberFacts]:
    """What had been received of each of some members by an instant."""
    return {
        member_id: facts
        for around in circles(work, member_ids, shadows)
        for member_id, facts in around.facts(around.links(as_of), as_of).items()
    }


def _closed(members: Sequence[Member], patients: Sequence[Patient]) -> Iterable[tuple[list[Member], list[Patient]]]:
    """Split members and patients into sets that no identifier, edge or decision connects."""
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def find(node: tuple[str, str]) -> tuple[str, str]:
        while (above := parent.setdefault(node, node)) != node:
            node = above
        return node

    for member in members:
        for identifier in (*member.identifiers, ("decided", member.member_id)):
            parent[find(identifier)] = find(("member ", member.member_id))
    for patient in patients:
        here = find(("patient ", patient.key))
        for node in (*patient.identifiers, *(("patient ", key) for key in patient.neighbours)):
            parent[find(node)] = here = find(here)
    sets: dict[tuple[str, str], tuple[list[Member], list[Patient]]] = defaultdict(lambda: ([], []))
    for member in members:
        sets[find(("member ", member.member_id))][0].append(member)
    for patient in patients:
        sets[find(("patient ", patient.key))][1].append(patient)
    return sets.values()


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


def facilities_of(reader: Rows) -> Facts:
    """The rows of the facility registry that a store holds, with who told them."""
    return thaw(reader.reference("facilities") or b"")


def registry_blobs(facts: Facts) -> dict[str, bytes]:
    """The reference data that says the registry: its rows, and a hash by which workers see that they changed."""
    blob = freeze(facts)
    return {"facilities": blob, "registry": sha256(blob).digest()}


def registry(facts: Facts, as_of: Instant) -> dict[str, Facility]:
    """The facility registry as received by an instant: the newest row of each facility, by id and every alias."""
    newest: dict[str, tuple[tuple[Instant, str], Facility]] = {}
    for fact, tellers in known_by(facts, as_of).items():
        if isinstance(fact, Facility):
            version = (tellers[-1].received_at, tellers[-1].name)
            if fact.facility_id not in newest or version > newest[fact.facility_id][0]:
                newest[fact.facility_id] = (version, fact)
    rows = sorted((facility for _, facility in newest.values()), key=lambda row: row.facility_id)
    aliases = {alias.upper(): row for row in rows for alias in row.aliases}
    return aliases | {row.facility_id.upper(): row for row in rows}


def with_registry(reference: Reference, facts: Facts, as_of: Instant) -> Reference:
    """The reference data with the registry of an instant; the same object while nothing was received in between."""
    received = _receipts(Same(facts))
    known = bisect_right(received, as_of)
    return _with_registry(Same(reference), Same(facts), received[known - 1] if known else None)


@lru_cache(maxsize=8)
def _receipts(facts: Same) -> Sequence[Instant]:
    """When rows of the registry were received, in order."""
    assert isinstance(facts.it, dict)
    return sorted({teller.received_at for tellers in facts.it.values() for teller in tellers})


@lru_cache(maxsize=8)
def _with_registry(reference: Same, facts: Same, newest: Instant | None) -> Reference:
    assert isinstance(reference.it, Reference)
    assert isinstance(facts.it, dict)
    return msgspec.structs.replace(reference.it, facilities=registry(facts.it, newest) if newest else {})


def _told_first(told: tuple[Instant, str, Demographics]) -> tuple[Instant, str]:
    return told[:2]


def _only(facts: Facts, kind: type[T]) -> dict[T, tuple[Teller, ...]]:
    return {fact: tellers for fact, tellers in facts.items() if isinstance(fact, kind)}
