"""Who is this? Source patients belong to members by evidence, as of an instant; nothing is remembered but the evidence.

Links, merges and their undoing are one function of what had been received: the same answer in any order, and a
decision or message that takes evidence away takes the link with it (interop R-60..R-63).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from models.events import Decision, PatientEdge, Persona, Statement, VisitMove
from models.time import Instant
from services.identity.evidence import Evidence, Version, contradicts, instants


@dataclass(frozen=True, slots=True)
class Link:
    """Who a source patient, described so, is; and since when all that made it so had been received."""

    member_id: str
    since: Instant


class Links:
    """The links of a closed group as of an instant."""

    def __init__(self, evidence: Evidence, as_of: Instant) -> None:
        self._evidence, self._as_of = evidence, as_of
        self._answers: dict[Instant, _Answer] = {}
        self._known: dict[tuple[object, ...], Link | None] = {}
        self._times = sorted({at for at in instants(evidence) if at <= as_of}, reverse=True)
        self._now = self._answer(as_of)

    def of(self, statement: Statement) -> Link | None:
        """Whom a statement is about, after moves; None while nobody knows."""
        key: tuple[object, ...] = (statement.source_patient, statement.persona)
        if self._evidence.moves:
            key = (*key, statement.visit, statement.account)
        if key not in self._known:
            self._known[key] = self._search(statement)
        return self._known[key]

    def _search(self, statement: Statement) -> Link | None:
        """The receipt that made the link possible: the start of its last unbroken run."""
        member_id = self._whose(statement, self._as_of)
        if member_id is None:
            return None
        since = self._as_of
        for at in self._times:
            if self._whose(statement, at) != member_id:
                break
            since = at
        return Link(member_id, since)

    def _whose(self, statement: Statement, at: Instant) -> str | None:
        patient, is_moved = self._moved(statement, at) if self._evidence.moves else (statement.source_patient, False)
        return self._answer(at).member(patient, None if is_moved else statement.persona)

    def members_of(self, patient: str) -> set[str]:
        """The members that a source patient's facts belong to."""
        return self._now.members_of(patient)

    def reviews(self, patient: str) -> tuple[str, ...]:
        """What a person must look at: conflicts that evidence alone does not settle, and that nobody settled since."""
        settled = [
            received
            for decision, received, _ in self._evidence.decisions
            if decision.action == "review" and decision.source_patient == patient and received <= self._as_of
        ]
        if settled and self._times and self._times[0] <= max(settled):
            return ()
        return self._now.reviews(patient)

    def conflicted(self, member_id: str) -> bool:
        """A merge claims that this member and another are one (R-61)."""
        return self._now.conflicted(member_id)

    def _answer(self, at: Instant) -> "_Answer":
        if at not in self._answers:
            self._answers[at] = _Answer(self._evidence, at)
        return self._answers[at]

    def _moved(self, statement: Statement, at: Instant) -> tuple[str, bool]:
        """Follow A44 and A45 to the patient that a visit truly belongs to; each step must be newer than the last."""
        patient, path, last = statement.source_patient, {statement.source_patient}, None
        while True:
            names = self._names(statement, path, at)
            steps = [
                (version, move)
                for move, version in self._evidence.moves
                if move.source == patient and version[1] <= at and (last is None or version > last)
                and _covers(move, statement, names)
            ]  # fmt: skip
            if not steps:
                return patient, last is not None
            last, move = max(steps, key=lambda step: step[0])
            patient = move.target
            path.add(patient)

    def _names(self, statement: Statement, patients: set[str], at: Instant) -> set[tuple[str, str]]:
        """Every number that its visit or account ever had, for any patient that it was filed under."""
        found: set[tuple[str, str]] = set()
        fresh = {("visit", statement.visit[1])} if statement.visit else set()
        fresh |= {("account", statement.account)} if statement.account else set()
        while fresh:
            found |= fresh
            fresh = {
                (kind, number)
                for patient, kind, old, new, received in self._evidence.aliases
                if patient in patients and received <= at and not found.isdisjoint({(kind, old), (kind, new)})
                for number in (old, new)
            } - found
        return found


