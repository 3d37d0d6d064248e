"""What messages and claims tell of stays and emergency visits, put together: each once.

Source: contract, "Stays from claims", "ED visits", "Diagnosis of a stay".
"""

from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec

from models.events import Claim, Facility, PatientClass, Teller
from services.measures.entering.claim_stays import Bill, ClaimStay, bills_of, family, joined
from services.measures.entering.diagnoses import Diagnosed, by_messages
from services.measures.entering.moments import day_of
from services.measures.entering.told_stays import ToldStay
from services.measures.items import FOREVER

NURSING: Mapping[str, PatientClass] = {"snf": "snf", "ltc": "ltc"}


class Account(msgspec.Struct, frozen=True, eq=False):
    """A stay by all accounts of it: what messages told, what claims tell, or both. Days are local ones."""

    told: ToldStay | None
    billed: ClaimStay | None
    arrived: int
    first: int
    last: int
    ended: bool

    @property
    def id(self) -> str:
        return self.told.stay.stay_id if self.told else self._bills.id

    @property
    def act_class(self) -> PatientClass:
        return self.told.stay.patient_class if self.told else self._bills.act_class

    @property
    def place(self) -> str:
        """The facility; "" where a claim's is not in the registry."""
        return self.told.stay.facility_id if self.told else self._bills.place

    @property
    def _bills(self) -> ClaimStay:
        assert self.billed is not None
        return self.billed

    @property
    def diagnosed(self) -> Diagnosed:
        """By a final claim; else by messages; else by whatever claim there is."""
        if self.billed and (self.billed.is_final or not (self.told and self.told.snapshots)):
            return self.billed.diagnosed
        return by_messages(self.told.snapshots) if self.told else Diagnosed()

    def holds(self, day: int) -> bool:
        """A day of it; nobody stays in an emergency room for long because its discharge was lost."""
        return self.first <= day <= (self.last if self.ended else self.first + 1)

    def may_be_at(self, place: str) -> bool:
        """At the same facility, as far as is known."""
        return not (place and self.place and place != self.place)


def accounts(
    told: Sequence[ToldStay],
    claims: Sequence[tuple[Claim, tuple[Teller, ...]]],
    facilities: Mapping[str, Facility],
    zone: ZoneInfo,
) -> list[Account]:
    """Put what messages and claims tell together, and leave out emergency visits that are part of an admission."""
    bills = bills_of(claims, facilities)
    known = sorted((a for one in told if (a := _told(one, zone))), key=lambda a: (a.first, a.id))
    known = _matched(known, joined([b for b in bills if b.act_class != "emergency"]))
    admitted = [a for a in known if a.act_class in ("inpatient", "observation")]
    stays = [a for a in known if not (a.act_class in ("emergency", "observation") and _is_part(a, admitted))]
    for bill in bills:
        if bill.act_class == "emergency":
            _visited(bill, stays, admitted)
    return _one_a_day(stays)


def _told(one: ToldStay, zone: ZoneInfo) -> Account | None:
    stay = one.stay
    begin = stay.admitted_at or one.arrived_at or stay.discharged_at
    if begin is None:
        return None
    first = day_of(begin, zone)
    arrived = min(first, day_of(one.arrived_at, zone)) if one.arrived_at else first
    last = max(first, day_of(stay.discharged_at, zone)) if stay.discharged_at else FOREVER
    return Account(one, None, arrived, first, last, ended=last < FOREVER)


def _billed(stay: ClaimStay) -> Account:
    return Account(None, stay, stay.first, stay.first, stay.last if stay.ended else FOREVER, stay.ended)


def _matched(told: Sequence[Account], billed: Sequence[ClaimStay]) -> list[Account]:
    """Claims and messages of one stay: one family, admitted on days that differ by at most one, nearest first."""
    pairs = (
        sorted(
            (abs(one.first - stay.first), one.place != stay.place, one.id, stay.id, one, stay)
            for one in told
            for stay in billed
            if family(one.act_class) == stay.family and abs(one.first - stay.first) <= 1 and one.may_be_at(stay.place)
        )
        if told and billed
        else []
    )
    found: dict[str, Account] = {one.id: one for one in told}
    taken: set[str] = set()
    for *_, one, stay in pairs:
        if stay.id not in taken and found[one.id].billed is None:
            taken.add(stay.id)
            found[one.id] = _both(one, stay)
    return [*found.values(), *(_billed(stay) for stay in billed if stay.id not in taken)]


def _both(told: Account, billed: ClaimStay) -> Account:
    """Times are those of messages; where none told the discharge, the claim's."""
    if told.ended or not billed.ended:
        return msgspec.structs.replace(told, billed=billed)
    return msgspec.structs.replace(told, billed=billed, last=max(told.first, billed.last), ended=True)


def _is_part(one: Account, admitted: Iterable[Account]) -> bool:
    """It is how an admitted stay began, or something done in it; on the day of discharge it is a visit of its own."""
    day = one.first
    return any(
        (a.arrived <= day < a.last or day == a.first)  # seldom so, and cheap to see
        and a is not one
        and not (one.act_class == a.act_class == "observation")
        and a.may_be_at(one.place)
        for a in admitted
    )


def _visited(bill: Bill, stays: list[Account], admitted: Sequence[Account]) -> None:
    """Add the emergency visit that a claim tells of, or the claim to the visit that is known."""
    visit = _billed(ClaimStay((bill,)))
    visit = msgspec.structs.replace(visit, last=bill.last, ended=True)
    if _is_part(visit, admitted):
        return
    for place, known in enumerate(stays):
        if known.act_class == "emergency" and known.holds(visit.first) and known.may_be_at(visit.place):
            bills = (*known.billed.bills, bill) if known.billed else (bill,)
            # As with stays: where no message told the discharge, the bills do.
            is_told = known.told is not None and known.told.stay.discharged_at is not None
            last = known.last if is_told else max(known.first, *(each.last for each in bills))
            stays[place] = msgspec.structs.replace(known, billed=ClaimStay(bills), last=last, ended=True)
            return
    stays.append(visit)


def _one_a_day(stays: Sequence[Account]) -> list[Account]:
    """One emergency visit a local day, unless facilities are known to differ."""
    kept: list[Account] = []
    for one in sorted(stays, key=lambda a: (a.first, a.told is None, a.last, a.id)):
        is_again = one.act_class == "emergency" and any(
            other.act_class == "emergency" and other.first == one.first and other.may_be_at(one.place) for other in kept
        )
        if not is_again:
            kept.append(one)
    return kept


def class_at(one: Account, facilities: Mapping[str, Facility]) -> PatientClass:
    """The class; a claim cannot tell a nursing home's from a hospital's stay where the registry can."""
    if one.told is None and one.act_class == "inpatient":
        return NURSING.get(registered(one, facilities), one.act_class)
    return one.act_class


def registered(one: Account, facilities: Mapping[str, Facility]) -> str:
    """The setting of its facility; "" where the registry does not know it."""
    known = facilities.get(one.place.upper()) if one.place else None
    return known.setting if known else ""
