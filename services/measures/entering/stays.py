"""Stays, as items: those that messages told and those that claims tell, each once. Source: care-rules §0.4."""

from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from models.events import Claim, Facility, Teller
from models.time import Instant
from services.measures.entering.accounts import NURSING, Account, accounts, class_at, registered
from services.measures.entering.claim_stays import family
from services.measures.entering.claims import coded_items, procedure_code
from services.measures.entering.memory import Entered, Known
from services.measures.entering.told_stays import ToldStay
from services.measures.items import FOREVER, Item
from services.measures.value_sets import ValueSets

BED_SETTINGS = frozenset({"acute", "psych", "sud_res", "snf", "ltc", "irf", "ltach"})
"""Settings of the registry that people are admitted to."""


def stay_items(
    told: Iterable[ToldStay],
    claims: Iterable[tuple[Claim, tuple[Teller, ...]]],
    facilities: Mapping[str, Facility],
    zone: ZoneInfo,
    sets: ValueSets,
    memory: Known[Entered],
) -> list[Item]:
    """Every stay and emergency visit once, and the diagnoses that only messages told.

    Args:
        told: the stays of messages that happened (`told_stays`).
        claims: those that stand (`standing_claims`), each with its tellers.
        facilities: the registry, by id and alias in upper case.
        memory: what entered before; a stay of which no claim tells is its messages alone.
    """
    items: list[Item] = []
    for one in accounts(list(told), list(claims), facilities, zone):
        if one.told is None or one.billed is not None:
            items += _items(one, facilities, sets)
            continue
        key = (id(one.told), 0, "")
        known = memory.known(key) or (one.told, None, _items(one, facilities, sets))
        items += memory.keep(key, known)[2]
    return items


def _items(one: Account, facilities: Mapping[str, Facility], sets: ValueSets) -> tuple[Item, ...]:
    diagnosed, last = one.diagnosed, one.last if one.ended else FOREVER
    bills = one.billed.bills if one.billed else ()
    codes = tuple(dict.fromkeys(procedure_code(code) for b in bills for code in b.claim.procedure_codes))
    names = tuple(dict.fromkeys((*(one.told.names if one.told else ()), *(b.tellers[0].name for b in bills))))
    start, end = _clocks(one)
    item = Item(
        kind="stay",
        id=one.id,
        first=one.first,
        last=last,
        sets=sets.matching(codes, one.first),
        start=start,
        end=end,
        status=one.told.stay.status if one.told else "finished" if one.ended else "active",
        dx=sets.matching(diagnosed.every, one.first),
        principal=sets.naming(diagnosed.principal, one.first),
        discharge_code=_discharge_code(one),
        setting=_setting(one, facilities),
        act_class=class_at(one, facilities),
        place=one.place,
        ended=one.ended,
        codes=codes,
        names=names,
    )
    # A claim's diagnoses enter with the claim.
    told_only = () if bills and one.billed and one.billed.diagnosed.every else diagnosed.every
    return item, *coded_items("condition", one.id, one.first, last, told_only, sets, names)


def _clocks(one: Account) -> tuple[Instant | None, Instant | None]:
    """When it began and ended, where a clock was told."""
    if one.told is None:
        return None, None
    stay = one.told.stay
    return (
        None if stay.admitted_precision == "day" else stay.admitted_at,
        None if stay.discharged_precision == "day" else stay.discharged_at,
    )


def _discharge_code(one: Account) -> str:
    said = one.told.stay.disposition if one.told else ""
    return said or (one.billed.disposition if one.billed else "")


def _setting(one: Account, facilities: Mapping[str, Facility]) -> str:
    """The registry says it, else a claim; a hospital nobody knows is an acute one."""
    setting = registered(one, facilities)
    match family(one.act_class):
        case "inpatient" if setting in BED_SETTINGS:
            return setting
        case "nursing" if setting in NURSING:  # a hospital's swing beds are none of its acute ones
            return setting
        case "inpatient":
            return one.billed.setting if one.billed and one.billed.family == "inpatient" else "acute"
    return one.act_class
