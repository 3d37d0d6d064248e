"""What an institutional claim's bill type, revenue and procedure codes say of the setting.

Source: contract, "Stays from claims" and "ED visits"; care-rules §0.4.
"""

from collections.abc import Sequence
from functools import lru_cache

from models.events import Claim, PatientClass

ACUTE_BILLS = ("11", "12")
SNF_BILLS = ("18", "2")
LTC_BILLS = ("65", "66")
RESIDENTIAL_BILLS = ("86",)
BED_BILLS = ACUTE_BILLS + SNF_BILLS + LTC_BILLS + RESIDENTIAL_BILLS

EMERGENCY_CPT = frozenset({"99281", "99282", "99283", "99284", "99285"})
OBSERVATION_CODES = frozenset({"0760", "0762", "G0378"})
PSYCH_ROOMS = frozenset({"0114", "0124", "0134", "0144", "0154", "0204"})
REHABILITATION_ROOMS = frozenset({"0118", "0128", "0138", "0148", "0158"})
SNF_ROOMS = ("0022", "019")
LTC_ROOMS = ("0550", "0551", "0552", "066")

BY_PLACE = {
    "21": "acute", "51": "psych", "55": "sud_res", "56": "psych_res", "61": "irf", "31": "snf", "32": "ltc",
    "33": "ltc", "23": "emergency",
}  # fmt: skip
"""By place of service (CMS)."""
HOME_AND_OFFICE = frozenset(
    {"02", "10", "11", "12", "13", "14", "15", "17", "18", "19", "20", "22", "24", "49", "50", "52", "53", "57", "58",
     "62", "65", "71", "72"}
)  # fmt: skip


def bill_of(claim: Claim) -> str:
    """The bill type without its leading zero: facility, care, frequency."""
    return claim.bill_type.lstrip("0").upper()


def frequency_of(claim: Claim) -> str:
    """Which of its stay's bills it is: 1 the only one, 2 the first, 3 one in between, 4 the last, 7 a replacement."""
    return bill_of(claim)[2:3]


def is_void(claim: Claim) -> bool:
    """The bill takes an earlier one back, and tells of nothing."""
    return frequency_of(claim) == "8"


def is_interim(claim: Claim) -> bool:
    """The patient was still there when it was billed."""
    return frequency_of(claim) in ("2", "3") or claim.disposition == "30"


def is_institutional(claim: Claim) -> bool:
    """A facility billed it, not a person."""
    return bool(claim.bill_type or claim.revenue_codes or claim.admit_date)


def class_of(claim: Claim) -> PatientClass:
    """The class of the stay that it bills; "" when it bills none."""
    return _class_of(
        bill_of(claim), claim.place_of_service, claim.revenue_codes, claim.procedure_codes, bool(claim.admit_date)
    )


# Most claims are alike in this, and a member's are looked at with every event.
@lru_cache(maxsize=20_000)
def _class_of(
    bill: str, place: str, rooms: tuple[str, ...], procedures: tuple[str, ...], is_admitted: bool
) -> PatientClass:
    if bill.startswith(SNF_BILLS):
        return "ltc" if _has(rooms, LTC_ROOMS) else "snf"
    if bill.startswith(LTC_BILLS):
        return "ltc"
    if bill.startswith(BED_BILLS):
        return "inpatient"
    # Who was given room and board was admitted, whatever else is billed.
    if not any("0100" <= code <= "0219" for code in rooms):
        if not OBSERVATION_CODES.isdisjoint((*rooms, *procedures)):
            return "observation"
        if _is_emergency(place, rooms, procedures) and (bill or not is_admitted):
            return "emergency"
    if not is_admitted:
        return ""
    return "ltc" if _has(rooms, LTC_ROOMS) else "snf" if _has(rooms, SNF_ROOMS) else "inpatient"


def _is_emergency(place: str, rooms: Sequence[str], procedures: Sequence[str]) -> bool:
    return (
        place.zfill(2) == "23"
        or any(code.startswith("045") or code == "0981" for code in rooms)
        or not EMERGENCY_CPT.isdisjoint(procedures)
    )


def setting_of(claim: Claim, act_class: PatientClass) -> str:
    """The setting of the stay that it bills, where no registry says."""
    if act_class != "inpatient":
        return act_class
    rooms, place = frozenset(claim.revenue_codes), claim.place_of_service.zfill(2)
    if "1002" in rooms or place == "55":
        return "sud_res"
    if "1001" in rooms or place == "56":
        return "psych_res"
    if not PSYCH_ROOMS.isdisjoint(rooms) or place == "51":
        return "psych"
    if not REHABILITATION_ROOMS.isdisjoint(rooms) or place == "61":
        return "irf"
    return "other" if bill_of(claim).startswith(RESIDENTIAL_BILLS) else "acute"


def setting_of_visit(claim: Claim) -> str:
    """Where a service was given: the stay's setting, else what the place of service says."""
    if act_class := class_of(claim):
        return setting_of(claim, act_class)
    place = claim.place_of_service.zfill(2)
    return BY_PLACE.get(place) or ("outpatient" if place in HOME_AND_OFFICE else "")


def _has(rooms: Sequence[str], wanted: tuple[str, ...]) -> bool:
    return any(code.startswith(wanted) for code in rooms)
