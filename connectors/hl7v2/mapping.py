"""From an ADT message to canonical facts. `triggers` says what each event means; here its words are carried out."""

from collections.abc import Callable, Iterator

from connectors.hl7v2.paths import Path
from connectors.hl7v2.patient import Patient, Reader, merged_of, patient_of
from connectors.hl7v2.reader import Message
from connectors.hl7v2.statement import Clocks, clocks_of, death_of, number_at, statement_of
from connectors.hl7v2.triggers import LINKS, MERGES, MOVES, RENAMES, STATEMENTS
from models.errors import MessageIsWrong
from models.events import DeathWord, Event, Fact, Known, PatientEdge, Statement, Teller, VisitMove, VisitRename
from models.time import Instant, Stamp


def events_of(message: Message, trigger: str, reader: Reader, received_at: Instant, control_id: str) -> list[Event]:
    """Map an ADT message whose trigger is interpreted.

    Args:
        message: the whole message.
        trigger: `A01` to `A62`.
        reader: feed, profile and name; it takes the flags that are found on the way.
        received_at: when we had it; facts never hold it, tellers do.
        control_id: MSH-10.

    Raises:
        MessageIsWrong: a part that the trigger needs is missing or unreadable.
    """
    clocks = clocks_of(message, reader.flags)
    teller = Teller(reader.name, received_at, reader.feed, control_id, None, None, clocks.sent)
    # An update's clocks are told beside it: forty identical A08 are one fact.
    occurred = clocks.event or clocks.recorded
    updating = Teller(
        reader.name, received_at, reader.feed, control_id, clocks.recorded or occurred, occurred, clocks.sent
    )
    facts = _facts(message, trigger, clocks, reader)
    if len(facts) > 2:  # repeated groups may say a thing twice
        facts = list(dict.fromkeys(facts))
    return [Event(fact, updating if _is_update(fact) else teller) for fact in facts]


def _is_update(fact: Fact) -> bool:
    return isinstance(fact, DeathWord) or (isinstance(fact, Statement) and fact.kind == "update")


def _facts(message: Message, trigger: str, clocks: Clocks, reader: Reader) -> list[Fact]:
    groups = patients_in(message, reader)
    facts: list[Fact] = []
    for part, patient in groups:
        facts.append(Known(patient.key, patient.persona))
        if death := death_of(part, patient, clocks, reader.flags):
            facts.append(death)
    if trigger in STATEMENTS:
        for part, patient in groups if trigger == "A17" else groups[:1]:
            if statement := statement_of(part, trigger, patient, clocks, reader):
                facts.append(statement)
    if trigger in LINKS:
        facts.extend(_links(groups, trigger, clocks))
    for table, carry_out in _WITH_MRG:
        if trigger in table:
            facts.extend(_each_mrg(groups, trigger, clocks, reader, carry_out))
    return facts


def patients_in(message: Message, reader: Reader) -> list[tuple[Message, Patient]]:
    """The message by PID groups, each with its patient: position alone tells them apart (R-47).

    Raises:
        MessageIsWrong: it has no PID.
    """
    if not message.has("PID"):
        raise MessageIsWrong("no_pid", "PID", "the message has no PID segment", "Send the patient's PID.")
    return [(part, patient_of(part, reader)) for part in message.groups("PID")]


def _links(groups: list[tuple[Message, Patient]], trigger: str, clocks: Clocks) -> Iterator[Fact]:
    if len(groups) < 2:
        raise MessageIsWrong("no_pid", "PID", "one PID segment where two are needed", "Send both patients' PID.")
    first = groups[0][1].key
    for _, other in groups[1:]:
        if other.key != first:
            low, high = sorted((first, other.key))  # a link has no direction
            yield PatientEdge(LINKS[trigger], low, high, trigger, _recorded(clocks))


_CarryOut = Callable[[Message, Patient, str, Clocks, Reader], Iterator[Fact]]


def _each_mrg(
    groups: list[tuple[Message, Patient]], trigger: str, clocks: Clocks, reader: Reader, carry_out: _CarryOut
) -> Iterator[Fact]:
    for whole, patient in groups:
        if not whole.has("MRG"):
            raise MessageIsWrong("no_mrg", "MRG", "a patient without MRG", "Send the earlier identifiers in MRG.")
        for part in whole.groups("MRG"):
            yield from carry_out(part, patient, trigger, clocks, reader)


def _merge(part: Message, patient: Patient, trigger: str, clocks: Clocks, reader: Reader) -> Iterator[Fact]:
    earlier = merged_of(part, patient, reader)
    if not earlier:
        raise MessageIsWrong("no_mrg", "MRG-1", "no earlier identifier", "Send the retired identifier in MRG-1.")
    for key in earlier:
        if key != patient.key:
            yield PatientEdge("merge", key, patient.key, trigger, _recorded(clocks))


def _rename(part: Message, patient: Patient, trigger: str, _: Clocks, reader: Reader) -> Iterator[Fact]:
    field, old_field = RENAMES[trigger]
    at = {"visit": reader.profile.visit, "account": reader.profile.account}.get(field, reader.profile.alternate_visit)
    old, new = number_at(part, Path("MRG", old_field), reader), number_at(part, at, reader)
    if old is None or new is None:
        if trigger in MERGES:  # A36 is a merge as well; its account is optional
            return
        where = f"MRG-{old_field}" if old is None else str(at)
        raise MessageIsWrong("no_number", where, "the number is empty", "Send the earlier and the present number.")
    if old != new:
        yield VisitRename(patient.key, field, old, new, trigger)


def _move(part: Message, patient: Patient, trigger: str, clocks: Clocks, reader: Reader) -> Iterator[Fact]:
    earlier = merged_of(part, patient, reader)
    if not earlier:
        raise MessageIsWrong("no_mrg", "MRG-1", "no earlier patient", "Send the earlier patient in MRG-1.")
    new_account, old_account = number_at(part, reader.profile.account, reader), number_at(part, Path("MRG", 3), reader)
    new_visit, old_visit = number_at(part, reader.profile.visit, reader), number_at(part, Path("MRG", 5), reader)
    visit = (old_visit or new_visit) if trigger == "A45" else None
    account = old_account or (new_account if trigger == "A44" else None)
    if visit is None and account is None:
        raise MessageIsWrong("no_number", "MRG-3", "neither a visit nor an account", "Say in MRG what moves.")
    if earlier[0] != patient.key:
        number = account[1] if account else ""
        yield VisitMove(earlier[0], patient.key, visit, number, trigger, _recorded(clocks))
    if trigger == "A45" and old_visit and new_visit and old_visit != new_visit:
        yield VisitRename(patient.key, "visit", old_visit, new_visit, trigger)
    if trigger == "A44" and old_account and new_account and old_account != new_account:
        yield VisitRename(patient.key, "account", old_account, new_account, trigger)


_WITH_MRG = ((MERGES, _merge), (frozenset(RENAMES), _rename), (MOVES, _move))


def _recorded(clocks: Clocks) -> Stamp | None:
    """When an edge was recorded: EVN-2, else EVN-6, else the only clock left, MSH-7."""
    return clocks.recorded or clocks.event or clocks.sent
