"""From journal lines to views and effects, one transaction a batch.

Live lines are absorbed and derived in one transaction. A bulk load absorbs first and marks members as due; each is
then derived once, so that loading history says every task once, as it stands (contract, "Loading history").
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from time import perf_counter
from typing import Protocol

import msgspec

from models.errors import MessageIsWrong
from models.events import Event, Facility, MemberFact, QuarantineDecision, subject_of
from models.reference import Reference
from models.time import Instant
from services.identity.linking import Links
from services.intake.reading import LineReader, Reading
from services.member.derive import Remembered, derive
from services.member.diff import diff
from services.member.facts import Facts, absorb
from services.member.memo import Memo
from services.member.shelf import Shelves
from services.runtime.faults import fault
from services.runtime.history import Told, heard_of, remember
from services.runtime.isolating import isolated
from services.runtime.recall import Circle, circles, facilities_of, registry_blobs, touched_members, with_registry
from services.runtime.store.contract import (
    Batch,
    JournalLine,
    MessageRow,
    NewLine,
    QuarantineRow,
    Reader,
    TaskRow,
)
from services.runtime.tallying import Read, count_readings, first_tellings, is_shared, measure_tasks, tally
from services.runtime.workset import (
    FORMAT,
    Hold,
    Member,
    Patient,
    Workset,
    check_format,
    identifier_name,
    identifiers_told,
    member_name,
    patient_name,
    patients_of,
    unshared,
)

log = logging.getLogger(__name__)

BATCH = 128
"""Lines a live transaction: enough to share an fsync, few enough that a count changes within a second."""

AHEAD = timedelta(hours=1)
"""Our own receipts are ahead of the clock by what it was set back. One further ahead was imported: it is heard then."""

NOTHING_TOLD: Mapping[str, Told] = {}

DERIVE_FAILED = "derive_failed"
"""The reason in quarantine of a member, not a message: no line tells it, and a rebuild settles it."""
PROCESSING_FAILED = "processing_failed"
"""The reason in quarantine of a line that breaks us: nothing of it was taken in."""
WHOLE_LINE = 0
"""The ordinal, in quarantine, of a line of which no message could be told apart."""

_encode = msgspec.msgpack.Encoder().encode


class Sorted(msgspec.Struct):
    """What a batch of lines said, sorted by whom it concerns."""

    patients: dict[str, list[Event]]
    members: dict[str, list[Event]]
    facilities: list[Event]
    settled: list[QuarantineDecision]
    messages: list[MessageRow]
    quarantined: list[QuarantineRow]
    counts: Counter[str]
    told_of: dict[str, int]
    read: list[Read]


class State(Reader, Protocol):
    """What is read and written in one transaction: a store, or a transaction of one that others write to as well."""

    def commit(self, batch: Batch) -> None:
        """Carry out a batch."""


class Pipeline:
    """Processes the journal of one store. Not safe for use by two threads at once.

    Args:
        journal: where the lines are, if not in the store itself; then they are handed to `take`.
    """

    def __init__(
        self,
        store: State,
        readers: Mapping[str, LineReader],
        reference: Reference,
        now: Callable[[], Instant],
        journal: Reader | None = None,
    ) -> None:
        check_format(store)
        self._store: State
        self._journal: Reader
        self._store, self._readers, self._reference, self._now = store, readers, reference, now
        self._journal = journal or store
        self._hold: Hold = unshared
        self._shard = 0
        self._registry = store.reference("registry")
        # In this order: should another change them in between, they are read again (`over`).
        self.facilities: Facts = facilities_of(store)
        self._newest: Instant | None = None
        self._shelves, self._memo = Shelves(), Memo(Remembered)
        self.told_of: Counter[str] = Counter()
        self._adopt_reference()

    def _adopt_reference(self) -> None:
        """Other rules or value sets than the store was derived with mean deriving everybody again (design §2.2)."""
        digest = self._reference.digest.encode()
        stored = self._store.reference("digest")
        if stored != digest:
            if stored is not None:
                log.warning("rules, value sets, calendars or feeds changed: every member is derived again")
            self._store.commit(Batch(reference={"digest": digest, "format": FORMAT}, wake_all=True))

    # -- lines --------------------------------------------------------------------------------------------------------

    def run(self, *, bulk: bool = False, limit: int = BATCH) -> int:
        """Process what the journal holds beyond the cursor; give the number of lines taken (0: caught up)."""
        lines = self._store.lines(self._store.cursor(), limit)
        if lines:
            self.take(lines, bulk=bulk)
        return len(lines)

    def take(self, lines: Sequence[JournalLine], *, bulk: bool = False) -> None:
        """Process lines and move the cursor past them: in one transaction, but for a line that breaks us, which goes to
        quarantine alone.
        """

        def attempt(some: Sequence[JournalLine]) -> None:
            told_of = self.attempt(some, bulk=bulk)
            if bulk:
                self.told_of.update(told_of)

        isolated(attempt, self.give_up, lines)

    @contextmanager
    def over(self, store: State, hold: Hold, shard: int) -> Iterator[None]:
        """Work on a store that others write to as well, in a transaction of its own, after taking up what they changed.

        Args:
            hold: see `Workset`; the first call names all that a batch tells of.
            shard: which of the counters to change.
        """
        before = self._store, self._journal, self._hold, self._shard
        self._store, self._journal, self._hold, self._shard = store, store, hold, shard
        if (registry := store.reference("registry")) != self._registry:
            self.facilities, self._registry = facilities_of(store), registry
        try:
            yield
        finally:
            self._store, self._journal, self._hold, self._shard = before

    def attempt(
        self, lines: Sequence[JournalLine], *, bulk: bool = False, kept: Sequence[NewLine] = ()
    ) -> Mapping[str, int]:
        """Process lines in one transaction and move the cursor past them: all or nothing.

        Args:
            kept: the lines themselves, where they join the journal in this very transaction (`Batch.lines`).

        Returns:
            How many messages told of each source patient.
        """
        now = self._now()
        newest = max((line.received_at for line in lines if line.received_at <= now + AHEAD), default=now)
        heard = read_lines(self._readers, lines)
        settled = self._settled(heard)  # what is read again tells of people, too
        self._hold(names_in(heard))
        work = Workset(self._store, self._shelves, self._hold)
        batch = self.absorbed(heard, work)
        batch.settled = settled
        batch.traffic = tally(heard.read, work.fresh, self._reference)
        batch.cursor, batch.lines = self._cursor_past(lines, kept), list(kept)
        touched = touched_members(work, heard.patients, heard.members)
        if bulk or batch.wake_all:
            # Who marks a member holds it: a batch that derives it meanwhile would write its own wake-up over the mark.
            self._hold(list(map(member_name, touched)))
            batch.wake = touched
        else:
            # By event receipt, not by the clock: a backlog being worked off raises no false "overdue" (design §6).
            self.derived(touched, work, batch, newest, _told(heard, newest))
            measure_tasks(work.meter, heard.read, batch.effects, self._now())
        count_readings(work.meter, heard.read, batch.traffic)
        self._write(work, batch)
        # Only what is on disk is known: a batch that failed is taken again from the start.
        self.facilities = absorb(self.facilities, heard.facilities)
        self._registry = batch.reference.get("registry", self._registry)
        self._newest = max(newest, self._newest or newest)
        return heard.told_of

    def give_up(self, line: JournalLine, error: Exception, kept: Sequence[NewLine] = ()) -> None:
        """Keep a line that breaks us in quarantine, and move the cursor past it."""
        # Without the traceback: its lines may show a person's values.
        log.error("a line could not be processed: it is in quarantine", extra={"error": type(error).__name__})
        shape, fix = type(error).__name__, "Report the bug; `quarantine replay` takes it up when that is mended."
        row = QuarantineRow(0, line.feed, line.seq, WHOLE_LINE, PROCESSING_FAILED, "line", shape, fix)
        place = MessageRow(sha256(line.body).hexdigest(), line.seq, WHOLE_LINE, "")
        counts = {"quarantined": 1}
        batch = Batch(messages=[place], quarantined=[row], counts=counts, shard=self._shard, lines=list(kept))
        batch.cursor = self._cursor_past([line], kept)
        self._store.commit(batch)

    def _cursor_past(self, lines: Sequence[JournalLine], kept: Sequence[NewLine]) -> int | None:
        """None where the store finds it by itself, or has nothing to do with the journal."""
        return lines[-1].seq if self._journal is self._store and not kept else None

    def _settled(self, heard: Sorted) -> list[tuple[int, str]]:
        """Carry out what people decided about quarantined messages: read them again, or let them go."""
        settled: list[tuple[int, str]] = []
        for decision in heard.settled:
            places = {(m.seq, m.ordinal) for m in self._store.messages([decision.message])}
            for row in self._store.quarantine(status="waiting"):
                if (row.seq, row.ordinal) not in places:
                    continue
                if decision.action == "dismiss":
                    settled.append((row.id, "dismissed"))
                elif self._replayed(heard, row):
                    settled.append((row.id, "replayed"))
        return settled

    def _replayed(self, heard: Sorted, row: QuarantineRow) -> bool:
        line = self._journal.line(row.seq)
        reader = self._readers.get(line.kind) if line else None
        if line is None or reader is None:
            return False
        readings = [
            reading
            for reading in reader.read(line.feed, line.received_at, line.body)
            if row.ordinal in (reading.ordinal, WHOLE_LINE) and (row.ordinal == WHOLE_LINE or not reading.problem)
        ]
        for reading in readings:
            _sort(heard, line, reading)
        return bool(readings)

    def absorbed(self, heard: Sorted, work: Workset) -> Batch:
        """Absorb what was heard into the rows under work."""
        work.tell(heard.patients, heard.members)
        batch = Batch(messages=heard.messages, quarantined=heard.quarantined, counts=dict(heard.counts))
        if heard.facilities:
            facilities = absorb(self.facilities, heard.facilities)
            if facilities != self.facilities:
                batch.reference |= registry_blobs(facilities)
                batch.wake_all = True
        return batch

    # -- members ------------------------------------------------------------------------------------------------------

    def wake(self, at: Instant | None = None, *, limit: int = 200) -> int:
        """Derive members whose time has come by an instant, else by now; give their number (0: nobody is due)."""
        now = at or max(self._now(), self._newest or self._now())
        due = self._store.due(now, limit)
        if due:
            self.derive_at(due, now)
        return len(due)

    def derive_at(self, member_ids: Iterable[str], at: Instant) -> None:
        """Derive members at an instant, in one transaction."""
        work, batch = Workset(self._store, self._shelves, self._hold), Batch()
        self.derived(member_ids, work, batch, at)
        self._write(work, batch)

    def set_aside(self, member_id: str, error: Exception) -> None:
        """Leave a member that breaks us as it is, in one transaction; what it breaks is told in quarantine."""
        work, batch = Workset(self._store, self._shelves, self._hold), Batch()
        for member in work.members([member_id]):
            _set_aside(member, error, work, batch)
        self._write(work, batch)

    def derived(
        self,
        member_ids: Iterable[str],
        work: Workset,
        batch: Batch,
        as_of: Instant,
        told: Mapping[str, Told] = NOTHING_TOLD,
    ) -> None:
        """Derive members and say what changed. A member whose facts break `derive` is set aside, the rest goes on.

        Args:
            as_of: the instant at which those are judged of whom nothing was told.
            told: when what was heard was received, by source patient and subject: who was told of is judged then.
        """
        fault("derive")
        for around in circles(work, member_ids, self._reference.shadows):
            heard = heard_of(around, told)
            begun = heard.last if heard else as_of
            # Time never runs backwards for a record, nor for those who share its evidence.
            at = max(begun, *(member.derived_at or begun for member in around.members.values()))
            reference = with_registry(self._reference, self.facilities, at)
            started = perf_counter()
            self._derive_circle(around, reference, work, batch, at, heard.first if heard else None)
            work.meter.time("derive", perf_counter() - started)

    def _derive_circle(
        self,
        around: Circle,
        reference: Reference,
        work: Workset,
        batch: Batch,
        at: Instant,
        heard_at: Instant | None,
    ) -> None:
        try:
            links = around.links(at)
            facts = around.facts(links, at)
        except Exception as error:  # noqa: BLE001 - a bug in linking sets its circle aside, the rest goes on
            for member in around.members.values():
                _set_aside(member, error, work, batch)
            return
        unheard = around.next_receipt(at)
        for member_id, member in sorted(around.members.items()):
            known = any(map(is_shared, member.view.stays))
            try:
                view = derive(facts[member_id], reference, at, self._memo)
                revisions, effects = diff(member_id, member.revisions, member.view, view, at)
            except Exception as error:  # noqa: BLE001 - a bug in derive must not stop the others (design §8)
                _set_aside(member, error, work, batch)
                continue
            remember(member, view, effects, at, heard_at, batch)
            member.revisions, member.view, member.derived_at = revisions, view, at
            member.wake_at = min(filter(None, (view.wake_at, unheard)), default=None)
            work.changed_members.add(member_id)
            batch.effects += effects
            if (tellings := first_tellings(view, facts[member_id].heard)) or known:
                batch.tellings[member_id] = tellings
        self._note_links(around.patients, links, work)
        if around.aside:
            self._note_links(around.aside, around.whole().links(at), work)

    @staticmethod
    def _note_links(patients: Iterable[Patient], links: Links, work: Workset) -> None:
        """Keep with each source patient whom it belongs to and what needs a look, for the lists that people read."""
        for patient in patients:
            members, reviews = tuple(sorted(links.members_of(patient.key))), links.reviews(patient.key)
            if (members, reviews) != (patient.members, patient.reviews):
                patient.members, patient.reviews = members, reviews
                work.changed_patients.add(patient.key)

    def _write(self, work: Workset, batch: Batch) -> None:
        batch.patients, batch.members = work.patient_rows(), work.member_rows()
        batch.tasks = [row for member in work.members(work.changed_members) for row in self.task_rows(member)]
        batch.measured, batch.shard = work.meter.rows(), self._shard
        self._store.commit(batch)

    @staticmethod
    def task_rows(member: Member) -> list[TaskRow]:
        """A member's tasks as the work list selects them."""
        return [
            TaskRow(task.task_id, member.member_id, task.rule, task.state, task.due_at, task.owner, _encode(task))
            for task in member.view.tasks
        ]

    def parked(self) -> int:
        """How many of the messages taken in bulk belong to nobody yet."""
        keys = sorted(self.told_of)
        chunks = (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))
        rows = (row for chunk in chunks for row in self._store.patients(chunk).values())
        return sum(self.told_of[row.key] for row in rows if not row.members)

    def settle(self) -> None:
        """Derive until nobody is due: what a bulk load ends with."""
        while self.wake():
            pass


