"""Which statements speak of one encounter, and which encounters of one stay.

Source: interop R-66..R-72, R-80, R-83; design §4 ("Source encounter → stay").
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TypeAlias

from models.events import VisitRename
from models.time import Instant
from services.member.occurrences import BEDS, rank
from services.member.replay import Replay
from services.member.said import Resolver, Said, first_told

Key: TypeAlias = tuple[str, ...]

REUSE_AFTER = timedelta(hours=24)
"""A visit number that admits again this long after its last discharge names a new encounter (R-70)."""
SAME_START = timedelta(hours=4)
"""Two sources that disagree on the start by no more than this speak of one stay (R-80)."""
BOARDING = timedelta(hours=24)
"""An emergency visit without a discharge leads to an admission no later than this (R-83: the same day)."""


class Union:
    """Union-find over keys; the smallest key stands for its group, so that arrival order leaves no trace."""

    def __init__(self) -> None:
        self._parent: dict[Key, Key] = {}

    def find(self, key: Key) -> Key:
        while (parent := self._parent.get(key, key)) != key:
            key = parent
        return key

    def join(self, one: Key, other: Key) -> None:
        a, b = sorted((self.find(one), self.find(other)))
        self._parent[b] = a


def encounters(said: Sequence[Said], renames: Iterable[VisitRename], resolver: Resolver) -> list[list[Said]]:
    """Group statements by visit key, and split a number that was used again into its generations."""
    union = Union()
    keyed: dict[Key, list[Said]] = defaultdict(list)
    homeless: list[Said] = []
    numbered = [(s, _number_key(s, resolver)) for s in said]
    for rename in renames:
        here = _place(rename, said)
        union.join(_renamed(rename, rename.old, here, resolver), _renamed(rename, rename.new, here, resolver))
    for s, key in numbered:
        for old in s.statement.old_visits:
            if key:
                union.join(key, ("visit", resolver.authority(old[0], s.facility_id), old[1]))
    for s, number in numbered:
        key = number or _start_key(s)
        if key:
            keyed[union.find(key)].append(s)
        else:
            homeless.append(s)
    for s in homeless:
        keyed[_home(s, keyed)].append(s)
    return [generation for key in sorted(keyed) for generation in _generations(keyed[key])]


def _number_key(s: Said, resolver: Resolver) -> Key | None:
    """The ladder of R-71: PV1-19, else PV1-50, else PID-18, each within who assigned it."""
    statement = s.statement
    if statement.visit:
        return ("visit", resolver.authority(statement.visit[0], s.facility_id), statement.visit[1])
    if statement.alternate_visit:
        return ("alternate_visit", s.facility_id, statement.alternate_visit)
    if statement.account:
        return ("account", s.facility_id, statement.account)
    return None


def _place(rename: VisitRename, said: Sequence[Said]) -> str:
    """The facility of a number that comes without an authority: where the patient's messages use it, else the first."""
    numbers = {rename.old[1], rename.new[1]}
    told = [s for s in said if s.statement.source_patient == rename.source_patient]
    using = [s for s in told if not numbers.isdisjoint(_numbers(s))]
    return first_told(using or told).facility_id if told else ""


def _numbers(s: Said) -> set[str]:
    statement = s.statement
    return {statement.visit[1] if statement.visit else "", statement.alternate_visit, statement.account} - {""}


def _renamed(rename: VisitRename, number: tuple[str, str], facility_id: str, resolver: Resolver) -> Key:
    return (rename.field, resolver.authority(number[0], facility_id), number[1])


def _start_key(s: Said) -> Key | None:
    """Without any number: facility, patient and admit minute."""
    start = s.admitted or (s.occurred if s.kind in ("admit", "plan") else None)
    if start is None:
        return None
    return ("start", s.facility_id, s.statement.source_patient, start.isoformat(timespec="minutes"))


def _home(s: Said, keyed: dict[Key, list[Said]]) -> Key:
    """A statement with neither number nor start belongs to the patient's latest encounter there that had begun."""
    whose = (s.facility_id, s.statement.source_patient)
    begun = [
        (min(o.admitted or o.occurred for o in group), key)
        for key, group in keyed.items()
        if key[0] != "nothing" and any((o.facility_id, o.statement.source_patient) == whose for o in group)
    ]
    return max((item for item in begun if item[0] <= s.occurred), default=(s.occurred, ("nothing", *whose)))[1]


