"""From an ORU^R01 to observations: each OBX under its OBR, a pair of blood pressures as one.

A result has no id of its own in HL7 v2; the order's number, what was observed and the sub-id say which results replace
each other. Source: HL7 v2.5.1 chapter 7; status codes of table 0085; pressure panel of LOINC 85354-9.
"""

from collections.abc import Iterator

import msgspec

from connectors.hl7v2.mapping import patients_in
from connectors.hl7v2.observed import Found, codes_of, found_in, joined, time_of
from connectors.hl7v2.paths import Path, places
from connectors.hl7v2.patient import Reader
from connectors.hl7v2.reader import Message, Segment
from connectors.hl7v2.statement import class_of
from models.clinical import Clinical, Part
from models.events import Event, Known, PatientClass, Teller
from models.time import Instant

_SENT = places(Path("MSH", 7))
_ACT_CLASS: dict[PatientClass, str] = {
    "inpatient": "IMP", "observation": "OBSENC", "emergency": "EMER", "outpatient": "AMB",
}  # fmt: skip
SYSTOLIC, DIASTOLIC, PRESSURE = "loinc|8480-6", "loinc|8462-4", "loinc|85354-9"


class Order(msgspec.Struct):
    """An OBR with what stands under it; without one, a patient's observations that nobody ordered."""

    number: str
    request: Segment | None
    seen: list[Segment]


def results_of(message: Message, reader: Reader, received_at: Instant, control_id: str) -> list[Event]:
    """Map an ORU^R01.

    Args:
        message: the whole message, with as many patients and orders as it likes.
        reader: feed, profile and name; it takes the flags that are found on the way.

    Raises:
        MessageIsWrong: no PID says whose results they are.
    """
    (written,) = message.texts(_SENT)
    sent = time_of(written, None, reader.flags)
    offset = sent.offset if sent else None
    teller = Teller(reader.name, received_at, reader.feed, control_id, None, None, sent)
    facts: list[Known | Clinical] = []
    for part, patient in patients_in(message, reader):
        facts.append(Known(patient.key, patient.persona))
        code = part.texts(reader.profile.visit_words)[4].upper()
        act_class = _ACT_CLASS.get(class_of(part, code, reader.profile), "")
        for order in _orders(part, reader.name):
            found = joined([found_in(obx, order.request, offset, reader.flags) for obx in order.seen])
            facts += _told(order, found, patient.key, act_class, offset, reader.flags)
    return [Event(fact, teller) for fact in dict.fromkeys(facts)]


def _orders(part: Message, name: str) -> Iterator[Order]:
    """The orders of one patient: position alone tells whose an OBX is."""
    current = Order("", None, [])
    common: Segment | None = None
    for line in part.lines:
        match line[:3]:
            case "ORC":
                common = Segment(line.split(part.signs.field), part.signs)
            case "OBR":
                if current.seen:
                    yield current
                request = Segment(line.split(part.signs.field), part.signs)
                current = Order(_order_number(request, common, name), request, [])
                common = None
            case "OBX":
                current.seen.append(Segment(line.split(part.signs.field), part.signs))
    if current.seen:
        current.number = current.number or f"@{name}"
        yield current


def _order_number(request: Segment, common: Segment | None, name: str) -> str:
    """Filler's number, else placer's, each with its authority; without any: when the specimen was taken."""
    for segment in (request, common):
        for field in (3, 2):
            if segment and (number := segment.text(field)):
                authority = segment.text(field, 2)
                return f"{number}^{authority}" if authority else number
    return f"@{request.text(7) or name}"


def _told(
    order: Order, found: list[Found], patient: str, act_class: str, offset: int | None, flags: set[str]
) -> Iterator[Clinical]:
    request = order.request
    issued = time_of(request.text(22), offset, flags) if request else None
    panel = codes_of(request, request.raw(4)) if request else ()

    def clinical(one: Found, name: str, codes: tuple[str, ...], parts: tuple[Part, ...] = ()) -> Clinical:
        return Clinical(
            kind="observation",
            source_patient=patient,
            resource=f"ORU/{order.number}/{name}/{one.sub}",
            status=one.status,
            updated=issued,
            codes=codes,
            start=one.start,
            recorded=issued,
            number=None if parts else one.number,
            unit="" if parts else one.unit,
            answers=() if parts else one.answers,
            answered=one.answered and not parts,
            parts=parts,
            act_class=act_class,
            refused=one.status == "cancelled",
        )

    for one in found:
        pair = _pair(one, found)
        if pair is None:
            yield clinical(one, one.name, one.codes)
        elif one is pair[0]:
            worst = pair[0] if pair[0].status != "final" else pair[-1]
            parts = tuple(Part(each.codes, each.number) for each in pair)
            codes = tuple(dict.fromkeys((*panel, PRESSURE)))
            yield clinical(msgspec.structs.replace(one, status=worst.status), PRESSURE, codes, parts)


def _pair(one: Found, found: list[Found]) -> tuple[Found, ...] | None:
    """The systolic and diastolic pressure that one belongs to; a withdrawn one stands for its pair, even alone."""
    if SYSTOLIC not in one.codes and DIASTOLIC not in one.codes:
        return None
    same = [each for each in found if each.sub == one.sub]
    pair = tuple(each for code in (SYSTOLIC, DIASTOLIC) for each in same if code in each.codes)
    return pair if len(pair) == 2 or one.status == "entered-in-error" else None