def names_in(heard: Sorted) -> list[str]:
    """By what the rows and identifiers are held that a batch tells of."""
    events = (event for told in (heard.patients, heard.members) for each in told.values() for event in each)
    identifiers = {identifier for event in events for identifier in identifiers_told(event.fact)}
    return [
        *map(patient_name, heard.patients),
        *map(member_name, heard.members),
        *map(identifier_name, identifiers),
    ]


def _told(heard: Sorted, newest: Instant) -> dict[str, Told]:
    """When what was heard was received, by source patient and subject; not after `newest`, the last that has come."""
    told = (*heard.patients.items(), *heard.members.items())
    receipts = {name: [min(event.teller.received_at, newest) for event in events] for name, events in told}
    return {name: Told(min(each), max(each)) for name, each in receipts.items()}


def read_lines(readers: Mapping[str, LineReader], lines: Sequence[JournalLine]) -> Sorted:
    """Read lines of any kind; kinds and types without a reader are kept and counted."""
    heard = Sorted(defaultdict(list), defaultdict(list), [], [], [], [], Counter(), {}, [])
    for line in lines:
        reader = readers.get(line.kind)
        if reader is None:
            heard.counts["not_interpreted"] += 1
            continue
        readings = list(reader.read(line.feed, line.received_at, line.body))
        heard.read.append((line, readings))
        for reading in readings:
            _sort(heard, line, reading)
    return heard


