"""How bills travel: weeks later, or months; denied, replaced, reversed; stays in parts."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from models.time import local_day
from services.simulation.believing import Belief
from services.simulation.claims import Claim
from services.simulation.codes import NO_VISIT, WARD_ROUND
from services.simulation.deadlines import BEDS
from services.simulation.dossier import DAY, morning
from services.simulation.places import ZONE

OTHER_DIAGNOSES = ("J189", "I509", "A419")
"""What coders make of a medical stay in the end."""
_WEEKS = 10
"""Days after which a stay's bill comes at the earliest: by then every message of the stay has come."""


class Biller:
    """Writes one member's claims.

    Args:
        faults: those of the world.
    """

    def __init__(self, dice: Random, faults: frozenset[str]) -> None:
        self._dice, self._faults = dice, faults
        self._count = 0

    def befalls(self, fault: str, chance: float) -> bool:
        """Whether a fault of the world befalls this bill."""
        return fault in self._faults and self._dice.random() < chance

    def visit(
        self, day: date, procedures: tuple[str, ...], diagnoses: tuple[str, ...], place: str = "11",
        specialty: str = "", status: str = "paid", bill_type: str = "", revenue: tuple[str, ...] = (),
    ) -> list[Claim]:  # fmt: skip
        """A visit's bill, with whatever becomes of it."""
        received_at, faults = self._comes(morning(day), 2, 40)
        claim = Claim(
            self._id(), received_at, day, day, status, procedures, diagnoses, place, specialty, bill_type, revenue,
            faults=faults,
        )  # fmt: skip
        return self._fated(claim, replace(claim, procedures=(NO_VISIT,)))

    def stay(self, stay: Belief) -> list[Claim]:
        """A stay's bill, or several; its diagnoses may be others than the hospital said."""
        admitted_on, over_on = _days(stay)
        is_nursing = stay.stay_class == "snf"
        ward = "0022" if is_nursing else "0124" if stay.visit.facility.setting == "psych" else "0120"
        room: tuple[str, ...] = (ward,)
        if stay.legs[0].stay_class == "emergency":
            room = ("0450", *room)
        received_at, faults = self._comes(morning(over_on), _WEEKS, 45)
        claim = Claim(
            self._id(), received_at, admitted_on, over_on, "paid", (), stay.visit.diagnoses, "", "",
            "211" if is_nursing else "111", room, admitted_on, over_on, stay.disposition or "01", faults,
        )  # fmt: skip
        if self.befalls("interim_bill", 0.2) and (over_on - admitted_on).days > 2:
            return list(self._parts(claim))
        if stay.visit.diagnoses[0][0] in "OZFT":
            return self._fated(claim, replace(claim, diagnoses=(*claim.diagnoses, "K922")))
        other = (self._dice.choice(OTHER_DIAGNOSES), *stay.visit.diagnoses)
        return self._fated(claim, replace(claim, diagnoses=other if self._dice.random() < 0.6 else ("F329", *other)))

    def ward_round(self, stay: Belief) -> list[Claim]:
        """What the physician bills for a day of the stay: no stay of its own, and no visit of any measure."""
        admitted_on, over_on = _days(stay)
        day = admitted_on + (over_on - admitted_on) // 2
        return self.visit(day, (WARD_ROUND,), (self._dice.choice(OTHER_DIAGNOSES),), "21")

    def _fated(self, claim: Claim, otherwise: Claim) -> list[Claim]:
        """Denied, replaced by another bill, or reversed."""
        if self.befalls("denied_claim", 0.08):
            claim = replace(claim, status="denied", faults=claim.faults | {"denied_claim"})
        again_at = claim.received_at + self._dice.randrange(3 * 24, 40 * 24) * DAY / 24
        if self.befalls("replaced_claim", 0.08):
            newer = replace(otherwise, received_at=again_at, faults=claim.faults | {"replaced_claim"})
            return [claim, newer]
        if self.befalls("reversed_claim", 0.06):
            return [
                claim,
                replace(claim, received_at=again_at, status="reversed", faults=claim.faults | {"reversed_claim"}),
            ]
        return [claim]

    def _parts(self, claim: Claim) -> Iterator[Claim]:
        """First, continuing, last: only the last says when and how it ended, and its diagnoses count."""
        assert claim.admitted_on is not None
        stem = claim.bill_type[:2]
        half = claim.admitted_on + (claim.last - claim.admitted_on) // 2
        claim = replace(claim, faults=claim.faults | {"interim_bill"})
        early = replace(claim, discharged_on=None, disposition="30", diagnoses=("R69",))
        yield replace(early, id=self._id(), bill_type=stem + "2", last=half)
        if self._dice.random() < 0.4:
            at = claim.received_at + DAY
            yield replace(early, id=self._id(), bill_type=stem + "3", first=half, last=half, received_at=at)
        at = claim.received_at + 2 * DAY
        yield replace(claim, id=self._id(), bill_type=stem + "4", first=half + DAY, received_at=at)

    def _comes(self, at: datetime, days_min: int, days_max: int) -> tuple[datetime, frozenset[str]]:
        """When a bill comes, and what is odd about that."""
        is_late = self.befalls("late_claim", 0.15)
        if is_late:
            days_min, days_max = 60, 200
        at += timedelta(seconds=self._dice.randrange(days_min * 86_400, days_max * 86_400))
        return at, frozenset({"late_claim"} if is_late else ())

    def _id(self) -> str:
        self._count += 1
        return f"B{self._count}"


def billed(stays: Sequence[Belief]) -> list[Belief]:
    """The stays that have a bill of their own: over, in a bed, and not to be confused with one a day apart."""
    beds = [stay for stay in stays if stay.legs and stay.stay_class in BEDS and stay.admitted_at]
    found = []
    for stay in beds:
        if stay.discharged_at is None or stay.visit.newborn:
            continue
        day = _days(stay)[0]
        near = (o for o in beds if o is not stay and abs((local_day(o.admitted_at, ZONE) - day).days) <= 1)  # type: ignore[arg-type]  # beds have one
        if not any(near):
            found.append(stay)
    return found


def _days(stay: Belief) -> tuple[date, date]:
    assert stay.admitted_at is not None
    assert stay.discharged_at is not None
    return local_day(stay.admitted_at, ZONE), local_day(stay.discharged_at, ZONE)
