"""MedicationRequest, MedicationDispense and MedicationAdministration, and for how many days a supply lasts.

Source: CMS, CumulativeMedicationDuration: days supplied, else quantity over dose and doses a day, times fills.
"""

from collections.abc import Iterator

from connectors.fhir.elements import EMPTY, Json, codes, node, nodes, number, text, texts
from connectors.fhir.telling import Telling
from connectors.fhir.times import period, stamp_at, when
from models.clinical import Clinical
from models.codes import coded

_DAYS = {
    "d": 1.0, "day": 1.0, "days": 1.0, "wk": 7.0, "week": 7.0, "weeks": 7.0, "mo": 30.0, "month": 30.0, "months": 30.0,
    "a": 365.0, "year": 365.0, "years": 365.0, "h": 1 / 24, "min": 1 / 1440, "s": 1 / 86400,
}  # fmt: skip
_LONGEST = 36_525
"""A hundred years: what lasts longer was not meant so."""


def order(told: Telling) -> Iterator[Clinical]:
    """A prescription. `end` is that of the dosage's bounds, where stated."""
    resource, supply = told.resource, node(told.resource, "dispenseRequest")
    bounds = period(node(node(node(_dosage(resource), "timing"), "repeat"), "boundsPeriod"))
    validity = period(node(supply, "validityPeriod"))
    authored = stamp_at(resource, "authoredOn")
    yield told.clinical(
        "order",
        codes=told.concept("medication"),
        start=authored or bounds.start or validity.start,
        end=bounds.end,
        recorded=authored,
        reasons=told.reasons(),
        categories=codes(resource, "category"),
        refused=told.is_not_to_be_done(),
        intent=text(resource, "intent"),
        days=_days(supply, "expectedSupplyDuration", resource, 1 + (number(supply, "numberOfRepeatsAllowed") or 0)),
        ingredients=_ingredients(told),
    )


def fill(told: Telling) -> Iterator[Clinical]:
    """A dispensed supply."""
    resource = told.resource
    yield told.clinical(
        "fill",
        codes=told.concept("medication"),
        start=stamp_at(resource, "whenHandedOver", "whenPrepared"),
        reasons=(*told.reasons(), *told.concept("statusReason")),
        categories=codes(resource, "category"),
        refused=text(resource, "status") == "declined" or told.is_not_to_be_done(),
        days=_days(resource, "daysSupply", resource, 1),
        ingredients=_ingredients(told),
    )


def administration(told: Telling) -> Iterator[Clinical]:
    """A drug given, or not given."""
    given = when(told.resource, "effective")
    yield told.clinical(
        "administration",
        codes=told.concept("medication"),
        start=given.start,
        end=given.end,
        recorded=told.recorded(),
        reasons=told.reasons(),
        categories=codes(told.resource, "category"),
        refused=text(told.resource, "status") == "not-done",
        ingredients=_ingredients(told),
    )


def _ingredients(told: Telling) -> tuple[str, ...]:
    found: set[str] = set()
    for ingredient in nodes(told.referred("medicationReference"), "ingredient"):
        concept = node(ingredient, "itemCodeableConcept")
        names = [text(concept, "text"), *(text(coding, "display") for coding in nodes(concept, "coding"))]
        found.update(coded("urn:warmhandoff:ingredient", name) for name in names if name)
    return tuple(sorted(found))


def _days(holder: Json, stated: str, resource: Json, fills: float) -> int | None:
    days = _in_days(node(holder, stated))
    if days is None:
        days = _by_dosage(number(node(holder, "quantity"), "value"), _dosage(resource))
    if days is None or not 0 < days * fills <= _LONGEST:
        return None
    return int(days * fills)


def _in_days(duration: Json) -> float | None:
    amount = number(duration, "value")
    unit = text(duration, "code") or text(duration, "unit") or "d"
    return amount * _DAYS[unit.lower()] if amount is not None and unit.lower() in _DAYS else None


def _dosage(resource: Json) -> Json:
    """The one dosage instruction; several overlap in ways that nobody writes down."""
    found = nodes(resource, "dosageInstruction")
    return found[0] if len(found) == 1 else EMPTY


def _by_dosage(quantity: float | None, dosage: Json) -> float | None:
    rate = node(dosage, "doseAndRate")
    dose = number(node(node(rate, "doseRange"), "high"), "value") or number(node(rate, "doseQuantity"), "value")
    a_day = _doses_a_day(node(dosage, "timing"))
    return quantity / (dose * a_day) if quantity is not None and dose and a_day and dose * a_day > 0 else None


def _doses_a_day(timing: Json) -> float:
    repeat = node(timing, "repeat")
    often = number(repeat, "frequencyMax") or number(repeat, "frequency")
    every, unit = number(repeat, "period"), _DAYS.get(text(repeat, "periodUnit"))
    if often and every and unit:
        return often / (every * unit)
    return float(len(texts(repeat, "timeOfDay"))) or 1.0
