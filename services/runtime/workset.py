"""Rows under work: what a batch has changed, over what the store holds."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime

import msgspec

from models.clinical import Clinical, Demographics
from models.events import (
    DeathWord,
    Decision,
    Event,
    Fact,
    Known,
    PatientEdge,
    RosterRow,
    Statement,
    VisitMove,
    VisitRename,
)
from models.measured import Meter
from models.patients import feed_of
from models.time import Instant
from models.view import View
from services.identity.evidence import identifiers_of
from services.member.diff import Revisions
from services.member.facts import Facts, absorb, thaw
from services.member.shelf import Shelves, thaw_view
from services.runtime.store.contract import MemberRow, PatientRow, Reader, Rows, StoreIsStrange

FORMAT = b"3"
"""The shape of stored facts, views and revisions. Raised with every change of a stored struct that old bytes do not
survive; `tests/unit/runtime/test_stored_format.py` holds a golden record of each.
"""

NEVER = datetime.max.replace(tzinfo=UTC)

_encode = msgspec.msgpack.Encoder().encode
_revisions = msgspec.msgpack.Decoder(Revisions).decode


Hold = Callable[[Collection[str]], None]


def unshared(names: Collection[str]) -> None:  # Hold
    """Nobody else writes to the store: nothing needs to be held."""


def patient_name(key: str) -> str:
    """What a source patient's row is held by."""
    return f"patient {key}"


def member_name(member_id: str) -> str:
    """What a member's row is held by."""
    return f"member {member_id}"


def identifier_name(identifier: tuple[str, str]) -> str:
    """What an identifier is held by while it may be told of somebody new: lookups must not miss that."""
    return f"identifier {identifier[0]} {identifier[1]}"


class Patient(msgspec.Struct):
    """A source patient under work."""

    key: str
    facts: Facts
    identifiers: set[tuple[str, str]]
    neighbours: set[str]
    members: tuple[str, ...] = ()
    reviews: tuple[str, ...] = ()

    @property
    def feed(self) -> str:
        """The feed that speaks of the patient."""
        return feed_of(self.key)


class Member(msgspec.Struct):
    """A member under work: own facts, and the record last derived."""

    member_id: str
    facts: Facts
    identifiers: set[tuple[str, str]]
    view: View
    revisions: Revisions
    derived_at: Instant | None
    wake_at: Instant | None
    on_roster: bool
    history_from: Instant | None = None

    @property
    def waits(self) -> bool:
        """Whether it was marked to be derived again and has not been yet."""
        return self.wake_at is not None and self.wake_at.timestamp() == 0

    @property
    def is_set_aside(self) -> bool:
        """Whether deriving it failed last: its view stays as it was before."""
        return self.history_from == NEVER

    def set_aside(self) -> None:
        """Leave it as it is; nothing is known of what is counted of it until deriving goes well again."""
        self.wake_at, self.history_from = None, NEVER


