"""Why a task stands as it does: its rule, its history, the facts behind it and the messages that told them."""

from collections.abc import Iterable, Mapping
from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

from connectors.tabular.kinds import is_table
from connectors.tabular.records import with_header
from models.events import CareEvent, Claim, DeathWord, Decision, Fact, RosterRow, Statement, Teller
from models.reference import Reference
from models.rule import (
    AllOf,
    AnyOf,
    CareEventEvidence,
    ClaimEvidence,
    Evidence,
    RosterEvidence,
    Rule,
    TaskActionEvidence,
)
from models.time import Instant, Stamp
from models.view import Task
from services.member.book import book_of
from services.runtime.recall import circles, facilities_of, with_registry
from services.runtime.store.contract import JournalLine, MessageRow, Reader
from services.runtime.workset import Workset
from services.status.questions import Questions
from services.status.shapes import Json, task_json, time_json


def explain(reader: Reader, reference: Reference, task_id: str, as_of: Instant, *, raw: bool = False) -> Json | None:
    """Everything behind a task, also one that was withdrawn; None for an id that nobody ever told of."""
    questions = Questions(reader, reference)
    member_id = questions.member_of(task_id)
    if member_id is None:
        return None
    history = [row.effect for row in reader.outbox_of(task_id) if row.effect.at <= as_of]
    view = questions.view(member_id, as_of)
    task = next((t for t in view.tasks if t.task_id == task_id), None) if view else None
    rule_id = task.rule if task else history[-1].rule if history else ""
    rule = next((r for r in reference.rules if r.id == rule_id), None)
    because = task.because if task else tuple(name for effect in history for name in effect.because)
    zone = reference.zone
    return {
        "member_id": member_id,
        "task": task_json(task, zone) if task else None,
        "rule": _rule_json(rule) if rule else {"id": rule_id},
        "history": [
            {
                "at": time_json(effect.at, zone),
                "effect": effect.effect,
                "state": effect.state,
                "due_at": time_json(effect.due_at, zone),
                "because": list(effect.because),
            }
            for effect in history
        ],
        "facts": _facts(reader, reference, member_id, because, as_of, raw=raw),
        "missing": list(_missing(rule, task, reference)) if rule and task else [],
    }


def _rule_json(rule: Rule) -> Json:
    source = rule.source
    return {
        "id": rule.id,
        "version": rule.version,
        "text": rule.doc,
        "source": {"document": source.document, "section": source.section, "read_on": source.read_on.isoformat()},
    }


def _facts(
    reader: Reader, reference: Reference, member_id: str, names: Iterable[str], as_of: Instant, *, raw: bool
) -> list[Json]:
    """The facts that messages with these names told, each with its messages down to the ACK."""
    wanted, zone = set(names), reference.zone
    here = with_registry(reference, facilities_of(reader), as_of)
    known: dict[Fact, tuple[Teller, ...]] = {}
    for around in circles(Workset(reader), [member_id], reference.shadows):
        known |= around.members[member_id].facts
        for patient in around.patients:
            known |= patient.facts
    shown = []
    for fact, tellers in known.items():
        by_then = [t for t in tellers if t.received_at <= as_of]
        told = [t for t in by_then if t.name in wanted]
        if told and not isinstance(fact, Decision) and (text := describe(fact, here)):
            shown.append((told[0].received_at, text, by_then))
    shown.sort(key=lambda x: (x[0], x[1]))
    return [{"statement": text, "messages": _messages(reader, tellers, zone, raw=raw)} for _, text, tellers in shown]


