"""From one entry to facts: whom it is about, and what it says. Shared by live reading and by `evaluate`."""

import hashlib
from collections.abc import Iterable

from connectors.fhir.elements import text
from connectors.fhir.entries import Entry
from connectors.fhir.persons import id_of, patient_facts, patient_key, subject_of
from connectors.fhir.resources import READ
from connectors.fhir.surroundings import Surroundings
from connectors.fhir.telling import Telling
from models.errors import MessageIsWrong
from models.events import Fact, Known
from models.names import short

INTERPRETED = frozenset({*READ, "Patient"})
"""Types that say something here; others are kept and counted."""

_NOT_ALWAYS_A_PATIENTS = frozenset({"Device", "Task"})
"""A device without patient stands in a cupboard, a task may be about a report."""


def around(entries: Iterable[Entry]) -> Surroundings:
    """The surroundings that the resources of one body are to each other."""
    return Surroundings((entry.url, entry.resource) for entry in entries)


def facts_of(entry: Entry, feed: str, others: Surroundings, flags: set[str]) -> list[Fact]:
    """What a resource of an interpreted type says; nothing when it speaks of no patient.

    Args:
        flags: takes quality findings.

    Raises:
        MessageIsWrong: it must be about a patient, and does not say about whom (`no_subject`); or a name of the
            patient's or its own is too long (`too_long`).
    """
    resource = entry.resource
    kind = text(resource, "resourceType")
    name = short(name_of(entry), f"{entry.where}.id")
    if kind == "Patient":
        key = patient_key(feed, "Patient", name.partition("/")[2])
        return list(dict.fromkeys(patient_facts(resource, key, feed, others)))
    subject = subject_of(resource, feed, others)
    if subject is None:
        if _speaks_of_others(entry):
            flags.add("no_patient")
            return []
        fix = "Name the patient: a reference, or an identifier of system us-medicaid or us-mbi."
        raise MessageIsWrong("no_subject", f"{entry.where}.subject", "no patient is named", fix)
    telling = Telling(resource, name, subject.key, others, entry.modified, flags)
    return [Known(subject.key, subject.persona), *dict.fromkeys(READ[kind](telling))]


def name_of(entry: Entry) -> str:
    """`Observation/bp1`: what versions of one resource share; by its content where it has no name of its own."""
    own = id_of(entry.resource, entry.url)
    if not own:
        own = f"sha256:{hashlib.sha256(entry.name.encode()).hexdigest()[:32]}"
    return f"{text(entry.resource, 'resourceType')}/{own}"


def _speaks_of_others(entry: Entry) -> bool:
    """It is about a group, a place or a device, or its type need not be about anybody."""
    resource = entry.resource
    if text(resource, "resourceType") in _NOT_ALWAYS_A_PATIENTS:
        return True
    subject = resource.get("subject") or resource.get("patient")
    return isinstance(subject, dict) and bool(subject.get("reference")) and "Patient" not in str(subject["reference"])