class Workset:
    """Decoded rows, read once a batch; `changed_*` are what must be written, `fresh` the (feed, name, receipt) of
    messages that told something new of a source patient, `meter` what the batch measures. The
    `shelves` know facts and views that earlier batches decoded or wrote.

    Args:
        hold: called with the names of rows (`patient_name`, `member_name`) before they are read, so that nobody else
            changes them until the batch is written.
    """

    def __init__(self, reader: Rows, shelves: Shelves | None = None, hold: Hold = unshared) -> None:
        self._reader, self._hold, shelves = reader, hold, shelves or Shelves()
        self._facts, self._views = shelves.facts, shelves.views
        self._patients: dict[str, Patient] = {}
        self._members: dict[str, Member] = {}
        self._looked_for_patients, self._looked_for_members = set[str](), set[str]()
        self.changed_patients: set[str] = set()
        self.changed_members: set[str] = set()
        self.fresh: set[tuple[str, str, Instant]] = set()
        self.meter = Meter()

    # -- reading ------------------------------------------------------------------------------------------------------

    def patients(self, keys: Iterable[str]) -> list[Patient]:
        """Those that exist."""
        keys = sorted(set(keys))
        missing = [key for key in keys if key not in self._looked_for_patients]
        self._looked_for_patients.update(missing)
        self._hold(list(map(patient_name, missing)))
        for key, row in self._reader.patients(missing).items() if missing else ():
            facts = self._facts.thaw(key, row.facts)
            self._patients[key] = Patient(
                key, facts, set(row.identifiers), set(row.neighbours), row.members, row.reviews
            )
        return [self._patients[key] for key in keys if key in self._patients]

    def members(self, ids: Iterable[str]) -> list[Member]:
        """Those that exist."""
        ids = sorted(set(ids))
        missing = [member_id for member_id in ids if member_id not in self._looked_for_members]
        self._looked_for_members.update(missing)
        self._hold(list(map(member_name, missing)))
        for member_id, row in self._reader.members(missing).items() if missing else ():
            facts, view = self._facts.thaw(_own(member_id), row.facts), self._views.thaw(member_id, row.view)
            self._members[member_id] = thaw_member(row, facts, view)
        return [self._members[member_id] for member_id in ids if member_id in self._members]

    def patients_with(self, identifiers: Collection[tuple[str, str]]) -> set[str]:
        """Source patients that ever told any of the identifiers."""
        if not identifiers:
            return set()
        found = self._reader.patients_with(identifiers)
        return found | {p.key for p in self._patients.values() if not p.identifiers.isdisjoint(identifiers)}

    def members_with(self, identifiers: Collection[tuple[str, str]]) -> set[str]:
        """Members that the roster ever gave any of the identifiers, and members that a person named."""
        named = {value for kind, value in identifiers if kind == "decided"}
        strong = [(kind, value) for kind, value in identifiers if kind != "decided"]
        found = self._reader.members_with(strong) if strong else set()
        return named | found | {m.member_id for m in self._members.values() if not m.identifiers.isdisjoint(strong)}

    # -- absorbing ----------------------------------------------------------------------------------------------------

    def tell(self, patients: Mapping[str, list[Event]], members: Mapping[str, list[Event]]) -> None:
        """Absorb what was said of source patients, and the plan's rows about members."""
        self.patients(patients)  # all at once: each would be a question of its own
        self.members(members)
        for key, events in sorted(patients.items()):
            self.tell_patient(key, events)
        for member_id, events in sorted(members.items()):
            self.tell_member(member_id, events)

    def tell_patient(self, key: str, events: list[Event]) -> None:
        """Absorb what was said of a source patient."""
        patients = self.patients([key])
        patient = patients[0] if patients else Patient(key, {}, set(), set())
        after = absorb(patient.facts, events)
        if len(after) > len(patient.facts):
            self._note_fresh(patient.facts, events)
        if after == patient.facts and patients:
            return
        patient.facts = after
        for event in events:
            patient.identifiers.update(identifiers_told(event.fact))
            patient.neighbours.update(_neighbours(event.fact, key))
        self._patients[key] = patient
        self.changed_patients.add(key)

    def _note_fresh(self, before: Facts, events: list[Event]) -> None:
        """Of messages among which one is fresh: which."""
        if message_of(events[0]) == message_of(events[-1]):
            self.fresh.add(message_of(events[0]))
            return
        seen = set[Fact]()
        for event in events:
            if event.fact not in before and event.fact not in seen:
                seen.add(event.fact)
                self.fresh.add(message_of(event))

    def tell_member(self, member_id: str, events: list[Event]) -> None:
        """Absorb the plan's rows about a member."""
        members = self.members([member_id])
        member = members[0] if members else Member(member_id, {}, set(), View(), {}, None, None, False)
        after = absorb(member.facts, events)
        if after == member.facts and members:
            return
        member.facts = after
        for event in events:
            member.identifiers.update(identifiers_told(event.fact))
            member.on_roster = member.on_roster or isinstance(event.fact, RosterRow)
        self._members[member_id] = member
        self.changed_members.add(member_id)

    # -- writing ------------------------------------------------------------------------------------------------------

    def patient_rows(self) -> list[PatientRow]:
        """Rows of the source patients that changed."""
        return [
            PatientRow(
                p.key,
                self._facts.freeze(p.key, p.facts),
                tuple(sorted(p.identifiers)),
                tuple(sorted(p.neighbours)),
                p.members,
                p.reviews,
            )
            for p in self.patients(self.changed_patients)
        ]

    def member_rows(self) -> list[MemberRow]:
        """Rows of the members that changed."""
        return [
            freeze_member(m, self._facts.freeze(_own(m.member_id), m.facts), self._views.freeze(m.member_id, m.view))
            for m in self.members(self.changed_members)
        ]


def message_of(event: Event) -> tuple[str, str, Instant]:
    """The message that told a fact: feed, name, receipt."""
    return event.teller.feed, event.teller.name, event.teller.received_at


def check_format(reader: Reader) -> None:
    """Refuse records of another shape.

    Raises:
        StoreIsStrange: with what to do about it.
    """
    stored = reader.reference("format")
    if stored not in (None, FORMAT):
        raise StoreIsStrange(
            f"its records have format {stored.decode()}, this program writes {FORMAT.decode()}.\n"
            "  Nothing is lost: `warmhandoff export > journal.ndjson`, then `load` that into a new store."
        )


def _own(member_id: str) -> str:
    """Where the shelf keeps a member's own facts; keys of source patients have another shape."""
    return f"member {member_id}"


def thaw_member(row: MemberRow, facts: Facts | None = None, view: View | None = None) -> Member:
    """Decode a member's row; its facts and its view may be known already."""
    return Member(
        member_id=row.member_id,
        facts=thaw(row.facts) if facts is None else facts,
        identifiers=set(row.identifiers),
        view=thaw_view(row.view) if view is None else view,
        revisions=_revisions(row.revisions) if row.revisions else {},
        derived_at=row.derived_at,
        wake_at=row.wake_at,
        on_roster=row.on_roster,
        history_from=row.history_from,
    )


def freeze_member(member: Member, facts: bytes, view: bytes) -> MemberRow:
    """Encode a member's row, but for its facts and its view, which are."""
    return MemberRow(
        member_id=member.member_id,
        facts=facts,
        identifiers=tuple(sorted(member.identifiers)),
        view=view,
        revisions=_encode(member.revisions),
        derived_at=member.derived_at,
        wake_at=member.wake_at,
        on_roster=member.on_roster,
        history_from=member.history_from,
    )


def patients_of(event: Event) -> tuple[str, ...]:
    """The source patients that a fact is kept with: both ends of an edge or a move."""
    match event.fact:
        case Statement() | Known() | VisitRename() | DeathWord() | Decision() | Clinical() | Demographics():
            return (event.fact.source_patient,)
        case PatientEdge() | VisitMove():
            return (event.fact.source, event.fact.target)
    return ()


def identifiers_told(fact: Fact) -> Iterable[tuple[str, str]]:
    """The identifiers that a fact gives to whom it is told of."""
    match fact:
        case Known():
            return fact.persona.identifiers
        case Decision():
            return (("decided", fact.member_id),) if fact.member_id else ()
        case RosterRow():
            return identifiers_of(fact)
    return ()


def _neighbours(fact: object, key: str) -> Iterable[str]:
    match fact:
        case PatientEdge() | VisitMove():
            return {fact.source, fact.target} - {key}
    return ()
