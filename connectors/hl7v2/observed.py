"""One observation of a result message: what an OBX says, and several of them that say one thing together.

Source: HL7 v2.5.1 chapter 7, OBX; status codes of table 0085.
"""

import re
from collections.abc import Iterable

import msgspec

from connectors.fhir.units import canonical
from connectors.hl7v2.reader import Segment
from connectors.hl7v2.times import BadTime, stamp
from models.codes import coded
from models.time import Stamp

_STATUS = {
    "F": "final", "U": "final", "V": "final", "B": "final", "C": "corrected", "A": "amended", "P": "preliminary",
    "I": "preliminary", "R": "preliminary", "S": "preliminary", "O": "registered", "X": "cancelled", "N": "cancelled",
    "D": "entered-in-error", "W": "entered-in-error",
}  # fmt: skip
_CODED = frozenset({"CE", "CWE", "CNE", "CF"})
_NUMBER = re.compile(r"(?:[<>]=?|=)?\s*([+-]?(?:\d+\.?\d*|\.\d+))", re.ASCII)


class Found(msgspec.Struct, frozen=True):
    """All OBX of one observation: same OBX-3 and OBX-4 under one OBR."""

    codes: tuple[str, ...]
    name: str
    sub: str
    status: str
    start: Stamp | None
    number: float | None = None
    unit: str = ""
    answers: tuple[str, ...] = ()
    answered: bool = False


def found_in(obx: Segment, request: Segment | None, offset: int | None, flags: set[str]) -> Found:
    """Read an OBX.

    Args:
        request: the OBR above it, whose status and time count where the OBX is silent.
        offset: MSH-7's, for times without one.
    """
    status = obx.text(11).upper() or (request.text(25).upper() if request else "")
    start = time_of(obx.text(14), offset, flags)
    if start is None and request:
        start = time_of(request.text(7), offset, flags)
    what = codes_of(obx, obx.raw(3))
    name = obx.text(3) or obx.text(3, 4) or obx.text(3, 2)
    found = Found(what, name, obx.text(4), _STATUS.get(status, "unknown"), start)
    return _with_value(found, obx, flags)


def _with_value(found: Found, obx: Segment, flags: set[str]) -> Found:
    """OBX-5 by OBX-2: a number in its canonical unit, coded answers, or merely that something was said."""
    kind, values = obx.text(2).upper(), [value for value in obx.repetitions(5) if value.strip() != '""']
    if not values:
        return found
    if kind in _CODED:
        answers = tuple(dict.fromkeys(code for value in values for code in codes_of(obx, value)))
        return msgspec.structs.replace(found, answers=answers, answered=any(obx.part(value) for value in values))
    number = _structured(obx, values[0]) if kind == "SN" else _plain(obx.part(values[0]))
    if number is None or kind not in {"NM", "SN", "ST"} or (kind == "ST" and not obx.text(6)):
        if kind == "NM" and number is None:
            flags.add("bad_number")
        return msgspec.structs.replace(found, answered=True)
    units = [unit for unit in (obx.text(6), obx.text(6, 2)) if unit] or [""]
    tried = [canonical(number, unit, found.codes) for unit in units]
    chosen = next((one for one in tried if one.is_known), tried[0])
    if not chosen.is_known:
        flags.add("unknown_unit:OBX-6" if chosen.unit else "no_unit:OBX-6")
    return msgspec.structs.replace(found, number=chosen.number, unit=chosen.unit, answered=True)


def _structured(obx: Segment, value: str) -> float | None:
    """SN: `<^5` is a 5, `^1^/^8` a quotient; a range or a sum is no number."""
    first, sign, second = (obx.part(value, component) for component in (2, 3, 4))
    number = _plain(first or obx.part(value))
    if not sign:
        return number
    under = _plain(second)
    return number / under if sign in {"/", ":"} and number is not None and under else None


def _plain(text: str) -> float | None:
    found = _NUMBER.fullmatch(text)
    return float(found[1]) if found else None


def codes_of(segment: Segment, value: str) -> tuple[str, ...]:
    """Code and alternate code of a CE or CWE; without a system a code is its own sender's."""
    pairs = ((segment.part(value, at + 2), segment.part(value, at)) for at in (1, 4))
    return tuple(dict.fromkeys(code for system, text in pairs if (code := coded(system, text))))


def joined(each: Iterable[Found]) -> list[Found]:
    """One observation of all OBX with the same OBX-3 and OBX-4: several answers, or lines of a text."""
    found: dict[tuple[str, str], Found] = {}
    for one in each:
        before = found.get((one.name, one.sub))
        found[one.name, one.sub] = _both(before, one) if before else one
    return list(found.values())


def _both(before: Found, one: Found) -> Found:
    """The first number of the two, and the answers of both."""
    answers = tuple(dict.fromkeys((*before.answers, *one.answers)))
    kept = one if before.number is None else before
    return msgspec.structs.replace(kept, answers=answers, answered=before.answered or one.answered)


def time_of(text: str, offset: int | None, flags: set[str]) -> Stamp | None:
    """A time of a result; one that is no time is absent, and flagged."""
    try:
        return stamp(text, offset) if text else None
    except BadTime:
        flags.add("bad_time")
        return None
