"""One patient's bundle for `evaluate`: read as it is, without the check against R4, since whoever runs a measure over
files has made them. Ten times cheaper than live reading; the facts are the same.
"""

from datetime import date
from typing import Any

import msgspec

from connectors.fhir.elements import EMPTY, text
from connectors.fhir.entries import opened
from connectors.fhir.facts import INTERPRETED, around, facts_of, name_of
from connectors.fhir.persons import demographics_of
from connectors.fhir.times import span
from models.clinical import Clinical
from models.errors import MessageIsWrong
from models.events import DeathWord
from models.patients import key_of
from models.time import Stamp
from services.identity import normalise

_FEED = "bundle"


class PatientRecord(msgspec.Struct, frozen=True):
    """A bundle's patient, and what the bundle says of them.

    Args:
        patient: the source patient's key; "" without a Patient resource. others: more patients than that one.
        died_at: when, if stated. race, ethnicity: as `models.codes.coded`.
        clinical: in the bundle's order, of all entries: a bundle of one patient names nobody else.
        skipped: types that are not read, sorted. problems: entries that could not be.
    """

    patient: str = ""
    birth_date: date | None = None
    gender: str = ""
    died: bool = False
    died_at: Stamp | None = None
    race: tuple[str, ...] = ()
    ethnicity: tuple[str, ...] = ()
    language: str = ""
    clinical: list[Clinical] = []
    skipped: tuple[str, ...] = ()
    problems: tuple[MessageIsWrong, ...] = ()
    others: int = 0


def read_bundle(data: bytes | dict[str, Any]) -> PatientRecord:
    """Read a bundle of one patient.

    Raises:
        MessageIsWrong: it is no JSON object.
    """
    entries = opened(_decoded(data) if isinstance(data, bytes) else data)
    others, flags = around(entries), set[str]()
    patients = {name_of(one): one for one in entries if text(one.resource, "resourceType") == "Patient"}
    patient = next(iter(patients.values()), None)
    own = key_of(_FEED, "Patient", name_of(patient).partition("/")[2]) if patient else ""
    clinical: list[Clinical] = []
    problems: list[MessageIsWrong] = [entry.problem for entry in entries if entry.problem]
    death = DeathWord(own, died=False)
    for entry in entries:
        if text(entry.resource, "resourceType") not in INTERPRETED:
            continue
        try:
            facts = facts_of(entry, _FEED, others, flags)
        except MessageIsWrong as problem:
            problems.append(problem)
            continue
        clinical += [fact for fact in facts if isinstance(fact, Clinical)]
        death = next((fact for fact in facts if isinstance(fact, DeathWord) and fact.source_patient == own), death)
    described = demographics_of(patient.resource if patient else EMPTY, own)
    skipped = {text(entry.resource, "resourceType") for entry in entries} - INTERPRETED - {"", "Bundle"}
    return PatientRecord(
        patient=own,
        birth_date=_birth_date(text(patient.resource, "birthDate")) if patient else None,
        gender=described.gender,
        died=death.died,
        died_at=death.at,
        race=described.race,
        ethnicity=described.ethnicity,
        language=described.language,
        clinical=clinical,
        skipped=tuple(sorted(skipped)),
        problems=tuple(problems),
        others=max(len(patients) - 1, 0),
    )


def _birth_date(written: str) -> date | None:
    """The day; a year or month alone counts from its first day, as ages in whole years are asked for."""
    first = span(written).start
    return normalise.birth_date(written) or (first.wall.date() if first else None)


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        shape = f"{len(data)} bytes, not one JSON object"
        raise MessageIsWrong("bad_json", "body", shape, "Give a FHIR Bundle as JSON, in UTF-8.") from None
