"""Whom a message speaks of: the source patient's key, and how the message describes the person (PID, IN1, MRG)."""

import msgspec

from connectors.hl7v2.delimiters import Delimiters
from connectors.hl7v2.paths import Path, places
from connectors.hl7v2.profile import FeedProfile, Identifier
from connectors.hl7v2.reader import Message
from models.events import Persona
from models.names import short
from models.patients import key_of
from services.identity import normalise

_PERSON = places(Path("PID", 31), Path("PID", 5), Path("PID", 5, 2), Path("PID", 7))


class Patient(msgspec.Struct, frozen=True, gc=False):
    """A source patient: its key `feed|authority|value`, its MRN's authority, and its persona."""

    key: str
    authority: str
    persona: Persona


class Reader(msgspec.Struct, frozen=True):
    """What is needed to read patients of one message: feed, profile, the message's name (hex SHA-256), found flags."""

    feed: str
    profile: FeedProfile
    name: str
    flags: set[str]


def patient_of(message: Message, reader: Reader) -> Patient:
    """Read the patient of a message with one PID: the whole, or one PID group of it.

    The key is the first PID-3 repetition that the profile calls an MRN, else the first one, else PID-2, else PID-4,
    else the message's own hash: such a patient is met only once.

    Raises:
        MessageIsWrong: an identifier or its authority is too long a name.
    """
    mrn: tuple[str, str] | None = None
    known: set[tuple[str, str]] = set()
    part = message.signs.part
    for (name, field, component, subcomponent), lines in reader.profile.by_field:
        for value in _whole(message, name, field, reader):
            text = part(value, component, subcomponent)
            found = _claimed(lines, text, part(value, 5, 1) if component == 1 else "") if text else None
            if found is None:
                continue
            at = f"{name}-{field}"
            if found[0] != "mrn":
                known.add((found[0], short(found[1], at)))
            elif mrn is None:
                mrn = (short(authority_of(value, message.signs), f"{at}.4"), short(found[1], at))
    authority, number = mrn or _fallback(message, reader)
    authority = authority or _stated(message, reader.profile)
    if not number:
        authority, number = "", f"sha256:{reader.name}"
    return Patient(key_of(reader.feed, authority, number), authority, _persona(message, known))


def merged_of(message: Message, target: Patient, reader: Reader) -> list[str]:
    """The keys of the retired side: each MRG-1 repetition that may be an MRN, else the first, else MRG-4, MRG-2.

    An identifier without authority belongs to the target's: a sender that leaves it out does so on both sides.
    """
    lines = [line for at, lines in reader.profile.by_field if at[:2] == ("PID", 3) for line in lines]
    part = message.signs.part
    values = _whole(message, "MRG", 1, reader)
    fit = [value for value in values if (_claimed(lines, part(value, 1, 1), part(value, 5, 1)) or ("",))[0] == "mrn"]
    chosen = fit or values[:1] or _whole(message, "MRG", 4, reader)[:1] or _whole(message, "MRG", 2, reader)[:1]
    pairs = ((authority_of(value, message.signs) or target.authority, part(value, 1, 1).upper()) for value in chosen)
    keys = [key_of(reader.feed, short(by, "MRG-1.4"), short(number, "MRG-1")) for by, number in pairs if number]
    return list(dict.fromkeys(keys))


def authority_of(value: str, signs: Delimiters) -> str:
    """CX.4 of a repetition: its namespace, else its universal id, upper case."""
    if signs.component not in value:
        return ""
    return (signs.part(value, 4, 1) or signs.part(value, 4, 2)).upper()


def _whole(message: Message, name: str, field: int, reader: Reader) -> list[str]:
    """A field's repetitions without those that the sender cut (R-44)."""
    values, signs = message.repetitions(name, field), message.signs
    if values and signs.truncation and any(map(signs.is_cut, values)):
        reader.flags.add("truncated")
        return [value for value in values if not signs.is_cut(value)]
    return values


def _claimed(lines: tuple[Identifier, ...] | list[Identifier], text: str, type_: str) -> tuple[str, str] | None:
    """The first identifier line that fits a value, as (kind, normal form)."""
    for line in lines:
        if normal := line.read(text, type_):
            return line.kind, normal
    return None


def _fallback(message: Message, reader: Reader) -> tuple[str, str]:
    for field in (3, 2, 4):
        for value in _whole(message, "PID", field, reader):
            if number := message.signs.part(value, 1, 1).upper():
                at = f"PID-{field}"
                return short(authority_of(value, message.signs), f"{at}.4"), short(number, at)
    return "", ""


def _stated(message: Message, profile: FeedProfile) -> str:
    stated = zip(profile.authority, message.texts(profile.authority), strict=True)
    return next((short(text.upper(), str(at)) for at, text in stated if text), "")


def _persona(message: Message, known: set[tuple[str, str]]) -> Persona:
    identifiers = tuple(sorted(known))
    unknown, written, first, born = message.texts(_PERSON)
    if unknown.upper() == "Y":  # identity unknown: name and birth date are the desk's invention
        return Persona(identifiers)
    surname = normalise.surname(written) if written else ""
    # A placeholder for the surname makes the given name one too: JANE of JANE DOE is nobody's.
    given = "" if written and not surname else normalise.given(first)
    return Persona(identifiers, normalise.birth_date(born), surname, given)