def _sort(heard: Sorted, line: JournalLine, reading: Reading) -> None:
    heard.counts[reading.outcome] += 1
    heard.counts.update(f"flag_{flag}" for flag in reading.flags)
    heard.messages.append(MessageRow(reading.name, line.seq, reading.ordinal, reading.control_id))
    if reading.problem:
        heard.quarantined.append(_quarantined(line, reading.ordinal, reading.problem))
    told: set[str] = set()
    for event in reading.events:
        if isinstance(event.fact, Facility):
            heard.facilities.append(event)
            continue
        if isinstance(event.fact, QuarantineDecision):
            heard.settled.append(event.fact)
            continue
        patients = patients_of(event)
        told.update(patients)
        for key in patients:
            heard.patients[key].append(event)
        if isinstance(event.fact, MemberFact):
            heard.members[subject_of(event.fact)].append(event)
    for key in sorted(told)[:1]:
        heard.told_of[key] = heard.told_of.get(key, 0) + 1


def _quarantined(line: JournalLine, ordinal: int, problem: MessageIsWrong) -> QuarantineRow:
    return QuarantineRow(0, line.feed, line.seq, ordinal, problem.reason, problem.where, problem.shape, problem.fix)


def _set_aside(member: Member, error: Exception, work: Workset, batch: Batch) -> None:
    """A bug of ours on one member's facts: events are kept, the view stays as it was, the rest goes on (design §8)."""
    # Without the traceback: its lines may show a person's values. Who it is stays out of the row's texts, too.
    log.error("derive failed: the member is set aside", extra={"error": type(error).__name__})
    member.set_aside()
    work.changed_members.add(member.member_id)
    place = int.from_bytes(sha256(member.member_id.encode()).digest()[:6])
    shape, fix = f"derive raised {type(error).__name__}", "Report the bug; `rebuild --apply` derives again."
    batch.quarantined.append(QuarantineRow(0, "", 0, place, DERIVE_FAILED, "member", shape, fix))
