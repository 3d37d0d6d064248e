"""What was done for a member, and when: the evidence that closes a task."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import assert_never
from zoneinfo import ZoneInfo

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


@dataclass(frozen=True, slots=True, order=True)
class Done:
    """Something was done at `at` (a date alone: its first moment), told by the message `name`."""

    at: Instant
    name: str
    is_date: bool = False
    reason: str = ""


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
        self._care = sorted(((e.occurred_at, told[0].name, e) for e, told in care_events.items()), key=lambda x: x[:2])
        self._claims = sorted(_standing(claims, zone), key=lambda x: x[:2])
        self._roster, self._value_sets, self._zone = roster, value_sets, zone

    def find(self, wanted: Evidence, window: "Window") -> Done | None:
        """The earliest evidence of the kind inside the window."""
        match wanted:
            case AnyOf(items):
                return min((d for item in items if (d := self.find(item, window))), default=None)
            case AllOf(items):
                found = [self.find(item, window) for item in items]
                return None if None in found else max(d for d in found if d)
            case CareEventEvidence():
                return self._first(self._care_events(wanted), window)
            case ClaimEvidence(value_sets):
                return self._first(self._visits(value_sets), window)
            case TaskActionEvidence(action):
                return self._first(self._notes(window, {action}), window)
            case RosterEvidence(field):
                named = self._roster.first_named(field, window.start, window.until)
                return Done(*named) if named else None
            case _:
                assert_never(wanted)

    def impossible(self, wanted: Evidence, window: "Window") -> Done | None:
        """The earliest word that the task cannot be done: a note that says so, or a refusal by the member."""
        found = [self._first(self._notes(window, {"declined", "not_possible"}), window)]
        found += [self._first(self._care_events(refused), window) for refused in _refusals(wanted)]
        return min((done for done in found if done), default=None)

    def instants(self) -> Iterator[Instant]:
        """When anything was done: what is dated ahead counts only once its time has come."""
        yield from (at for at, _, _ in self._care)
        yield from (at for at, _, _ in self._claims)

    @staticmethod
    def _first(found: Iterator[Done], window: "Window") -> Done | None:
        return next((done for done in found if window.holds(done)), None)

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

    def _notes(self, window: "Window", actions: set[str]) -> Iterator[Done]:
        for at, name, event in self._care:
            detail = dict(event.detail) if event.type == "task_note" else {}
            if detail.get("action") in actions and detail.get("task") in window.task_names:
                said = detail.get("action", "")
                yield Done(at, name, reason=detail.get("reason") or ("" if said == "done" else said))


@dataclass(frozen=True, slots=True)
class Window:
    """When evidence counts: from `start` (`by_day`: from that local day) through `until`.

    `task_names` are what a note may call the task: its id or its rule.
    """

    start: Instant
    until: Instant
    by_day: bool
    zone: ZoneInfo
    task_names: frozenset[str]

    @property
    def day(self) -> date:
        return local_day(self.start, self.zone)

    def holds(self, done: Done) -> bool:
        """A date alone, or a rule that counts days, is compared by local day at the start."""
        if done.at > self.until:
            return False
        if self.by_day or done.is_date:
            return local_day(done.at, self.zone) >= self.day
        return done.at >= self.start


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


def _refusals(wanted: Evidence) -> Iterator[CareEventEvidence]:
    """A contact that asks for an answer is refused when the member declines."""
    match wanted:
        case CareEventEvidence(kind, outcome, mode, detail) if outcome and "declined" not in outcome:
            yield CareEventEvidence(kind, ("declined",), mode, detail)
        case AnyOf(items) | AllOf(items):
            for item in items:
                yield from _refusals(item)
