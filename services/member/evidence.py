"""What was done for a member, and when: the evidence that closes a task."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from operator import itemgetter
from typing import assert_never
from zoneinfo import ZoneInfo

import msgspec

from models.events import CareEvent, Claim, Teller
from models.rule import (
    AllOf,
    AnyOf,
    CareEventEvidence,
    ClaimEvidence,
    Evidence,
    RosterEvidence,
    TaskActionEvidence,
)
from models.time import Instant, local_day, start_of_day
from services.member.facts import by_receipt
from services.member.roster import Roster


class Done(msgspec.Struct, frozen=True, gc=False, order=True):
    """Something was done at `at` (a date alone: its first moment), told by the message `name`."""

    at: Instant
    name: str
    is_date: bool = False
    reason: str = ""


class Note(msgspec.Struct, frozen=True, gc=False, order=True):
    """A person's note on a task, by its place among all notes."""

    place: int
    action: str
    done: Done


class Window(msgspec.Struct, frozen=True, gc=False):
    """When evidence counts: from `start` (`by_day`: from that local day) through `until`.

    `day` is the local date of `start`; `task_names` are what a note may call the task: its id or its rule.
    """

    start: Instant
    day: date
    until: Instant
    by_day: bool
    zone: ZoneInfo
    task_names: tuple[str, ...]

    def first(self, found: Sequence[Done]) -> Done | None:
        """The first of these, in order of time, that counts."""
        # The date in UTC is the local one, the day before or the day after.
        for done in found[bisect_left(found, self.day.toordinal() - 1, key=_utc_day) :]:
            if done.at > self.until:
                return None
            # A date alone, or a rule that counts days, is compared by local day at the start.
            if self.by_day or done.is_date:
                if local_day(done.at, self.zone) >= self.day:
                    return done
            elif done.at >= self.start:
                return done
        return None


class Deeds:
    """A member's care events, claims and task notes, ready to be asked for evidence."""

    def __init__(
        self,
        care_events: Mapping[CareEvent, Sequence[Teller]],
        claims: Mapping[Claim, Sequence[Teller]],
        roster: Roster,
        value_sets: Mapping[str, frozenset[str]],
        zone: ZoneInfo,
    ) -> None:
        self._care = sorted(((e.occurred_at, told[0].name, e) for e, told in care_events.items()), key=_time_and_name)
        self._claims = sorted(_standing(claims, zone), key=_time_and_name)
        self._roster, self._value_sets = roster, value_sets
        self._notes = self._by_task()
        self._found: dict[Evidence, list[Done]] = {}

    @property
    def are_none(self) -> bool:
        """Nobody did anything: only the roster can still be evidence."""
        return not self._care and not self._claims

    def find(self, wanted: Evidence, window: Window) -> Done | None:
        """The earliest evidence of the kind inside the window."""
        match wanted:
            case AnyOf(items):
                return min((d for item in items if (d := self.find(item, window))), default=None)
            case AllOf(items):
                found = [self.find(item, window) for item in items]
                return None if None in found else max(d for d in found if d)
            case CareEventEvidence() | ClaimEvidence():
                return window.first(self._all(wanted))
            case TaskActionEvidence(action):
                return self._noted(window, {action}) if self._notes else None
            case RosterEvidence(field):
                named = self._roster.first_named(field, window.start, window.until)
                return Done(*named) if named else None
            case _:
                assert_never(wanted)

    def impossible(self, refusals: Iterable[CareEventEvidence], window: Window) -> Done | None:
        """The earliest word that the task cannot be done: a note that says so, or a refusal by the member."""
        found = [self._noted(window, {"declined", "not_possible"}) if self._notes else None]
        found += [window.first(self._all(refused)) for refused in refusals]
        return min((done for done in found if done), default=None)

    def instants(self) -> Iterator[Instant]:
        """When anything was done: what is dated ahead counts only once its time has come."""
        yield from (at for at, _, _ in self._care)
        yield from (at for at, _, _ in self._claims)

    def _all(self, wanted: CareEventEvidence | ClaimEvidence) -> list[Done]:
        """Everything of the kind that was ever done, in order of time; each kind is looked for once."""
        if wanted not in self._found:
            self._found[wanted] = list(
                self._visits(wanted.value_sets) if isinstance(wanted, ClaimEvidence) else self._care_events(wanted)
            )
        return self._found[wanted]

    def _care_events(self, wanted: CareEventEvidence) -> Iterator[Done]:
        for at, name, event in self._care:
            if (
                event.type == wanted.type
                and (not wanted.outcome or event.outcome in wanted.outcome)
                and (not wanted.mode or event.mode in wanted.mode)
                and set(wanted.detail) <= set(event.detail)
            ):
                yield Done(at, name, reason="declined" if event.outcome == "declined" else "")

    def _visits(self, value_sets: Sequence[str]) -> Iterator[Done]:
        codes = frozenset().union(*(self._value_sets.get(name, frozenset()) for name in value_sets))
        for at, name, claim in self._claims:
            if not codes.isdisjoint(claim.procedure_codes):
                yield Done(at, name, is_date=True)

    def _by_task(self) -> dict[str, list[Note]]:
        """The task notes, by what they call their task."""
        notes: dict[str, list[Note]] = defaultdict(list)
        for place, (at, name, event) in enumerate(self._care):
            if event.type == "task_note":
                detail = dict(event.detail)
                said = detail.get("action", "")
                reason = detail.get("reason") or ("" if said == "done" else said)
                notes[detail.get("task", "")].append(Note(place, said, Done(at, name, reason=reason)))
        return notes

    def _noted(self, window: Window, actions: set[str]) -> Done | None:
        found = sorted(note for name in window.task_names for note in self._notes.get(name, ()))
        return window.first([note.done for note in found if note.action in actions])


_time_and_name = itemgetter(0, 1)


def _utc_day(done: Done) -> int:
    return done.at.toordinal()


def _standing(claims: Mapping[Claim, Sequence[Teller]], zone: ZoneInfo) -> Iterator[tuple[Instant, str, Claim]]:
    """The newest row of each claim, unless it is reversed; a denied claim still tells of a visit."""
    newest: dict[str, tuple[tuple[object, ...], Claim, Sequence[Teller]]] = {}
    for claim, tellers in claims.items():
        version = by_receipt(tellers[-1])
        if claim.claim_id not in newest or version > newest[claim.claim_id][0]:
            newest[claim.claim_id] = (version, claim, tellers)
    for _, claim, tellers in newest.values():
        if claim.status != "reversed" and claim.service_from:
            yield start_of_day(claim.service_from, zone), tellers[0].name, claim


def refusals(wanted: Evidence) -> Iterator[CareEventEvidence]:
    """What refuses a task: a contact that asks for an answer is refused when the member declines."""
    match wanted:
        case CareEventEvidence(kind, outcome, mode, detail) if outcome and "declined" not in outcome:
            yield CareEventEvidence(kind, ("declined",), mode, detail)
        case AnyOf(items) | AllOf(items):
            for item in items:
                yield from refusals(item)


def rests_on_roster(wanted: Evidence) -> bool:
    """Whether the roster alone may be the evidence, or a part of it."""
    match wanted:
        case RosterEvidence():
            return True
        case AnyOf(items) | AllOf(items):
            return any(rests_on_roster(item) for item in items)
    return False
