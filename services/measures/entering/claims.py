"""A claim, as items: its visit, its diagnoses and its procedures. Source: contract, "Measures and money"."""

from collections.abc import Iterator, Mapping, Sequence

from models.codes import coded
from models.events import Claim, Facility, Teller
from services.measures.entering.billing import setting_of_visit
from services.measures.items import NONE, Item, ItemKind
from services.measures.value_sets import ValueSets

INDEPENDENT_LABORATORY = "pos|81"
"""Its diagnoses are reasons to test, not findings (care-rules §4.0)."""


def enter_claim(claim: Claim, tellers: Sequence[Teller], sets: ValueSets, place: str = "") -> tuple[Item, ...]:
    """The items of one claim that stands; none without a day of service.

    A claim that was denied still tells of a visit. Diagnoses and procedures that no set lists share one item of their
    kind: somebody may ask for any.

    Args:
        place: the facility that billed it, where the registry knows.
    """
    if claim.service_from is None:
        return ()
    first = claim.service_from.toordinal()
    last = max(first, claim.service_to.toordinal()) if claim.service_to else first
    name, names = f"claim:{claim.claim_id}", (tellers[0].name,)
    procedures = tuple(map(procedure_code, claim.procedure_codes))
    revenues = tuple(coded("revenue", code) for code in claim.revenue_codes)
    diagnoses = tuple(map(diagnosis_code, claim.diagnosis_codes))
    pos = coded("pos", claim.place_of_service)
    item = Item(
        kind="claim",
        id=name,
        first=first,
        last=last,
        sets=sets.matching((*procedures, *revenues), first),
        status=claim.status,
        dx=sets.matching(diagnoses, first),
        principal=sets.naming(diagnoses[0], first) if diagnoses else NONE,
        discharge_code=claim.disposition,
        setting=setting_of_visit(claim),
        pos=sets.naming(pos, first),
        by=sets.naming(coded("specialty", claim.provider_specialty), first),
        place=place,
        codes=(*procedures, *revenues),
        names=names,
    )
    listed = [item, *coded_items("procedure", name, first, last, procedures, sets, names)]
    if pos != INDEPENDENT_LABORATORY:
        listed += coded_items("condition", name, first, last, diagnoses, sets, names)
    return tuple(listed)


def coded_items(
    kind: ItemKind,
    owner: str,
    first: int,
    last: int,
    codes: Sequence[str],
    sets: ValueSets,
    names: tuple[str, ...],
) -> Iterator[Item]:
    """An item for each code of an `owner` (its item's id) that some set lists, and one for all the others."""
    others = []
    for code in codes:
        if found := sets.naming(code, first):
            yield Item(kind=kind, id=f"{owner}/{code}", first=first, last=last, sets=found, codes=(code,), names=names)
        else:
            others.append(code)
    if others:
        yield Item(kind=kind, id=f"{owner}/{kind}", first=first, last=last, codes=tuple(others), names=names)


def procedure_code(code: str) -> str:
    """A claim's procedure code in its system: those of ICD-10-PCS, and only those, have seven characters."""
    return coded("icd10pcs" if len(code) == 7 else "hcpcs", code)


def diagnosis_code(code: str) -> str:
    """A claim's diagnosis code in its system."""
    return coded("icd10cm", code)


def place_of(claim: Claim, facilities: Mapping[str, Facility]) -> str:
    """The facility that billed it; "" where the registry does not know the NPI."""
    known = facilities.get(claim.provider_npi.upper()) if claim.provider_npi else None
    return known.facility_id if known else ""
