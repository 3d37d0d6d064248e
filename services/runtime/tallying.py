"""Count what feeds send, as the pipeline takes it: how much, how late, how much unreadable or said before."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from models.measured import Meter
from models.reference import Reference
from models.time import Instant
from models.traffic import DELAY_BOUNDS_S, SKEW_S, FeedCount, Telling, bound_of, slot_begins
from models.view import Effect, Stay, View
from services.intake.reading import Reading
from services.member.said import Heard
from services.runtime.store.contract import JournalLine

_END = datetime.max.replace(tzinfo=UTC)

MESSAGE_KINDS = frozenset({"hl7v2", "fhir", "unreadable", "overlong"})
"""Kinds of lines that a machine sends as things happen; tables and decisions come when people send them."""

Read = tuple[JournalLine, Sequence[Reading]]
Fresh = Collection[tuple[str, str, Instant]]
"""Messages by feed, name and receipt."""


def tally(read: Iterable[Read], fresh: Fresh, reference: Reference) -> list[FeedCount]:
    """Count lines by feed and slot of receipt.

    Args:
        read: each line with its readings.
        fresh: the messages that said something new.
    """
    counts: dict[tuple[str, Instant], FeedCount] = {}
    zones: dict[str, ZoneInfo] = {}
    for line, readings in read:
        if line.kind not in MESSAGE_KINDS:
            continue
        feed, received_at = line.feed, line.received_at
        since = slot_begins(received_at)
        count = counts.get((feed, since))
        if count is None:
            count = counts[feed, since] = FeedCount(feed, since, last_at=received_at)
        elif count.last_at is None or received_at > count.last_at:
            count.last_at = received_at
        zone = zones.get(feed) or zones.setdefault(feed, reference.zone_of(feed))
        count.bytes += len(line.body)
        for reading in readings:
            _count(count, received_at, reading, fresh, zone)
    return list(counts.values())


def first_tellings(view: View, heard: Iterable[Heard]) -> list[Telling]:
    """When each feed first told of the member's stays that several feeds told of; only stays that are real."""
    shared = [stay for stay in view.stays if is_shared(stay)]
    if not shared:
        return []
    received = {(t.feed, t.name): t.received_at for each in heard for t in reversed(each.tellers)}
    tellings = []
    for stay in shared:
        first: dict[str, Instant] = {}
        for source in stay.sources:
            at = received.get((source.feed, source.name))
            if at is not None and at < first.get(source.feed, _END):
                first[source.feed] = at
        tellings += [Telling(stay.stay_id, feed, at) for feed, at in sorted(first.items())]
    return tellings


def count_readings(meter: Meter, read: Iterable[Read], traffic: Iterable[FeedCount]) -> None:
    """Count what was made of messages and rows, and how many messages said nothing new."""
    outcomes = Counter((line.feed, reading.outcome) for line, readings in read for reading in readings)
    for (feed, outcome), times in outcomes.items():
        meter.count("events", feed, outcome, times)
    for count in traffic:
        meter.count("duplicates", count.feed, "content", count.repeated)


def measure_tasks(meter: Meter, read: Iterable[Read], effects: Iterable[Effect], now: Instant) -> None:
    """Time from the receipt of the message behind an effect until the effect is about to be committed."""
    told = [effect.because for effect in effects]
    if not told:
        return
    received = {reading.name: line.received_at for line, readings in read for reading in readings}
    for names in told:
        if known := [received[name] for name in names if name in received]:
            meter.time("receipt_to_task", (now - max(known)).total_seconds())


def is_shared(stay: Stay) -> bool:
    """Whether several feeds told of a stay."""
    feed = stay.sources[0].feed if stay.sources else ""
    return any(source.feed != feed for source in stay.sources)


def _count(count: FeedCount, received_at: Instant, reading: Reading, fresh: Fresh, zone: ZoneInfo) -> None:
    count.messages += 1
    count.quarantined += reading.outcome == "quarantined"
    count.test += reading.outcome == "test"
    if not reading.events:
        return
    count.repeated += (count.feed, reading.name, received_at) not in fresh
    if sent := reading.events[0].teller.sent:
        # A local time that a clock change skips or repeats is read as `models.time.resolve` reads it.
        offset = zone if sent.offset is None else timezone(timedelta(minutes=sent.offset))
        seconds = (received_at - sent.wall.replace(tzinfo=offset)).total_seconds()
        if seconds < -SKEW_S:
            count.skewed += 1
        count.ahead_s = max(count.ahead_s, int(-seconds))
        bound = bound_of(seconds, DELAY_BOUNDS_S)
        count.delays[bound] = count.delays.get(bound, 0) + 1
