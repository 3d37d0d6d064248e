"""Stays: what happened at one facility, folded from every encounter that tells of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from uuid import UUID, uuid5

from models.events import Teller, VisitRename
from models.reference import Reference
from models.time import Instant
from models.view import SourceRef, Stay, StayStatus
from services.member.encounters import Part, encounters, joined, legs_of_one_stay
from services.member.occurrences import BEDS, Occurrence
from services.member.replay import Replay
from services.member.said import Resolver, Said, first_told

NAMESPACE = UUID("6f0f3c6e-5d0b-4b44-9a39-0f6f9d1c7a55")
"""The root of every id that hangs on a message's name."""


@lru_cache(maxsize=50_000)
def identify(*parts: str) -> str:
    """A stable id from what it is about; never from times or ordinals, which corrections move."""
    return str(uuid5(NAMESPACE, "|".join(parts)))


@dataclass(slots=True)
class Folded:
    """A stay with what the follow-up needs besides its row: its occurrences and the replay that decides."""

    stay: Stay
    replay: Replay
    occurrences: list[Occurrence]
    said: list[Said]
    closes_at: Instant | None

    @property
    def is_bed(self) -> bool:
        """Somebody lies, or lay, in an inpatient, SNF or long-term bed."""
        return self.stay.patient_class in BEDS and self.stay.status in (
            "active", "on_leave", "finished", "closed_inferred",
        )  # fmt: skip

    @property
    def ended_at(self) -> Instant | None:
        return self.replay.ended_at

    def is_on_leave_at(self, at: Instant) -> bool:
        """The bed is held: the member left on leave and had not come back (A21, A22)."""
        return any(left <= at and (back is None or at <= back) for left, back in self.replay.leaves)


def stays(
    member_id: str, said: Iterable[Said], renames: Iterable[VisitRename], reference: Reference, as_of: Instant
) -> list[Folded]:
    """Fold everything said about a member into stays, in order of start."""
    visits = [s for s in said if s.kind != "note"]
    parts = joined([Part(group) for group in encounters(visits, renames, Resolver(reference))])
    folded = [_fold(member_id, legs, reference, as_of) for legs in _in_legs(parts)]
    far = as_of + timedelta(days=36500)
    return sorted(folded, key=lambda f: (f.stay.admitted_at or f.stay.expected_at or far, f.stay.stay_id))


def _in_legs(parts: Sequence[Part]) -> list[list[Part]]:
    """Chain the parts of one stay: emergency, observation, bed."""
    chains: list[list[Part]] = []
    start = min((p.start for p in parts if p.start), default=None)
    for part in sorted(parts, key=lambda p: (p.start or start or p.order[0], p.order)):
        chain = next((c for c in chains if legs_of_one_stay(c[-1], part)), None)
        if chain is None:
            chains.append([part])
        else:
            chain.append(part)
    return chains


def _fold(member_id: str, parts: list[Part], reference: Reference, as_of: Instant) -> Folded:
    replay = parts[-1].replay
    said = [s for part in parts for s in part.said]
    occurrences = [o for part in parts for o in part.replay.occurrences]
    first = first_told(said)
    flags, discharged_at = _flags(said, replay), replay.ended_at
    status: StayStatus = replay.status
    closes = _closes_at(parts[-1], reference)
    if status in ("active", "on_leave") and closes and closes <= as_of:
        status, discharged_at = "closed_inferred", closes
    leg = replay.admission
    stay = Stay(
        stay_id=identify(member_id, "stay", first.name),
        facility_id=replay.legs[-1].opened_by.facility_id if replay.legs else parts[-1].facility_id,
        patient_class=replay.patient_class,
        status=status,
        admitted_at=None if status == "planned" else replay.started_at,
        discharged_at=discharged_at,
        disposition=replay.discharge.disposition if replay.discharge else "",
        sources=tuple(sorted({SourceRef(t.feed, t.control_id, t.name) for t in _tellers(said)})),
        admitted_precision=leg.precision if leg else "second",
        discharged_precision=replay.discharge.precision if replay.discharge else "second",
        expected_at=replay.plan.at if replay.plan else None,
        flags=flags,
    )
    return Folded(stay, replay, occurrences, said, closes)


def _closes_at(part: Part, reference: Reference) -> Instant | None:
    """When a hanging visit is taken for closed: only where the feed's profile says so (R-74)."""
    hours = [reference.feeds[s.feed].auto_close_hours for s in part.said if s.feed in reference.feeds]
    limits = [h for h in hours if h is not None]
    if not limits or not part.replay.legs or part.replay.discharge:
        return None
    newest = max(t.received_at for t in _tellers(part.said))
    return newest + timedelta(hours=max(limits))


def _tellers(said: Iterable[Said]) -> Iterable[Teller]:
    """Everybody who told them; a statement said again with other clocks counts once."""
    return (t for heard in {id(s.heard): s.heard for s in said}.values() for t in heard.tellers)


def _flags(said: Iterable[Said], replay: Replay) -> tuple[str, ...]:
    flags = {flag for s in said for flag in (*s.zone_flags, *s.statement.flags)}
    flags.update(*(o.flags for o in replay.occurrences if o.ended_by is None))
    if replay.discharge:
        told = {s.statement.disposition for s in replay.discharge.told if s.statement.disposition}
        feeds = {s.feed for s in replay.discharge.told if s.statement.disposition}
        if len(told) > 1 and len(feeds) > 1:
            flags.add("disposition_conflict")
    return tuple(sorted(flags))
