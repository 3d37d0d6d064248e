"""Words HL7 v2 messages as two exchanges would send them. Nobody in them exists: people are named for trees."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

ZONE = ZoneInfo("America/Los_Angeles")
NORTH, SOUTH = "hie-north", "hie-south"
_ENCODING = {
    "A08": "A01",
    "A04": "A01",
    "A13": "A01",
    "A07": "A06",
    "A22": "A21",
    "A23": "A21",
    "A11": "A09",
    "A12": "A09",
}


class Person(msgspec.Struct, frozen=True):
    """Someone a feed speaks of. `cin` is "" for a patient who brings no plan identifier."""

    mrn: str
    surname: str
    given: str
    born: str
    sex: str
    cin: str = ""
    dead: bool = False


class Visit(msgspec.Struct, frozen=True):
    """One visit as a sender knows it at some moment. Times count from the start of the story; "" says nothing.

    `account` is PID-18, `expected` PV2-8, `patient_type` PV1-18.
    """

    person: Person
    facility: str
    number: str
    patient_class: str = "I"
    ward: str = "MED"
    admitted: timedelta | None = None
    discharged: timedelta | None = None
    disposition: str = ""
    account: str = ""
    patient_type: str = ""
    expected: timedelta | None = None
    diagnosis: str = ""


class Wording(msgspec.Struct, frozen=True):
    """How a message departs from the usual. `merge` holds MRG fields by number; `happened` is EVN-6, PV1-44/45 by
    default; `processing` is MSH-11, `charset` MSH-18.
    """

    happened: timedelta | None = None
    merge: dict[int, str] = {}
    processing: str = "P"
    charset: str = ""
    with_visit: bool = True


def worded(
    start: datetime, feed: str, trigger: str, visit: Visit, sent: timedelta, control: str, how: Wording | None = None
) -> str:
    """One ADT message with CR line ends.

    Args:
        start: the instant from which the times of `visit` and `sent` count.
        sent: when the sender recorded and sent it. control: MSH-10.
    """
    how = how or Wording()

    def at(offset: timedelta | None) -> str:
        return (start + offset).astimezone(ZONE).strftime("%Y%m%d%H%M%S") if offset is not None else ""

    happened = how.happened or _usual_time(trigger, visit) or sent
    structure = f"ADT_{_ENCODING.get(trigger, trigger)}"
    sender = {NORTH: "NORTHHUB", SOUTH: "SOUTHLINK"}[feed]
    segments = [
        _segment("MSH", {2: "^~\\&", 3: "ADT", 4: visit.facility, 5: sender, 6: "PLAN", 7: at(sent),
                         9: f"ADT^{trigger}^{structure}", 10: control, 11: how.processing, 12: "2.5.1",
                         18: how.charset}),
        _segment("EVN", {1: trigger, 2: at(sent), 6: at(happened), 7: visit.facility}),
        _segment("PID", _pid(visit)),
    ]  # fmt: skip
    if how.merge:
        segments.append(_segment("MRG", how.merge))
    if how.with_visit:
        number = f"{visit.number}^^^{visit.facility}^VN" if visit.number else ""
        segments.append(
            _segment("PV1", {1: "1", 2: visit.patient_class, 3: f"{visit.ward}^101^A^{visit.facility}", 10: visit.ward,
                             18: visit.patient_type, 19: number, 36: visit.disposition, 44: at(visit.admitted),
                             45: at(visit.discharged)})
        )  # fmt: skip
    if visit.expected is not None:
        segments.append(_segment("PV2", {8: at(visit.expected)}))
    if visit.diagnosis:
        segments.append(_segment("DG1", {1: "1", 3: f"{visit.diagnosis}^^I10", 6: "A"}))
    return "".join(f"{segment}\r" for segment in segments)


def _usual_time(trigger: str, visit: Visit) -> timedelta | None:
    """When the thing told happened, where the visit itself says it."""
    if trigger == "A03":
        return visit.discharged
    return visit.admitted if trigger in {"A01", "A04"} else None


def _pid(visit: Visit) -> dict[int, str]:
    person = visit.person
    identifiers = [f"{person.mrn}^^^{visit.facility}^MR", *([f"{person.cin}^^^DHCS^MC"] if person.cin else [])]
    return {
        1: "1",
        3: "~".join(identifiers),
        5: f"{person.surname}^{person.given}",
        7: person.born,
        8: person.sex,
        18: visit.account,
        30: "Y" if person.dead else "",
    }


def _segment(name: str, fields: dict[int, str]) -> str:
    """A segment from its fields by number. MSH-1 is the separator itself, so MSH counts one further."""
    first = 2 if name == "MSH" else 1
    values = [fields.get(number, "") for number in range(first, max(fields, default=0) + 1)]
    return "|".join([name, *values]).rstrip("|")
