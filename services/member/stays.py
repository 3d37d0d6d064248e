"""Stays: what happened at one facility, folded from every encounter that tells of it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha1
from uuid import UUID

import msgspec

from models.events import VisitRename
from models.reference import Reference
from models.time import Instant
from models.view import SourceRef, Stay, StayStatus
from services.member.book import Book
from services.member.encounters import Part, chained, encounters, parts_of
from services.member.memo import Answers, Latest
from services.member.occurrences import BEDS, Occurrence
from services.member.replay import Replay
from services.member.said import Heard, Said, first_told

_NEVER = datetime.max.replace(tzinfo=UTC)
NAMESPACE = UUID("6f0f3c6e-5d0b-4b44-9a39-0f6f9d1c7a55")
"""The root of every id that hangs on a message's name."""


@lru_cache(maxsize=50_000)
def identify(*parts: str) -> str:
    """A stable id from what it is about, a UUID of version 5; never from times or ordinals, which corrections move.

    As `uuid.uuid5` computes it (RFC 9562 §5.5), at a third of its cost.
    """
    digest = bytearray(sha1(NAMESPACE.bytes + "|".join(parts).encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    found = digest.hex()
    return f"{found[:8]}-{found[8:12]}-{found[12:16]}-{found[16:20]}-{found[20:]}"


class Folded(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A stay with what the follow-up needs besides its row: its occurrences, the replay that decides, all diagnoses."""

    stay: Stay
    replay: Replay
    occurrences: list[Occurrence]
    said: list[Said]
    codes: frozenset[str]
    closes_at: Instant | None

    @property
    def is_bed(self) -> bool:
        """Somebody lies, or lay, in an inpatient, SNF or long-term bed."""
        return self.stay.patient_class in BEDS and self.stay.status in (
            "active", "on_leave", "finished", "closed_inferred",
        )  # fmt: skip

    @property
    def told_by(self) -> str:
        """The message that told of it first; "" for one that nobody told to have begun."""
        return self.occurrences[0].first.name if self.occurrences else ""

    @property
    def ended_at(self) -> Instant | None:
        return self.replay.ended_at

    def is_on_leave_at(self, at: Instant) -> bool:
        """The bed is held: the member left on leave and had not come back (A21, A22)."""
        return any(left <= at and (back is None or at <= back) for left, back in self.replay.leaves)


class Folding:
    """What was folded before: the parts of a group of statements, the chains of a facility's parts, their stays."""

    def __init__(self) -> None:
        self.all = Latest[object, list[Folded]]()
        self.parts = Answers[tuple[Said, ...], list[Part]]()
        self.chains = Answers[tuple[Part, ...], list[tuple[Part, ...]]]()
        self.stays = Answers[tuple[Part, ...], Folded]()
        self.closed = Answers[Folded, Folded]()


def stays(
    member_id: str,
    said: Sequence[Said],
    renames: Sequence[VisitRename],
    book: Book,
    as_of: Instant,
    known: Folding,
) -> list[Folded]:
    """Fold everything said about a member into stays, in order of start."""
    standing = known.all.get((said, renames), lambda: _stays(member_id, said, renames, book, known))
    known.closed.next_round()
    folded = [known.closed.get(one, _closed) if one.closes_at and one.closes_at <= as_of else one for one in standing]
    return sorted(folded, key=lambda one: started(one.stay))


def started(stay: Stay) -> tuple[Instant, str]:
    """The order in which a member's stays are listed: by start, those without one last."""
    return stay.admitted_at or stay.expected_at or _NEVER, stay.stay_id


def _stays(
    member_id: str, said: Sequence[Said], renames: Sequence[VisitRename], book: Book, known: Folding
) -> list[Folded]:
    """The stays as the messages tell them, none taken for closed."""
    for answers in (known.parts, known.chains, known.stays):
        answers.next_round()
    at: dict[str, list[Part]] = defaultdict(list)
    for group in encounters([s for s in said if s.kind != "note"], renames, book.resolver):
        for part in known.parts.get(tuple(group), parts_of):
            at[part.facility_id].append(part)
    chains = [chain for parts in at.values() for chain in known.chains.get(tuple(parts), chained)]
    return [known.stays.get(chain, lambda chain: _fold(member_id, chain, book.reference)) for chain in chains]


def _closed(stay: Folded) -> Folded:
    """A hanging visit is taken for closed."""
    row = msgspec.structs.replace(stay.stay, status="closed_inferred", discharged_at=stay.closes_at)
    return msgspec.structs.replace(stay, stay=row)


def _fold(member_id: str, parts: Sequence[Part], reference: Reference) -> Folded:
    last = parts[-1]
    replay = last.replay
    said = [s for part in parts for s in part.said]
    occurrences = [o for part in parts for o in part.replay.occurrences]
    heard = _heard(said)
    status: StayStatus = replay.status
    leg = replay.admission
    sources = sorted({(t.feed, t.control_id, t.name) for one in heard for t in one.tellers})
    stay = Stay(
        stay_id=identify(member_id, "stay", first_told(said).name),
        facility_id=replay.legs[-1].opened_by.facility_id if replay.legs else last.facility_id,
        patient_class=last.patient_class,
        status=status,
        admitted_at=None if status == "planned" else last.start,
        discharged_at=replay.ended_at,
        disposition=replay.discharge.disposition if replay.discharge else "",
        sources=tuple(SourceRef(*source) for source in sources),
        admitted_precision=leg.precision if leg else "second",
        discharged_precision=replay.discharge.precision if replay.discharge else "second",
        expected_at=replay.plan.at if replay.plan else None,
        flags=_flags(said, replay),
    )
    codes = frozenset(d.code for one in heard for d in one.statement.diagnoses)
    return Folded(stay, replay, occurrences, said, codes, _closes_at(last, reference))


def _closes_at(part: Part, reference: Reference) -> Instant | None:
    """When a hanging visit is taken for closed: only where the feed's profile says so (R-74)."""
    if not part.replay.legs or part.replay.discharge:
        return None
    hours = [reference.feeds[feed].auto_close_hours for feed in {s.feed for s in part.said} if feed in reference.feeds]
    limits = [h for h in hours if h is not None]
    if not limits:
        return None
    newest = max(t.received_at for one in _heard(part.said) for t in one.tellers)
    return newest + timedelta(hours=max(limits))


def _heard(said: Iterable[Said]) -> Collection[Heard]:
    """What was heard behind them, once each: a statement said again with other clocks has the same tellers."""
    return {id(s.heard): s.heard for s in said}.values()


def _flags(said: Iterable[Said], replay: Replay) -> tuple[str, ...]:
    flags = {flag for s in said for flag in (*s.zone_flags, *s.statement.flags)}
    flags.update(*(o.flags for o in replay.occurrences if o.ended_by is None))
    if replay.discharge:
        told = [s for s in replay.discharge.told if s.statement.disposition]
        if len({s.statement.disposition for s in told}) > 1 and len({s.feed for s in told}) > 1:
            flags.add("disposition_conflict")
    return tuple(sorted(flags))
