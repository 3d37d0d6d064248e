"""One statement about one visit: what EVN, PV1, PV2, DG1 and the death fields of PID say."""

import msgspec

from connectors.hl7v2.paths import Path, places
from connectors.hl7v2.patient import Patient, Reader, authority_of
from connectors.hl7v2.profile import FeedProfile
from connectors.hl7v2.reader import Message
from connectors.hl7v2.times import BadTime, stamp
from connectors.hl7v2.triggers import ADMISSIONS, STATEMENTS
from models.errors import MessageIsWrong
from models.events import DeathWord, Diagnosis, PatientClass, Statement, StatementKind
from models.time import Stamp

_CLOCKS = places(Path("MSH", 7), Path("EVN", 6), Path("EVN", 2))
_DEATH = places(Path("PID", 29), Path("PID", 30))


class Clocks(msgspec.Struct, frozen=True, gc=False):
    """EVN-6, EVN-2 and MSH-7 as written, and MSH-7's offset, the default for stamps without one (R-65)."""

    event: Stamp | None
    recorded: Stamp | None
    sent: Stamp | None
    offset: int | None


def clocks_of(message: Message, flags: set[str]) -> Clocks:
    """Read a message's clocks; one that is no time is absent, and flagged."""
    written, event, recorded = message.texts(_CLOCKS)
    sent = _lenient(written, None, flags)
    offset = sent.offset if sent else None
    return Clocks(_lenient(event, offset, flags), _lenient(recorded, offset, flags), sent, offset)


def statement_of(message: Message, trigger: str, patient: Patient, clocks: Clocks, reader: Reader) -> Statement | None:
    """What a message, or one PID group of it, says of a visit; None when it only describes a person.

    Raises:
        MessageIsWrong: PV1-44 or PV1-45 is no time (`bad_time`).
    """
    profile, kind = reader.profile, STATEMENTS[trigger]
    start, end, left, location, code, admission_type, expected = message.texts(profile.visit_words)
    admitted = _strict(start, profile.admitted, clocks.offset)
    discharged = _strict(end, profile.discharged, clocks.offset)
    disposition = _disposition(left.upper(), profile)
    flags: tuple[str, ...] = ()
    if kind == "discharge" and disposition == "30":  # still a patient: an interim bill's code, no discharge
        kind, discharged, flags = "update", None, ("still_patient",)
    elif kind == "discharge" and discharged is None:
        flags = ("discharge_time_derived",)
    visit = number_at(message, profile.visit, reader)
    alternate, account = (number_at(message, at, reader) for at in (profile.alternate_visit, profile.account))
    deleted = _is_deleted(message, kind, profile)
    if kind == "update" and not _tells_of_a_visit(message, trigger, (visit, alternate, admitted, discharged), account):
        if not deleted:
            return None
        kind = "note"
    occurred, recorded, sent = (
        (None, None, None) if kind == "update" else _clocks(trigger, clocks, admitted, discharged)
    )
    return Statement(
        kind=kind,
        trigger=trigger,
        feed=reader.feed,
        source_patient=patient.key,
        persona=patient.persona,
        facilities=tuple(dict.fromkeys(filter(None, message.texts(profile.facility_words)))),
        visit=visit,
        alternate_visit=alternate[1] if alternate else "",
        account=account[1] if account else "",
        old_visits=_old_visits(message, visit, account, reader) if trigger in {"A06", "A07"} else (),
        patient_class=class_of(message, code.upper(), profile),
        location=location,
        admission_type=admission_type.upper(),
        admitted=admitted,
        discharged=discharged,
        discharge_deleted=deleted,
        expected=_lenient(expected, clocks.offset, reader.flags),
        disposition=disposition,
        diagnoses=_diagnoses(message) if message.has("DG1") else (),
        occurred=occurred,
        recorded=recorded,
        sent=sent,
        may_close=kind == "update" and discharged is not None and profile.infer_discharge,
        flags=flags,
    )


