"""Stays that only claims tell of, as they are shown beside the others. They raise no task.

Source: contract, "Stays from claims"; "Date-only times".
"""

from collections.abc import Iterable, Mapping
from datetime import date
from zoneinfo import ZoneInfo

from models.events import Claim, Facility, PatientClass, Teller
from models.time import end_of_day, start_of_day
from models.view import SourceRef, Stay
from services.measures.entering.accounts import accounts, class_at
from services.measures.entering.claim_stays import ClaimStay
from services.measures.entering.told_stays import ToldStay

BEDS = frozenset({"inpatient", "snf", "ltc"})
FLAG = "claims_only"


def billed_stays(
    told: Iterable[ToldStay],
    claims: Iterable[tuple[Claim, tuple[Teller, ...]]],
    facilities: Mapping[str, Facility],
    zone: ZoneInfo,
) -> list[Stay]:
    """The stays in a bed, or with an admission day, that no message told of, in order of start.

    Args:
        told, claims, facilities: as for `stay_items`.
    """
    return [
        _stay(one.billed, one.place, class_at(one, facilities), zone)
        for one in accounts(list(told), list(claims), facilities, zone)
        if one.told is None and one.billed and _is_admission(one.billed)
    ]


def _is_admission(stay: ClaimStay) -> bool:
    return stay.act_class in BEDS or any(bill.claim.admit_date for bill in stay.bills)


def _stay(stay: ClaimStay, place: str, act_class: PatientClass, zone: ZoneInfo) -> Stay:
    """Where the registry does not know the facility, it is called by the number that it bills by."""
    tellers = {SourceRef(t.feed, t.control_id, t.name) for bill in stay.bills for t in bill.tellers}
    return Stay(
        stay_id=stay.id,
        facility_id=place or next((b.claim.provider_npi for b in stay.bills if b.claim.provider_npi), ""),
        patient_class=act_class,
        status="finished" if stay.ended else "active",
        admitted_at=start_of_day(date.fromordinal(stay.first), zone),
        discharged_at=end_of_day(date.fromordinal(stay.last), zone) if stay.ended else None,
        disposition=stay.disposition,
        sources=tuple(sorted(tellers)),
        admitted_precision="day",
        discharged_precision="day",
        flags=(FLAG,),
    )
