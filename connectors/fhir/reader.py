"""Reads journal lines of kind `fhir`: every entry is one reading, and a bad one never stops the rest."""

import re
from collections.abc import Iterator

from connectors.fhir.checking import check
from connectors.fhir.elements import node, text
from connectors.fhir.entries import Entry, entries_of
from connectors.fhir.facts import INTERPRETED, around, facts_of
from connectors.fhir.surroundings import Surroundings
from connectors.fhir.times import span, stamp_at
from models.errors import MessageIsWrong
from models.events import DeathWord, Event, Teller
from models.time import Instant
from services.intake.reading import Outcome, Reading

_TYPE = re.compile(r"[A-Z][A-Za-z]{2,40}")


class FhirReader:
    """Reads FHIR R4; implements `services.intake.reading.LineReader`. Each resource that is interpreted is checked
    against R4 first, so a reading rests on nothing that the standard does not allow.
    """

    def read(self, feed: str, received_at: Instant, body: bytes) -> Iterator[Reading]:
        """Yield a reading for every entry of a resource, Bundle or NDJSON body, in order; it never raises.

        A type that is not interpreted, an entry without resource and an empty bundle are `not_interpreted`.
        """
        entries = entries_of(body)
        others = around(entries)
        for ordinal, entry in enumerate(entries, 1):
            yield _read(ordinal, entry, feed, received_at, others)


def _read(ordinal: int, entry: Entry, feed: str, received_at: Instant, others: Surroundings) -> Reading:
    flags: set[str] = set()
    label = _label(entry)
    if entry.problem:
        return Reading(ordinal, entry.name, "quarantined", label=label, problem=entry.problem)
    try:
        if entry.resource and not label:
            shape = "no resourceType that R4 could have"
            raise MessageIsWrong("no_type", f"{entry.where}.resourceType", shape, "State the type of the resource.")
        if label not in INTERPRETED:
            return Reading(ordinal, entry.name, "not_interpreted", label=label or "entry")
        check(entry.resource, entry.where)
        facts = facts_of(entry, feed, others, flags)
    except MessageIsWrong as problem:
        return Reading(ordinal, entry.name, "quarantined", label=label, problem=problem, flags=tuple(sorted(flags)))
    except Exception as error:  # noqa: BLE001 (a bug of ours on one entry must not stop the line; it is kept)
        fix = "This is a defect of the reader: report it; the message can be replayed afterwards."
        defect = MessageIsWrong("unreadable", entry.where, type(error).__name__, fix)
        return Reading(ordinal, entry.name, "quarantined", label=label, problem=defect)
    own = _control_id(entry)
    events = tuple(Event(fact, _teller(entry, feed, received_at, own, isinstance(fact, DeathWord))) for fact in facts)
    outcome: Outcome = "interpreted" if events else "not_interpreted"
    return Reading(ordinal, entry.name, outcome, own, label, events, None, tuple(sorted(flags)))


def _teller(entry: Entry, feed: str, received_at: Instant, own: str, dated: bool) -> Teller:
    """A word of a death leaves its clock to its tellers: so that the newest word counts."""
    if not dated:
        return Teller(entry.name, received_at, feed, own)
    updated = stamp_at(node(entry.resource, "meta"), "lastUpdated") or span(entry.modified).start
    return Teller(entry.name, received_at, feed, own, recorded=updated)


def _control_id(entry: Entry) -> str:
    """What the sender calls the resource: its id, never an identifier, which may be a person's."""
    own = text(entry.resource, "id")
    return f"{text(entry.resource, 'resourceType')}/{own}" if own else ""


def _label(entry: Entry) -> str:
    """The type when it looks like one: any other text may be a person's."""
    kind = text(entry.resource, "resourceType")
    return kind if _TYPE.fullmatch(kind) else ""