def number_at(message: Message, at: Path, reader: Reader) -> tuple[str, str] | None:
    """A visit or account number and its authority, upper case; None when absent or cut by the sender (R-44)."""
    signs = message.signs
    values = signs.repetitions(message.raw(at.segment, at.field))
    if not values or not (number := signs.part(values[0], at.component, at.subcomponent)):
        return None
    if signs.is_cut(values[0]):
        reader.flags.add("truncated")
        return None
    return (authority_of(values[0], signs) if at.component == 1 else "", number.upper())


def _clocks(
    trigger: str, clocks: Clocks, admitted: Stamp | None, discharged: Stamp | None
) -> tuple[Stamp | None, Stamp | None, Stamp | None]:
    """(occurred, recorded, sent) by R-64; MSH-7 only when it is the only clock, since relays restamp it."""
    own = admitted if trigger in ADMISSIONS else discharged if trigger == "A03" else None
    occurred = clocks.event or own or clocks.recorded
    recorded = clocks.recorded or occurred
    return occurred, recorded, None if occurred else clocks.sent


def _lenient(text: str, offset: int | None, flags: set[str]) -> Stamp | None:
    try:
        return stamp(text, offset) if text else None
    except BadTime:
        flags.add("bad_time")
        return None


def _strict(text: str, at: Path, offset: int | None) -> Stamp | None:
    try:
        return stamp(text, offset) if text else None
    except BadTime as error:
        fix = "Send YYYYMMDDHHMM, with seconds and offset if known."
        raise MessageIsWrong("bad_time", str(at), str(error), fix) from None


def _is_deleted(message: Message, kind: StatementKind, profile: FeedProfile) -> bool:
    """PV1-45 is `""`; a snapshot feed says the same by an empty field (R-45)."""
    written = message.raw(profile.discharged.segment, profile.discharged.field).strip()
    if written or not profile.snapshot or kind != "update":
        return written == '""'
    return message.has(profile.discharged.segment)


def _tells_of_a_visit(
    message: Message, trigger: str, said: tuple[object, ...], account: tuple[str, str] | None
) -> bool:
    """An account number alone says nothing in a person's update (A31): it is written there out of habit."""
    return any(said) or (account is not None and trigger != "A31" and message.has("PV1"))


def class_of(message: Message, code: str, profile: FeedProfile) -> PatientClass:
    """The class by the profile; an unknown code is `other`, never outpatient; an absent one is "" (R-72)."""
    for where, codes, meaning, when in profile.overrides:
        if (not when or code in when) and any(text.upper() in codes for text in message.texts(where)):
            return meaning
    return profile.classes.get(code, "other") if code else ""


def _disposition(code: str, profile: FeedProfile) -> str:
    mapped = profile.dispositions.get(code, code)
    return mapped.zfill(2) if mapped.isdecimal() else mapped


def _diagnoses(message: Message) -> tuple[Diagnosis, ...]:
    """DG1 as a whole snapshot, sorted; rows that DG1-21 deletes are left out."""
    found = set()
    for dg1 in message.all("DG1"):
        code = dg1.text(3).replace(".", "").upper()
        if code and dg1.text(21).upper() != "D":
            found.add(Diagnosis(code, dg1.text(6).upper(), _rank(dg1.text(15) or dg1.text(1))))
    return tuple(found if len(found) < 2 else sorted(found, key=lambda one: (one.rank, one.type, one.code)))


def _rank(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 0


def death_of(message: Message, patient: Patient, clocks: Clocks, flags: set[str]) -> DeathWord | None:
    """PID-30 and PID-29; a time of death without an indicator says it too. None when the message is silent."""
    when, said = message.texts(_DEATH)
    at = _lenient(when, clocks.offset, flags)
    said = said.upper()
    if said == "N":
        return DeathWord(patient.key, died=False)
    return DeathWord(patient.key, True, at) if said == "Y" or at else None


def _old_visits(
    message: Message, visit: tuple[str, str] | None, account: tuple[str, str] | None, reader: Reader
) -> tuple[tuple[str, str], ...]:
    """Earlier numbers of the visit on A06 and A07: MRG-5, else MRG-3, when they differ from the present ones."""
    for field in (5, 3):
        old = number_at(message, Path("MRG", field), reader)
        if old is not None and old[1] not in {number for _, number in filter(None, (visit, account))}:
            return (old,)
    return ()
