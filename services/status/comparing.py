"""What a feed changes: every member it speaks of, judged with it and without it.

So a shadow feed shows what it would do, and a live one what would be lost.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import zip_longest
from statistics import median
from typing import Literal

import msgspec

from models.patients import prefix_of
from models.reference import Reference
from models.time import Instant
from models.view import Stay, Task, View
from services.member.derive import MemberFacts, derive
from services.runtime.recall import facilities_of, facts_of, with_registry
from services.runtime.store.contract import PatientRow, Reader
from services.runtime.workset import Workset, check_format

CHUNK = 200

What = Literal["stay_added", "stay_changed", "task_raised", "task_changed", "task_withdrawn"]
_Told = tuple[MemberFacts, View]


class Change(msgspec.Struct, frozen=True):
    """One thing that differs because of the feed. What it adds has no `without`, what it takes away no `with_`."""

    member_id: str
    what: What
    without: Stay | Task | None
    with_: Stay | Task | None


class Comparison(msgspec.Struct):
    """What a feed changes, in numbers and one by one.

    `patients`, `matched`: its source patients, and those who are members. `reviews`: why people must look at some.
    `members`: whose stays or tasks it changes. `shared_stays`: told by another feed as well; `leads_s`: by how many
    seconds it told them before (negative: after) the first of the others. `changes`: in order of member.
    """

    feed: str
    as_of: Instant
    is_shadow: bool
    patients: int = 0
    matched: int = 0
    reviews: Counter[str] = msgspec.field(default_factory=Counter)
    members: int = 0
    shared_stays: int = 0
    leads_s: list[float] = []
    changes: list[Change] = []

    @property
    def median_lead_s(self) -> float | None:
        """By how much it is first, in the middle of all stays that others tell of too."""
        return median(self.leads_s) if self.leads_s else None

    def counts(self) -> dict[str, dict[str, int]]:
        """How many changes of each kind; tasks by rule, stays by class."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for change in self.changes:
            subject = change.with_ or change.without
            assert subject, "a change has two sides, and one may be None"
            found[change.what][subject.rule if isinstance(subject, Task) else subject.patient_class or "unknown"] += 1
        return {what: dict(sorted(each.items())) for what, each in sorted(found.items())}


def compare(reader: Reader, reference: Reference, feed: str, as_of: Instant) -> Comparison:
    """Judge every member that a feed speaks of twice, by what had been received by an instant: without it, and with it.

    Other shadow feeds are left out both times.
    """
    check_format(reader)
    found = Comparison(feed, as_of, feed in reference.shadows)
    reference = with_registry(reference, facilities_of(reader), as_of)
    done: set[str] = set()
    for rows in _patients(reader, feed):
        found.patients += len(rows)
        found.matched += sum(bool(row.members) for row in rows)
        found.reviews.update(reason for row in rows for reason in row.reviews)
        spoken_of = {m for row in rows for m in row.members}
        spoken_of |= reader.members_with(sorted({i for row in rows for i in row.identifiers if i[0] != "decided"}))
        ids = sorted(spoken_of - done)
        done |= spoken_of
        others = reference.shadows - {feed}
        without = _judged(reader, reference, ids, as_of, {*others, feed})
        with_ = _judged(reader, reference, ids, as_of, others)
        for member_id in ids:
            _compare(found, member_id, without[member_id], with_[member_id])
    return found


def _patients(reader: Reader, feed: str) -> Iterator[Sequence[PatientRow]]:
    """The feed's source patients, some at a time."""
    after = prefix = prefix_of(feed)
    while keys := [key for key in reader.patient_keys(after, CHUNK) if key.startswith(prefix)]:
        yield list(reader.patients(keys).values())
        after = keys[-1]


def _judged(
    reader: Reader, reference: Reference, ids: Iterable[str], as_of: Instant, shadows: Collection[str]
) -> dict[str, _Told]:
    recalled = facts_of(Workset(reader), ids, shadows, as_of)
    return {member_id: (facts, derive(facts, reference, as_of)) for member_id, facts in recalled.items()}


def _compare(found: Comparison, member_id: str, without: _Told, with_: _Told) -> None:
    before = len(found.changes)
    (_, old), (facts, new) = without, with_
    twins = _twins(old.stays, new.stays)
    for stay in new.stays:
        other = twins.get(stay.stay_id)
        if other is None:
            found.changes.append(Change(member_id, "stay_added", None, stay))
        elif _shown(other) != _shown(stay):
            found.changes.append(Change(member_id, "stay_changed", other, stay))
        if other and (lead := _lead_s(found.feed, stay, facts)) is not None:
            found.shared_stays += 1
            found.leads_s.append(lead)
    found.changes += _task_changes(member_id, old.tasks, new.tasks, {new: old.stay_id for new, old in twins.items()})
    found.members += len(found.changes) > before


def _twins(old: Sequence[Stay], new: Sequence[Stay]) -> dict[str, Stay]:
    """Of each new stay the old one that the same messages told of. Ids may differ: they hang on the first message."""
    by_name = {source.name: stay for stay in old for source in stay.sources}
    found = {}
    for stay in new:
        if twin := next((by_name[s.name] for s in stay.sources if s.name in by_name), None):
            found[stay.stay_id] = twin
    return found


def _shown(stay: Stay) -> tuple[object, ...]:
    """What people see of a stay, whoever told it."""
    return stay.facility_id, stay.patient_class, stay.status, stay.admitted_at, stay.discharged_at, stay.disposition


def _lead_s(feed: str, stay: Stay, facts: MemberFacts) -> float | None:
    """By how many seconds the feed told of a stay before any other; None where it did not, or nobody else did."""
    names = {source.name for source in stay.sources}
    told = [teller for heard in facts.heard for teller in heard.tellers if teller.name in names]
    ours = [teller.received_at for teller in told if teller.feed == feed]
    theirs = [teller.received_at for teller in told if teller.feed != feed]
    return (min(theirs) - min(ours)).total_seconds() if ours and theirs else None


def _task_changes(member_id: str, old: Sequence[Task], new: Sequence[Task], twins: dict[str, str]) -> Iterator[Change]:
    sides: dict[tuple[str, str, str], tuple[list[Task], list[Task]]] = defaultdict(lambda: ([], []))
    for task in old:
        sides[task.rule, task.kind, task.stay_id][0].append(task)
    for task in new:
        sides[task.rule, task.kind, twins.get(task.stay_id, task.stay_id)][1].append(task)
    for before, after in sides.values():
        for one, other in zip_longest(before, after):  # both in order of opening
            if one is None:
                yield Change(member_id, "task_raised", None, other)
            elif other is None:
                yield Change(member_id, "task_withdrawn", one, None)
            elif (one.state, one.due_at) != (other.state, other.due_at):
                yield Change(member_id, "task_changed", one, other)
