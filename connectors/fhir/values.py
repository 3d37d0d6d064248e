"""value[x]: a number in its canonical unit, a coded answer, or merely that there is an answer."""

from typing import NamedTuple

from connectors.fhir.elements import Json, code_of, codes, node, number, text
from connectors.fhir.units import canonical

_UCUM = "http://unitsofmeasure.org"
_OTHERS = ("String", "DateTime", "Date", "Time", "Period", "Range", "SampledData", "Attachment", "Uri", "Reference")


class Value(NamedTuple):
    """A value. `unsure` says that its number has a unit, or none, that leaves open what it means."""

    number: float | None = None
    unit: str = ""
    answers: tuple[str, ...] = ()
    answered: bool = False
    unsure: bool = False


NOTHING = Value()


def value_of(element: Json, measured: tuple[str, ...]) -> Value:
    """Read value[x] of an observation, a component or an answer.

    Args:
        element: what has the value. measured: its codes, which decide the canonical unit.
    """
    if "valueQuantity" in element:
        return _quantity(node(element, "valueQuantity"), measured)
    if concept := node(element, "valueCodeableConcept"):
        answers = codes(element, "valueCodeableConcept")
        return Value(answers=answers, answered=bool(answers or text(concept, "text")))
    if coding := node(element, "valueCoding"):
        answer = code_of(coding)
        return Value(answers=(answer,) if answer else (), answered=bool(answer or text(coding, "display")))
    if isinstance(said := element.get("valueBoolean"), bool):
        return Value(answers=("true" if said else "false",), answered=True)
    for name in ("valueInteger", "valueDecimal"):
        if (count := number(element, name)) is not None:
            return Value(count, answered=True)
    if ratio := node(element, "valueRatio"):
        return _ratio(ratio)
    return Value(answered=any(element.get(f"value{name}") for name in _OTHERS))


def _quantity(quantity: Json, measured: tuple[str, ...]) -> Value:
    """A comparator is left out: `<5` is a 5, which compares as it does."""
    amount = number(quantity, "value")
    is_ucum = text(quantity, "system") == _UCUM and bool(text(quantity, "code"))
    # A code of another system is a code of that system; then the words tell more.
    unit = text(quantity, "code") if is_ucum else text(quantity, "unit") or text(quantity, "code")
    found = canonical(amount, unit, measured, is_ucum=is_ucum)
    return Value(
        found.number, found.unit, answered=amount is not None, unsure=amount is not None and not found.is_known
    )


def _ratio(ratio: Json) -> Value:
    """A titre or a quotient of bare numbers; of other ratios only that there is one."""
    over, under = node(ratio, "numerator"), node(ratio, "denominator")
    top, bottom = number(over, "value"), number(under, "value")
    bare = not any(text(part, name) not in {"", "1"} for part in (over, under) for name in ("code", "unit"))
    quotient = top / bottom if bare and top is not None and bottom else None
    return Value(quotient, answered=top is not None)
