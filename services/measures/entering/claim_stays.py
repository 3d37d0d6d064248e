"""Stays as claims tell them: the bills of one stay joined. Source: contract, "Stays from claims"."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from models.events import Claim, Facility, PatientClass, Teller
from services.measures.entering.billing import class_of, frequency_of, is_institutional, is_interim, setting_of
from services.measures.entering.claims import diagnosis_code, place_of
from services.measures.entering.diagnoses import Diagnosed

FAMILIES: Mapping[str, str] = {"inpatient": "inpatient", "snf": "nursing", "ltc": "nursing"}
"""Classes that are told apart by one and taken for each other by another; any other class is its own family."""


class Bill(msgspec.Struct, frozen=True, eq=False, gc=False):
    """A claim that stands, with its days; `last` is where it ends or, for an interim bill, what it reaches."""

    claim: Claim
    tellers: tuple[Teller, ...]
    act_class: PatientClass
    place: str
    first: int
    last: int
    ended: bool

    @property
    def receipt(self) -> tuple[object, str]:
        """Orders bills by what was known first."""
        return self.tellers[0].received_at, self.tellers[0].name + self.claim.claim_id


class ClaimStay(msgspec.Struct, frozen=True, eq=False):
    """A stay, or an emergency visit, as its bills tell it, in order of start."""

    bills: tuple[Bill, ...]

    @property
    def id(self) -> str:
        """Hangs on the bill that was known first: a later one that begins earlier does not move it."""
        return f"claim:{min(self.bills, key=lambda b: b.receipt).claim.claim_id}"

    @property
    def act_class(self) -> PatientClass:
        return self.bills[0].act_class

    @property
    def family(self) -> str:
        return family(self.act_class)

    @property
    def place(self) -> str:
        """The facility, where the registry knows one of those that billed it."""
        return next((b.place for b in self.bills if b.place), "")

    @property
    def setting(self) -> str:
        """What the bills say of the setting; the most particular one counts."""
        said = [setting_of(b.claim, self.act_class) for b in self.bills]
        return next((s for s in said if s not in ("acute", "other")), said[0])

    @property
    def first(self) -> int:
        return min(b.first for b in self.bills)

    @property
    def last(self) -> int:
        return max(b.last for b in self.bills)

    @property
    def ended(self) -> bool:
        """The bill that reaches furthest says that the patient left."""
        return max(self.bills, key=lambda b: (b.last, b.ended)).ended

    @property
    def disposition(self) -> str:
        ended = [b for b in self.bills if b.ended and b.claim.disposition]
        return max(ended, key=lambda b: (b.last, *b.receipt)).claim.disposition if ended else ""

    @property
    def diagnosed(self) -> Diagnosed:
        """By the newest final institutional bill, else by the newest one."""
        spoken = [b for b in self.bills if b.claim.diagnosis_codes]
        final = [b for b in spoken if is_institutional(b.claim) and not is_interim(b.claim)]
        if not spoken:
            return Diagnosed()
        newest = max(final or spoken, key=lambda b: b.receipt)
        every = dict.fromkeys(diagnosis_code(code) for b in final or [newest] for code in b.claim.diagnosis_codes)
        return Diagnosed(diagnosis_code(newest.claim.diagnosis_codes[0]), tuple(every))

    @property
    def is_final(self) -> bool:
        """A final institutional bill with diagnoses is there: it outweighs what messages say."""
        return any(
            is_institutional(b.claim) and not is_interim(b.claim) and b.claim.diagnosis_codes for b in self.bills
        )


def family(act_class: str) -> str:
    """What must agree for two accounts to be of one stay."""
    return FAMILIES.get(act_class, act_class)


def bills_of(claims: Iterable[tuple[Claim, tuple[Teller, ...]]], facilities: Mapping[str, Facility]) -> list[Bill]:
    """The claims that tell of a stay or an emergency visit, in order of start."""
    found = []
    for claim, tellers in claims:
        act_class = class_of(claim)
        begin = claim.admit_date or claim.service_from
        if act_class and begin:
            through = claim.discharge_date or claim.service_to
            first = begin.toordinal()
            last = max(first, (through or claim.service_from or begin).toordinal())
            ended = not is_interim(claim) and (through is not None or claim.admit_date is None)
            found.append(Bill(claim, tellers, act_class, place_of(claim, facilities), first, last, ended))
    return sorted(found, key=lambda b: (b.first, b.last, b.claim.claim_id))


def joined(bills: Sequence[Bill]) -> list[ClaimStay]:
    """Join the bills of one stay: of one family and one facility, overlapping, or one going on where another stops."""
    groups: list[list[Bill]] = []
    for bill in bills:
        group = next((g for g in reversed(groups) if any(_are_one(b, bill) for b in g)), None)
        if group is None:
            groups.append([bill])
        else:
            group.append(bill)
    return [ClaimStay(tuple(group)) for group in groups]


def _are_one(earlier: Bill, later: Bill) -> bool:
    if family(earlier.act_class) != family(later.act_class) or _differ(earlier, later):
        return False
    if later.first == earlier.first or later.first < earlier.last:
        return True
    # On the day of discharge or the next: a readmission or a transfer, unless the one is said to go on in the other.
    return later.first <= earlier.last + 1 and not (earlier.ended and _begins(later))


def _differ(one: Bill, other: Bill) -> bool:
    """Two facilities: known as such, or billing by two numbers."""
    if one.place and other.place:
        return one.place != other.place
    npis = (one.claim.provider_npi, other.claim.provider_npi)
    return all(npis) and npis[0] != npis[1]


def _begins(bill: Bill) -> bool:
    """From an admission on, as far as the bill says: a whole one or its replacement, or the first of several."""
    return frequency_of(bill.claim) in ("", "1", "2", "7")
