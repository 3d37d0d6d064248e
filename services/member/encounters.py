"""Which statements speak of one encounter, and which encounters of one stay.

Source: interop R-66..R-72, R-80, R-83; design §4 ("Source encounter → stay").
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from operator import attrgetter

from models.events import VisitRename
from models.time import Instant
from services.member.occurrences import BEDS, rank
from services.member.replay import Replay
from services.member.said import Key, Resolver, Said, first_told

REUSE_AFTER = timedelta(hours=24)
"""A visit number that admits again this long after its last discharge names a new encounter (R-70)."""
CLIMBS_WITHIN = timedelta(days=7)
"""An observation that becomes an admission does so in this time, or its number was used again."""
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
    """Group statements by visit key. A number that was used again has all its `parts_of` in one group."""
    union = Union()
    by_number: dict[Key, list[Said]] = defaultdict(list)
    numberless: list[Said] = []
    for s in said:
        (by_number[s.number] if s.number else numberless).append(s)
    for rename in renames:
        here = _place(rename, said)
        union.join(_renamed(rename, rename.old, here, resolver), _renamed(rename, rename.new, here, resolver))
    for key, group in by_number.items():
        for s in group:
            for old in s.statement.old_visits:
                union.join(key, ("visit", resolver.authority(old[0], s.facility_id), old[1]))
    keyed: dict[Key, list[Said]] = defaultdict(list)
    for key, group in by_number.items():
        keyed[union.find(key)] += group
    homeless: list[Said] = []
    for s in numberless:
        start = _start_key(s)
        if start:
            keyed[union.find(start)].append(s)
        else:
            homeless.append(s)
    for s in homeless:
        keyed[_home(s, keyed)].append(s)
    return [keyed[key] for key in sorted(keyed)]


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


def _generations(group: Sequence[Said]) -> Sequence[Sequence[Said]]:
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


def _is_reuse(group: Sequence[Said], start: Instant, again: Instant) -> bool:
    ends = [s.discharged or s.occurred for s in group if s.kind == "discharge" or s.discharged]
    ends = [end for end in ends if start <= end < again]
    if ends:
        return again - max(ends) >= REUSE_AFTER
    if again - start <= CLIMBS_WITHIN and _climbs(group, start, again):
        return False
    # The discharge was lost: reuse only if nothing told of the earlier stay at or after the new admission.
    return all(s.occurred < again for s in group if s.admitted and s.admitted < again)


def _climbs(group: Sequence[Said], start: Instant, again: Instant) -> bool:
    """Whether a new admission is of a higher class than those before: the same visit goes on, under an A01 of its own
    (interop §2.2).
    """
    began = [(s.admitted or s.occurred, rank(s.patient_class)) for s in group if s.kind == "admit"]
    before = max(each for at, each in began if start <= at < again)
    return any(each > before for at, each in began if at == again)


def _generation(s: Said, starts: list[Instant]) -> int:
    """The generation whose start a statement repeats, or in whose time it falls. An admission is of the one it begins,
    whatever day it was expected on: so none is empty.
    """
    stated = s.admitted or (s.occurred if s.kind == "admit" else s.expected)
    if stated:
        return min(range(len(starts)), key=lambda i: (abs(starts[i] - stated), i))
    at = s.discharged or s.occurred
    return max((i for i, start in enumerate(starts) if start <= at), default=0)


class Part:
    """One encounter on its way into a stay.

    `start` is when it began, `starts` when each of its legs did; for a plan or a cancelled one, when it was to.
    """

    def __init__(self, said: Sequence[Said]) -> None:
        self.said = said
        self.replay = Replay(said)
        first = first_told(said)
        self.facility_id, self.order = first.facility_id, first.order
        self.numbering_feeds = {s.feed for s in said if s.number}
        self.patient_class = self.replay.patient_class
        self.is_bed, self.rank = self.patient_class in BEDS, rank(self.patient_class)
        # One that was reversed to observation (A07) is the stay that another source may still call inpatient.
        self.families = {self.is_bed, True} if any(s.kind == "to_outpatient" for s in said) else {self.is_bed}
        self.start, self.end = self.replay.started_at, self.replay.ended_at
        legs = [leg.started_at for leg in self.replay.legs if leg.started_at]
        self.starts = legs or ([self.start] if self.start else [])


def parts_of(group: Sequence[Said]) -> list[Part]:
    """The encounters that one visit key named, one after another."""
    return [Part(generation) for generation in _generations(group)]


def chained(parts: Sequence[Part]) -> list[tuple[Part, ...]]:
    """The parts of each stay at one facility, in order."""
    return _in_legs(_joined(parts))


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Join what two sources, or a source without numbers, told of one stay at one facility."""
    done: list[Part] = []
    for part in sorted(parts, key=attrgetter("order")):
        twins = [p for p in done if _is_same_stay(p, part)]
        if twins:
            twin = min(twins, key=lambda p: (_distance(p, part), p.order))
            done[done.index(twin)] = Part([*twin.said, *part.said])
        else:
            done.append(part)
    return done


def _is_same_stay(one: Part, other: Part) -> bool:
    """Whether two parts at one facility are one stay."""
    if one.families.isdisjoint(other.families) or one.numbering_feeds & other.numbering_feeds:
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
    if unknown.end is None:
        return known.start is None or known.end is None
    if known.end is None:
        return known.start is None or known.start <= unknown.end
    return abs(known.end - unknown.end) <= SAME_START


def _in_legs(parts: Sequence[Part]) -> list[tuple[Part, ...]]:
    """Chain the parts of each stay at one facility: emergency, observation, bed."""
    chains: list[list[Part]] = []
    start = min((p.start for p in parts if p.start), default=None)
    for part in sorted(parts, key=lambda p: (p.start or start or p.order[0], p.order)):
        chain = next((chain for chain in chains if _leads_to(chain[-1], part)), None)
        if chain is None:
            chains.append([part])
        else:
            chain.append(part)
    return [tuple(chain) for chain in chains]


def _leads_to(earlier: Part, later: Part) -> bool:
    """Whether an emergency or observation visit led to a higher class at the same facility (R-83)."""
    if not 0 < earlier.rank < later.rank or not earlier.replay.legs or not later.replay.legs:
        return False
    if earlier.start is None or later.start is None or later.start < earlier.start - SAME_START:
        return False
    latest = earlier.end + SAME_START if earlier.end else earlier.start + BOARDING
    return later.start <= latest