def describe(fact: Fact, reference: Reference) -> str:
    """A fact in a line, without a person's name; empty for one that says nothing by itself."""
    match fact:
        case Statement():
            times = [("admitted", fact.admitted), ("discharged", fact.discharged), ("occurred", fact.occurred)]
            zone = _zone_of(fact, reference)
            stated = [f"{name} {_written(stamp, zone)}" for name, stamp in times if stamp]
            where = fact.facilities[0] if fact.facilities else "an unnamed facility"
            visit = f"visit {fact.visit[1]}" if fact.visit else "no visit number"
            stated += [f"disposition {fact.disposition}"] if fact.disposition else []
            said = f"ADT^{fact.trigger} {fact.kind} at {where}, {fact.patient_class or 'no class'}, {visit}"
            return f"{said}: {', '.join(stated)}" if stated else said
        case DeathWord():
            return "the member died" if fact.died else "the member did not die"
        case RosterRow():
            return f"roster: plan {fact.mcp_id}, covered from {fact.coverage_start} to {fact.coverage_end or 'open'}"
        case CareEvent():
            at, by = time_json(fact.occurred_at, reference.zone), f" by {fact.actor_id}" if fact.actor_id else ""
            return f"care event {' '.join(filter(None, (fact.type, fact.outcome)))} at {at}{by}"
        case Claim():
            return f"claim {fact.claim_id}: {', '.join(fact.procedure_codes)} on {fact.service_from}, {fact.status}"
    return ""


def _zone_of(statement: Statement, reference: Reference) -> str:
    """The zone that what the sender writes without an offset is read in."""
    place = book_of(reference).resolver.place(statement.feed, statement.facilities)
    return place.zone.key if place.named else f"{place.zone.key}, assumed"


def _written(stamp: Stamp, zone: str) -> str:
    """A time as it was written, with the offset that stands there, else the zone that it is read in."""
    if stamp.precision == "day":
        return stamp.wall.date().isoformat()
    if stamp.offset is None:
        return f"{stamp.wall.isoformat(sep=' ', timespec='minutes')} ({zone})"
    written = stamp.wall.replace(tzinfo=timezone(timedelta(minutes=stamp.offset)))
    return written.isoformat(sep=" ", timespec="minutes")


def _messages(reader: Reader, tellers: Iterable[Teller], zone: ZoneInfo, *, raw: bool) -> list[Json]:
    shown = []
    for teller in tellers:
        for place in reader.messages([teller.name]):
            line = reader.line(place.seq)
            if line is None or line.feed != teller.feed or line.received_at != teller.received_at:
                continue
            shown.append(message_json(reader, place, line, zone, raw=raw))
    return shown


def message_json(reader: Reader, place: MessageRow, line: JournalLine, zone: ZoneInfo, *, raw: bool) -> Json:
    """A message in its place, with the answer that was sent; `raw` adds what it says."""
    acks = reader.acks([place.seq])
    message: Json = {
        "feed": line.feed,
        "seq": place.seq,
        "sha256": place.name,
        "control_id": place.control_id,
        "received_at": time_json(line.received_at, zone),
        "ack": {"code": acks[0].code, "micros": acks[0].micros} if acks else None,
    }
    if raw:
        body = with_header(line.body, place.ordinal) if is_table(line.kind) else line.body
        message["raw"] = body.decode("utf-8", "replace")
    return message


def _missing(rule: Rule, task: Task, reference: Reference) -> Iterable[str]:
    """What would still close a task, and which evidence cannot count for want of a value set."""
    if task.state in ("open", "overdue", "missed"):
        yield from _wishes(rule.done_when, reference.value_sets)


def _wishes(evidence: Evidence, value_sets: Mapping[str, frozenset[str]]) -> Iterable[str]:
    match evidence:
        case AnyOf(items) | AllOf(items):
            for item in items:
                yield from _wishes(item, value_sets)
        case CareEventEvidence(kind, outcome, _, detail):
            words = [*(["outcome " + " or ".join(outcome)] if outcome else []), *(f"{k}={v}" for k, v in detail)]
            yield f"a care event {kind}" + (f" with {', '.join(words)}" if words else "")
        case ClaimEvidence(names):
            for name in names:
                absent = "" if name in value_sets else " (not loaded: no claim can prove it)"
                yield f"a claim with a code of the value set {name}{absent}"
        case TaskActionEvidence(action):
            yield f"a task note with action {action}"
        case RosterEvidence(field):
            yield f"a roster row that names {field}"
