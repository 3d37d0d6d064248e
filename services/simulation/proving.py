"""Which deeds prove a task, or say that it cannot be done, and when."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from models.time import local_day, start_of_day
from services.simulation.codes import among
from services.simulation.deadlines import Deadline, Proof
from services.simulation.deeds import RECONCILED_CODE, VISIT_CODE, Deed
from services.simulation.panel import Panel
from services.simulation.places import ZONE


@dataclass(frozen=True, slots=True)
class Window:
    """When proof counts: from the event (by the day or by the hour) until an end, or until now."""

    start: datetime
    until: datetime
    deadline: Deadline

    def holds(self, at: datetime, *, is_day: bool = False) -> bool:
        """A day without an hour counts like any hour of it."""
        if at > self.until:
            return False
        if is_day or self.deadline.counts_days:
            return local_day(at, ZONE) >= local_day(self.start, ZONE)
        return at >= self.start


def earliest(deadline: Deadline, window: Window, deeds: Iterable[Deed], panel: Panel) -> datetime | None:
    """When the first proof was given."""
    deeds = list(deeds)
    found = [_first(_times(proof, deadline, deeds), window) for proof in deadline.proofs]
    if "visit" in deadline.proofs:
        found.append(_first(_claimed(deeds, is_visit), window, is_day=True))
    if "reconciled" in deadline.proofs:
        found.append(_first(_claimed(deeds, is_reconciliation), window, is_day=True))
    if "lead_named" in deadline.proofs:
        found.append(panel.lead_known_at(window.start, window.until))
    if "identity_shared" in deadline.proofs:
        both = [_first(_notices(deeds, to), window) for to in ("facility", "member")]
        found.append(max((at for at in both if at), default=None) if all(both) else None)
    return min((at for at in found if at), default=None)


def is_visit(codes: Iterable[str]) -> bool:
    """Whether a claim's procedures tell of a visit."""
    codes = list(codes)
    return VISIT_CODE in codes or among(codes, "outpatient-or-telehealth", "transitional-care-management")


def is_reconciliation(codes: Iterable[str]) -> bool:
    """Whether a claim's procedures tell that medications were reconciled."""
    codes = list(codes)
    return RECONCILED_CODE in codes or among(codes, "medication-reconciliation")


def refused_at(deadline: Deadline, window: Window, deeds: Iterable[Deed]) -> datetime | None:
    """When somebody said that it cannot be done: in a note, or the member, who wants no contact."""
    deeds = list(deeds)
    notes = (d.at for d in deeds if d.rule == deadline.id and d.action in ("declined", "not_possible"))
    found = [_first(notes, window)]
    if "reached" in deadline.proofs:
        found.append(_first((d.at for d in deeds if d.what == "contact" and d.outcome == "declined"), window))
    return min((at for at in found if at), default=None)


_CARE_EVENTS: dict[Proof, tuple[str, ...]] = {
    "attempt": ("outreach_attempt", "contact"),
    "reconciled": ("medication_reconciliation",),
    "assessed": ("assessment_completed",),
    "care_plan": ("care_plan_completed",),
    "facility_information": ("discharge_information_received",),
}


def _times(proof: Proof, deadline: Deadline, deeds: list[Deed]) -> Iterator[datetime]:
    if proof == "lead_notified":
        yield from _notices(deeds, "lead_cm")
    for deed in deeds:
        if (
            deed.what in _CARE_EVENTS.get(proof, ())
            or (proof == "reached" and deed.what == "contact" and deed.outcome == "reached")
            or (proof == "note" and deed.rule == deadline.id and deed.action == "done")
        ):
            yield deed.at


def _notices(deeds: list[Deed], to: str) -> Iterator[datetime]:
    return (deed.at for deed in deeds if deed.what == "notification_delivered" and deed.to == to)


def _claimed(deeds: list[Deed], tells: Callable[[Iterable[str]], bool]) -> Iterator[datetime]:
    """Days of the claims that stand by their newest rows; a denied one still tells of what was done."""
    newest: dict[str, Deed] = {}
    for deed in deeds:
        if deed.what == "claim" and (
            deed.claim_id not in newest or deed.received_at > newest[deed.claim_id].received_at
        ):
            newest[deed.claim_id] = deed
    for deed in newest.values():
        if deed.status != "reversed" and tells(deed.code.split(";")):
            yield start_of_day(deed.day, ZONE)


def _first(times: Iterable[datetime], window: Window, *, is_day: bool = False) -> datetime | None:
    return min((at for at in times if window.holds(at, is_day=is_day)), default=None)
