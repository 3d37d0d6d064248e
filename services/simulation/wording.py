"""A telling as HL7 v2.5.1 text, in the habits of the feed that sends it."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from services.simulation.people import Person
from services.simulation.places import ZONE, Facility, Feed
from services.simulation.telling import Telling, Visit

_STRUCTURES = {
    "A01": "ADT_A01", "A03": "ADT_A03", "A04": "ADT_A01", "A05": "ADT_A05", "A06": "ADT_A06", "A07": "ADT_A06",
    "A08": "ADT_A01", "A11": "ADT_A09", "A13": "ADT_A01", "A21": "ADT_A21", "A22": "ADT_A21", "A23": "ADT_A21",
    "A31": "ADT_A05", "A38": "ADT_A38", "A40": "ADT_A39", "A44": "ADT_A43", "A45": "ADT_A45",
}  # fmt: skip
_WITHOUT_VISIT = ("A31", "A40")
CHARSET = "UNICODE UTF-8"
"""MSH-18 of every message."""


@dataclass(frozen=True, slots=True)
class Style:
    """How one message is written, beside what its feed always does.

    Args:
        named: the person whose name and MRN stand in PID. cin: "" for none. number: PV1-19, "" for none; `old_number`
            and `account` likewise. retired_mrn: MRG-1. sent_at: MSH-7. processing_id: MSH-11.
    """

    feed: Feed
    named: Person
    mrn: str
    cin: str
    number: str
    account: str
    control_id: str
    sent_at: datetime
    old_number: str = ""
    retired_mrn: str = ""
    is_nameless: bool = False
    processing_id: str = "P"


def message(visit: Visit, telling: Telling, style: Style) -> str:
    """The whole message, its segments ended by CR."""
    feed, facility, trigger = style.feed, visit.facility, telling.trigger
    offsets = feed.offsets or _is_ambiguous(telling, style, facility.zone)
    sent_at = _stamp(style.sent_at, facility.zone, offsets)
    recorded_at = _stamp(telling.recorded_at, facility.zone, offsets)
    occurred_at = "" if visit.as_dates else _stamp(telling.occurred_at, facility.zone, offsets)
    here = facility.alias if feed.facility_in == "EVN-7" else ""
    kind = f"ADT^{trigger}^{_STRUCTURES[trigger]}"
    header = f"MSH|^~\\&|SIMADT|{feed.authority}|WARMHANDOFF|PLAN|{sent_at}||{kind}|{style.control_id}"
    segments = [
        f"{header}|{style.processing_id}|2.5.1||||||{CHARSET}",
        f"EVN|{trigger}|{recorded_at}||||{occurred_at}|{here}",
        _pid(style),
    ]
    if style.retired_mrn or style.old_number:
        segments.append(_mrg(telling, style))
    if trigger not in _WITHOUT_VISIT:
        segments.append(_pv1(visit, telling, style, offsets=offsets))
        if telling.expected_at:
            segments.append(_segment("PV2", {8: _stamp(telling.expected_at, facility.zone, offsets)}))
        segments += [f"DG1|{rank}||{code}^^I10|||W" for rank, code in enumerate(visit.diagnoses, 1)]
    if feed.cin_in_insurance and style.cin:
        segments.append(_segment("IN1", {1: "1", 3: "MEDICAL", 4: "Made-up Plan", 36: style.cin}))
    return "\r".join(segments) + "\r"


def _pid(style: Style) -> str:
    named, feed = style.named, style.feed
    identifiers = f"{style.mrn}^^^{feed.authority}^MR"
    if style.cin and not feed.cin_in_insurance:
        identifiers += f"~{style.cin}^^^MEDI-CAL^MC"
    given = {"F": "Baby Girl", "M": "Baby Boy"}[named.sex] if style.is_nameless else named.given
    street = f"{named.number % 900 + 1} Cañada Road^^Made-up City^CA^{90000 + named.number % 6000}"
    born = named.born.strftime("%Y%m%d")
    return f"PID|1||{identifiers}||{named.surname}^{given}||{born}|{named.sex}|||{street}|||||||{style.account}"


def _mrg(telling: Telling, style: Style) -> str:
    """The earlier patient of a merge or a move, and the earlier number."""
    retired = f"{style.retired_mrn or style.mrn}^^^{style.feed.authority}^MR"
    account = style.account if telling.trigger == "A44" else ""
    return f"MRG|{retired}||{account}||{style.old_number}".rstrip("|")


def _pv1(visit: Visit, telling: Telling, style: Style, *, offsets: bool) -> str:
    feed, facility = style.feed, visit.facility
    fields = {
        1: "1",
        2: _class_code(telling, feed),
        3: "MED^101^A" + (f"^{facility.id}" if feed.facility_in == "PV1-3.4" else ""),
        4: "N" if visit.newborn else "E",
        19: style.number,
        36: telling.disposition,
        39: facility.alias if feed.facility_in == "PV1-39" else "",
    }
    if telling.stay_class == "observation" and feed.observation_in:
        fields[int(feed.observation_in[4:])] = "OBS"
    write = _day if visit.as_dates else _stamp
    discharged_at = telling.discharged_at or telling.stale_discharge
    if telling.admitted_at:
        fields[44] = write(telling.admitted_at, facility.zone, offsets)
    if discharged_at:
        fields[45] = write(discharged_at, facility.zone, offsets)
    return _segment("PV1", fields)


def _class_code(telling: Telling, feed: Feed) -> str:
    if telling.stay_class == "observation":
        return "O" if feed.observation_in else "OBS"
    return "E" if telling.stay_class == "emergency" else "I"


def _segment(name: str, fields: dict[int, str]) -> str:
    return "|".join([name, *(fields.get(n, "") for n in range(1, max(fields) + 1))]).rstrip("|")


def _is_ambiguous(telling: Telling, style: Style, zone: ZoneInfo) -> bool:
    """The second of two equal wall times cannot be said without an offset. A message that has one offset has it
    everywhere, since MSH-7's is taken for the others (interop R-65).
    """
    times = (
        style.sent_at, telling.recorded_at, telling.occurred_at, telling.admitted_at, telling.discharged_at,
        telling.stale_discharge, telling.expected_at,
    )  # fmt: skip
    return any(at.astimezone(zone).fold for at in times if at)


def _stamp(at: datetime, zone: ZoneInfo, offset: bool) -> str:
    """A time on the wall of the facility."""
    local = at.astimezone(zone)
    wall = f"{local.year:04}{local.month:02}{local.day:02}{local.hour:02}{local.minute:02}{local.second:02}"
    return wall + local.strftime("%z") if offset else wall


def _day(at: datetime, _zone: ZoneInfo, _offset: bool) -> str:
    """A date: of the plan's zone, in which deadlines are counted (interop R-65)."""
    return at.astimezone(ZONE).strftime("%Y%m%d")


def number_of(number: str, facility: Facility, feed: Feed) -> str:
    """A visit number as the feed writes it: some say who assigned it, some leave that to the facility."""
    return f"{number}^^^{facility.id}" if number and feed.letter != "S" else number