class _Answer:
    """Links by the evidence received by one instant."""

    def __init__(self, evidence: Evidence, at: Instant) -> None:
        self._personas = {
            patient: [p for p, received in told.items() if received <= at]
            for patient, told in evidence.personas.items()
        }
        self._roster = {
            member: known
            for member, listed in evidence.members.items()
            if (known := [x for x in listed if x.received_at <= at])
        }
        # A row restates the member: of each kind the newest value counts, so that a corrected one lets go.
        self._identifiers = {
            m: frozenset(dict(i for x in ks for i in x.identifiers).items()) for m, ks in self._roster.items()
        }
        self._by_identifier: dict[tuple[str, str], set[str]] = defaultdict(set)
        for member, identifiers in self._identifiers.items():
            for identifier in identifiers:
                self._by_identifier[identifier].add(member)
        self._decided, self._vetoed = _decisions(evidence.decisions, at)
        self._group = _groups(self._personas, evidence.edges, at)
        self._own = {patient: self._own_members(patient) for patient in self._personas}
        self._all: dict[str, set[str]] = defaultdict(set)
        for patient, own in self._own.items():
            self._all[self._group[patient]] |= own

    def member(self, patient: str, persona: Persona | None) -> str | None:
        """Whom a source patient described so belongs to; without a persona, the patient as a whole."""
        if patient in self._decided:
            decided = self._decided[patient]
            return decided if decided in self._roster else None
        if persona is None:
            members = self.members_of(patient)
            return next(iter(members)) if len(members) == 1 else None
        direct = self._direct(patient, persona)
        if direct:
            return next(iter(direct)) if len(direct) == 1 else None
        known = self._own.get(patient, set()) - self._vetoed[patient]
        rest = known or self._all[self._group.get(patient, patient)] - self._vetoed[patient]
        if len(rest) != 1:
            return None
        (member,) = rest
        return None if self._contradicts(persona, member) else member

    def members_of(self, patient: str) -> set[str]:
        personas = self._personas.get(patient, [])
        found = {self.member(patient, persona) for persona in personas}
        return {member for member in found if member}

    def reviews(self, patient: str) -> tuple[str, ...]:
        found = set()
        if len(self._all[self._group.get(patient, patient)]) > 1:
            found.add("merge_conflict" if len(self._own.get(patient, set())) < 2 else "identifier_conflict")
        for persona in self._personas.get(patient, []):
            pointed = self._pointed(persona)
            if len(pointed) > 1:
                found.add("identifier_conflict")
            if any(self._contradicts(persona, member) for member in pointed - self._vetoed[patient]):
                found.add("second_factor_differs")
            if self.member(patient, persona) is None and len(self._own.get(patient, ())) == 1:
                found.add("second_factor_differs")
        return () if patient in self._decided else tuple(sorted(found))

    def conflicted(self, member_id: str) -> bool:
        return any(len(members) > 1 and member_id in members for members in self._all.values())

    def _own_members(self, patient: str) -> set[str]:
        if patient in self._decided:
            return {self._decided[patient]}
        found: set[str] = set()
        for persona in self._personas[patient]:
            found |= self._direct(patient, persona)
        return found

    def _pointed(self, persona: Persona) -> set[str]:
        found: set[str] = set()
        for identifier in persona.identifiers:
            found |= self._by_identifier.get(identifier, set())
        return found

    def _direct(self, patient: str, persona: Persona) -> set[str]:
        """Members that a message names by an identifier, and that its second factors do not contradict."""
        return {
            member
            for member in self._pointed(persona) - self._vetoed[patient]
            if not self._contradicts(persona, member) and self._is_enough(persona, member)
        }

    def _is_enough(self, persona: Persona, member: str) -> bool:
        """A plan's member id is not unique among payers: alone it needs a birth date that agrees."""
        strong = {x for x in persona.identifiers if x[0] != "plan_member"}
        if strong & self._identifiers[member]:
            return True
        return persona.birth_date in {x.persona.birth_date for x in self._roster[member] if x.persona.birth_date}

    def _contradicts(self, persona: Persona, member: str) -> bool:
        return all(contradicts(persona, listed.persona) for listed in self._roster.get(member, ()))


def _groups(patients: Iterable[str], edges: Iterable[tuple[PatientEdge, Version]], at: Instant) -> dict[str, str]:
    """The representative of each source patient's merged group, by the edges that stand at an instant."""
    merged: set[tuple[str, str]] = set()
    newest: dict[tuple[str, str], tuple[Version, bool]] = {}
    for edge, version in edges:
        if version[1] > at:
            continue
        pair = (min(edge.source, edge.target), max(edge.source, edge.target))
        if edge.kind == "merge":
            merged.add(pair)
        elif pair not in newest or version > newest[pair][0]:
            newest[pair] = (version, edge.kind == "link")
    parent: dict[str, str] = {patient: patient for patient in patients}

    def find(patient: str) -> str:
        while parent.setdefault(patient, patient) != patient:
            patient = parent[patient]
        return patient

    # An A37 takes back an A24 link, never a merge: that is undone by a person's un-link.
    for one, other in sorted(merged | {pair for pair, (_, stands) in newest.items() if stands}):
        a, b = sorted((find(one), find(other)))
        parent[b] = a
    return {patient: find(patient) for patient in parent}


def _decisions(
    decisions: Iterable[tuple[Decision, Instant, str]], at: Instant
) -> tuple[dict[str, str], dict[str, set[str]]]:
    """What people decided by an instant, in the order they decided it: the newest link stands, an un-link is a veto
    that outlives messages, and taking a link back does not revive the one that it replaced.
    """
    decided: dict[str, str] = {}
    vetoed: dict[str, set[str]] = defaultdict(set)
    known = [(decision.at, received, name, decision) for decision, received, name in decisions if received <= at]
    for _, _, _, decision in sorted(known, key=lambda x: x[:3]):
        patient, member = decision.source_patient, decision.member_id
        if decision.action == "link":
            decided[patient] = member
            vetoed[patient].discard(member)
        elif decision.action == "unlink":
            vetoed[patient].add(member)
            if decided.get(patient) == member:
                del decided[patient]
    return decided, vetoed


def _covers(move: VisitMove, statement: Statement, names: set[tuple[str, str]]) -> bool:
    """Whether a moved visit is the statement's, under any number that it ever had."""
    if move.visit and statement.visit:
        (authority, number), (stated, _) = move.visit, statement.visit
        return ("visit", number) in names and (not authority or not stated or authority == stated)
    return bool(move.account) and ("account", move.account) in names
