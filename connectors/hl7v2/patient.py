"""Whom a message speaks of: the source patient's key, and how the message describes the person (PID, IN1, MRG)."""

from typing import NamedTuple

from connectors.hl7v2.profile import FeedProfile, Identifier
from connectors.hl7v2.reader import Message, Segment
from models.events import Persona
from services.identity import normalise


class Patient(NamedTuple):
    """A source patient: its key `feed|authority|value`, its MRN's authority, and its persona."""

    key: str
    authority: str
    persona: Persona


class Reader(NamedTuple):
    """What is needed to read patients of one message: feed, profile, the message's name (hex SHA-256), found flags."""

    feed: str
    profile: FeedProfile
    name: str
    flags: set[str]


def patient_of(message: Message, pid: Segment, reader: Reader) -> Patient:
    """Read the patient of a message, or of one PID group of it.

    The key is the first PID-3 repetition that the profile calls an MRN, else the first one, else PID-2, else PID-4,
    else the message's own hash: such a patient is met only once.
    """
    mrn: tuple[str, str] | None = None
    known: set[tuple[str, str]] = set()
    for at, lines in reader.profile.by_field:
        segments = (pid,) if at.segment == "PID" else message.all(at.segment)
        for segment in segments:
            for value in _whole(segment, at.field, reader):
                text = segment.part(value, at.component, at.subcomponent)
                found = _claimed(lines, text, segment.part(value, 5) if at.component == 1 else "") if text else None
                if found is None:
                    continue
                if found[0] != "mrn":
                    known.add(found)
                elif mrn is None:
                    mrn = (_authority(segment, value), found[1])
    authority, number = mrn or _fallback(pid, reader)
    authority = authority or _stated(message, reader.profile)
    if not number:
        authority, number = "", f"sha256:{reader.name}"
    return Patient(key_of(reader.feed, authority, number), authority, _persona(pid, known))


def merged_of(message: Message, target: Patient, reader: Reader) -> list[str]:
    """The keys of the retired side: each MRG-1 repetition that may be an MRN, else the first, else MRG-4, MRG-2.

    An identifier without authority belongs to the target's: a sender that leaves it out does so on both sides.
    """
    mrg = message.first("MRG")
    if mrg is None:
        return []
    lines = [line for at, lines in reader.profile.by_field if at[:2] == ("PID", 3) for line in lines]
    values = _whole(mrg, 1, reader)
    fit = [value for value in values if (_claimed(lines, mrg.part(value), mrg.part(value, 5)) or ("",))[0] == "mrn"]
    chosen = fit or values[:1] or _whole(mrg, 4, reader)[:1] or _whole(mrg, 2, reader)[:1]
    pairs = ((_authority(mrg, value) or target.authority, mrg.part(value).upper()) for value in chosen)
    keys = [key_of(reader.feed, authority, number) for authority, number in pairs if number]
    return list(dict.fromkeys(keys))


def key_of(feed: str, authority: str, value: str) -> str:
    """`feed|authority|value`; a bar or percent sign inside a part is written as in a URL."""
    joined = f"{feed}{authority}{value}"
    if "|" in joined or "%" in joined:
        feed, authority, value = (part.replace("%", "%25").replace("|", "%7C") for part in (feed, authority, value))
    return f"{feed}|{authority}|{value}"


def authority_of(segment: Segment, value: str) -> str:
    """CX.4 of a repetition: its namespace, else its universal id, upper case."""
    return _authority(segment, value)


def _whole(segment: Segment, field: int, reader: Reader) -> list[str]:
    """A field's repetitions without those that the sender cut (R-44)."""
    values = segment.repetitions(field)
    if segment.may_cut and any(map(segment.is_cut, values)):
        reader.flags.add("truncated")
        values = [value for value in values if not segment.is_cut(value)]
    return values


def _claimed(lines: tuple[Identifier, ...] | list[Identifier], text: str, type_: str) -> tuple[str, str] | None:
    """The first identifier line that fits a value, as (kind, normal form)."""
    for line in lines:
        if normal := line.read(text, type_):
            return line.kind, normal
    return None


def _authority(segment: Segment, value: str) -> str:
    return (segment.part(value, 4) or segment.part(value, 4, 2)).upper()


def _fallback(pid: Segment, reader: Reader) -> tuple[str, str]:
    for field in (3, 2, 4):
        for value in _whole(pid, field, reader):
            if number := pid.part(value).upper():
                return _authority(pid, value), number
    return "", ""


def _stated(message: Message, profile: FeedProfile) -> str:
    for path in profile.authority:
        if text := path.read(message):
            return text.upper()
    return ""


def _persona(pid: Segment, known: set[tuple[str, str]]) -> Persona:
    identifiers = tuple(sorted(known))
    if pid.text(31).upper() == "Y":  # identity unknown: name and birth date are the desk's invention
        return Persona(identifiers)
    written = pid.text(5)
    surname = normalise.surname(written) if written else ""
    # A placeholder for the surname makes the given name one too: JANE of JANE DOE is nobody's.
    given = "" if written and not surname else normalise.given(pid.text(5, 2))
    return Persona(identifiers, normalise.birth_date(pid.text(7)), surname, given)
