"""What FHIR resources and results say, as items. Source: measure-vocabulary §7 for which time dates what."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from models.clinical import Clinical, Ranked
from models.events import Teller
from models.time import Instant
from services.measures.entering.drugs import drug_of
from services.measures.entering.moments import moment_of
from services.measures.items import FOREVER, NONE, PAST, Item, Reading
from services.measures.value_sets import ValueSets

SETTINGS = {
    "IMP": "acute", "ACUTE": "acute", "NONAC": "other", "EMER": "emergency", "OBSENC": "observation",
    "AMB": "outpatient", "VR": "outpatient", "HH": "outpatient", "FLD": "outpatient", "SS": "outpatient",
    "PRENC": "outpatient",
}  # fmt: skip
"""By Encounter.class. Source: care-rules §0.4; HL7 v3 ActCode."""

LASTING = frozenset({"condition", "coverage", "device", "allergy"})
"""Kinds that go on until somebody says that they ended, and that may have begun nobody knows when."""
GONE = frozenset({"inactive", "remission", "resolved"})
_BOOLEANS = frozenset({"true", "false"})


def enter_clinical(
    clinical: Clinical, tellers: Sequence[Teller], zone: ZoneInfo, sets: ValueSets, act_class: str = ""
) -> tuple[Item, ...]:
    """One version of one resource.

    Args:
        act_class: the class of the encounter that it names, where the resource itself does not tell.

    Returns:
        One item; none for what has no day.
    """
    placed = _placed(clinical, zone)
    if placed is None:
        return ()
    first, last, start, end = placed
    day = first if first > PAST else last
    own = sets.matching(clinical.codes, day)
    ingredients: tuple[str, ...] = ()
    parts: tuple[Reading, ...] = ()
    if clinical.kind == "fill":
        drug = drug_of(clinical.codes, clinical.ingredients, sets, day)
        own, ingredients, parts = own | drug.sets, drug.ingredients, drug.parts
    elif clinical.parts:
        parts = tuple(
            Reading(sets.matching(p.codes, day), p.number, _answers(p.answers, sets, day)) for p in clinical.parts
        )
    act_class = clinical.act_class or act_class
    item = Item(
        kind=clinical.kind,
        id=clinical.resource,
        first=first,
        last=last,
        sets=own,
        start=start,
        end=end,
        status=clinical.status,
        activity=clinical.activity,
        number=clinical.number,
        answered=clinical.answered,
        answers=_answers(clinical.answers, sets, day) if clinical.answers else NONE,
        parts=parts,
        dx=_any(clinical.diagnoses, sets, day) if clinical.diagnoses else NONE,
        principal=_principal(clinical.diagnoses, sets, day) if clinical.diagnoses else NONE,
        reasons=sets.matching(clinical.reasons, day) if clinical.reasons else NONE,
        disposition=sets.matching(clinical.disposition, day) if clinical.disposition else NONE,
        discharge_code=next((c[12:] for c in clinical.disposition if c.startswith("disposition|")), ""),
        side=sets.matching(clinical.site, day) if clinical.site else NONE,
        setting=SETTINGS.get(act_class.upper(), ""),
        act_class=act_class,
        refused=clinical.refused,
        intent=clinical.intent,
        days=clinical.days or 0,
        ingredients=ingredients,
        ended=last < FOREVER and (clinical.kind != "procedure" or clinical.end is not None),
        codes=clinical.codes,
        names=(tellers[0].name,),
    )
    return (item,)


Placed = tuple[int, int, Instant | None, Instant | None]
"""First and last local day; the instants of start and end, where a clock was told."""


def _placed(clinical: Clinical, zone: ZoneInfo) -> Placed | None:
    """When it was; None for what has no day."""
    kind = clinical.kind
    began = clinical.start or (None if kind == "coverage" else clinical.recorded)
    if kind == "observation":
        # A result is dated by the end of what it was measured over.
        stamp = clinical.end or began
        if stamp is None:
            return None
        day, at = moment_of(stamp, zone)
        return day, day, at, at
    first, start = moment_of(began, zone) if began else (PAST, None)
    if clinical.end:
        last, end = moment_of(clinical.end, zone)
        if began is None and kind not in LASTING:
            first, start = last, end
        return min(first, last), max(first, last), start, end
    if kind in LASTING:
        return first, first if clinical.activity in GONE else FOREVER, start, None
    if began is None:
        return None
    if kind == "order" and clinical.days:
        return first, min(first + clinical.days - 1, FOREVER), start, None
    is_open = kind == "encounter" and clinical.status in ("in-progress", "arrived", "triaged", "onleave")
    return (first, FOREVER, start, None) if is_open else (first, first, start, start)


def _answers(answers: Sequence[str], sets: ValueSets, day: int) -> frozenset[str]:
    """The sets that a coded answer is in; a boolean is its own word."""
    return sets.matching(answers, day) | _BOOLEANS.intersection(answers)


def _any(ranked: Sequence[Ranked], sets: ValueSets, day: int) -> frozenset[str]:
    return NONE.union(*(sets.matching(one.codes, day) for one in ranked))


def _principal(ranked: Sequence[Ranked], sets: ValueSets, day: int) -> frozenset[str]:
    return NONE.union(*(sets.matching(one.codes, day) for one in ranked if one.rank == 1))