def _generations(group: list[Said]) -> list[list[Said]]:
    """Split one visit number's statements where a new admission follows the last discharge by a day or more (R-70)."""
    admissions = sorted({s.admitted or s.occurred for s in group if s.kind == "admit"})
    if len(admissions) < 2:
        return [group]
    starts = [admissions[0]]
    for again in admissions[1:]:
        if again - starts[-1] >= REUSE_AFTER and _is_reuse(group, starts[-1], again):
            starts.append(again)
    generations: list[list[Said]] = [[] for _ in starts]
    for s in group:
        generations[_generation(s, starts)].append(s)
    return generations


def _is_reuse(group: list[Said], start: Instant, again: Instant) -> bool:
    ends = [s.discharged or s.occurred for s in group if s.kind == "discharge" or s.discharged]
    ends = [end for end in ends if start <= end < again]
    if ends:
        return again - max(ends) >= REUSE_AFTER
    # The discharge was lost: reuse only if nothing told of the earlier stay at or after the new admission.
    return all(s.occurred < again for s in group if s.admitted and s.admitted < again)


def _generation(s: Said, starts: list[Instant]) -> int:
    """The generation whose start a statement repeats, or in whose time it falls."""
    stated = s.admitted or s.expected
    if stated:
        return min(range(len(starts)), key=lambda i: (abs(starts[i] - stated), i))
    at = s.discharged or s.occurred
    return max((i for i, start in enumerate(starts) if start <= at), default=0)


class Part:
    """One encounter on its way into a stay."""

    def __init__(self, said: list[Said]) -> None:
        self.said = said
        self.replay = Replay(said)
        first = first_told(said)
        self.facility_id = first.facility_id
        self.order = (first.first_receipt, first.name)
        self.numbering_feeds = {
            s.feed for s in said if s.statement.visit or s.statement.alternate_visit or s.statement.account
        }

    @property
    def start(self) -> Instant | None:
        return self.replay.started_at

    @property
    def starts(self) -> list[Instant]:
        """When each of its legs began; for a plan or a cancelled one, when it was to."""
        legs = [leg.started_at for leg in self.replay.legs if leg.started_at]
        return legs or ([self.start] if self.start else [])

    @property
    def is_bed(self) -> bool:
        return self.replay.patient_class in BEDS


def joined(parts: Sequence[Part]) -> list[Part]:
    """Join what two sources, or a source without numbers, told of one stay at one facility."""
    done: list[Part] = []
    for part in sorted(parts, key=lambda p: p.order):
        twins = [p for p in done if _is_same_stay(p, part)]
        if twins:
            twin = min(twins, key=lambda p: (_distance(p, part), p.order))
            done[done.index(twin)] = Part([*twin.said, *part.said])
        else:
            done.append(part)
    return done


def _is_same_stay(one: Part, other: Part) -> bool:
    if one.facility_id != other.facility_id or one.is_bed != other.is_bed:
        return False
    if one.numbering_feeds & other.numbering_feeds:
        return False  # one sender that gives two numbers means two stays
    if one.start is None or other.start is None:
        return _ends_meet(one, other)
    return _distance(one, other) <= SAME_START


def _distance(one: Part, other: Part) -> timedelta:
    """How far apart two parts start; a second source may state the arrival where the first knows the admission."""
    return min((abs(a - b) for a in one.starts for b in other.starts), default=SAME_START)


def _ends_meet(one: Part, other: Part) -> bool:
    """A part whose start nobody told belongs to the stay that ends when it does, or was still running then."""
    known, unknown = (one, other) if one.start else (other, one)
    if unknown.replay.ended_at is None:
        return known.start is None or known.replay.ended_at is None
    if known.replay.ended_at is None:
        return known.start is None or known.start <= unknown.replay.ended_at
    return abs(known.replay.ended_at - unknown.replay.ended_at) <= SAME_START


def legs_of_one_stay(earlier: Part, later: Part) -> bool:
    """An emergency or observation visit that leads to a higher class at the same facility (R-83)."""
    before, after = earlier.replay, later.replay
    if earlier.facility_id != later.facility_id or not before.legs or not after.legs:
        return False
    if not 0 < rank(before.patient_class) < rank(after.patient_class):
        return False
    if before.started_at is None or after.started_at is None or after.started_at < before.started_at - SAME_START:
        return False
    latest = before.ended_at + SAME_START if before.ended_at else before.started_at + BOARDING
    return after.started_at <= latest
