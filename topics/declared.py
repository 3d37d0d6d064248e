"""Every stream there is. The broker is set up, records are written and the reference page is made from these."""

from collections.abc import Mapping
from datetime import timedelta

from topics.records import CountRecord, EffectRecord, QuarantineRecord, StatusRecord
from topics.topic import MIB, Topic

BODY_BYTES_MAX = 64 * MIB
"""The longest body of a line: what a file's line may have; a listener's frame may not have more in a cluster."""
_LINE_BYTES_MAX = BODY_BYTES_MAX + MIB
_WHILE_AWAY = timedelta(days=30)
"""Longer than workers are ever away, and than the age of a backup that is restored: its cursors point back so far."""
_FEEDS = "`serve`, `load`, and commands by which people decide"
_OUTBOX = "the outbox publisher in a `worker`"
_SEVEN_DAYS = timedelta(days=7)

RAW = Topic(
    name="feeds.raw.v1",
    doc="Everything received but tables: HL7 v2, FHIR, decisions; the bytes as they came.",
    key="`feed|` and the first repetition of PID-3, else the body's SHA-256",
    place="the key",
    written_by=_FEEDS,
    read_by="`worker`",
    kept_for=_WHILE_AWAY,
    record_bytes_max=_LINE_BYTES_MAX,
)
BULK = Topic(
    name="feeds.bulk.v1",
    doc="Tables (rosters, claims, fills, ...) in chunks of whole rows, each with the header row.",
    key="the file's SHA-256, else the body's",
    place="the key",
    written_by=_FEEDS,
    read_by="`worker`",
    partitions=4,
    kept_for=_WHILE_AWAY,
    record_bytes_max=_LINE_BYTES_MAX,
)
TASKS = Topic(
    name="members.tasks.v1",
    doc="Every effect about a task: folded by (subject, revision) they are the tasks as they stand.",
    key="the task's id",
    place="the member's id",
    value=EffectRecord,
    written_by=_OUTBOX,
    read_by="subscribers",
    read_within=_SEVEN_DAYS,
)
ALERTS = Topic(
    name="members.alerts.v1",
    doc="The effects that say an alert or take one back, as they stand in `members.tasks.v1`, with the same ids.",
    key="the task's id",
    place="the member's id",
    value=EffectRecord,
    written_by=_OUTBOX,
    read_by="subscribers",
    kept_for=_WHILE_AWAY,
)
STATUS = Topic(
    name="measures.status.v1",
    doc="What a measure says now of a unit, whenever that changed.",
    key="the unit's subject",
    place="the member's id",
    value=StatusRecord,
    written_by=_OUTBOX,
    read_by="subscribers",
    read_within=_SEVEN_DAYS,
)
COUNTS = Topic(
    name="measures.counts.v1",
    doc="The counters of measures; a counter that is gone has a record without a value.",
    key="measure, version, period, owner and stratum, as a JSON list",
    place="the key",
    value=CountRecord,
    written_by=_OUTBOX,
    read_by="subscribers",
    partitions=4,
)
QUARANTINE = Topic(
    name="intake.quarantine.v1",
    doc="What could not be read, and what would fix it; never a person's values.",
    key="the record's id, such as `q-7`",
    place="the key",
    value=QuarantineRecord,
    written_by=_OUTBOX,
    read_by="subscribers",
    partitions=1,
    grows=True,
    kept_for=_WHILE_AWAY,
)

TOPICS = (RAW, BULK, TASKS, ALERTS, STATUS, COUNTS, QUARANTINE)


def partitions_of(topic: Topic, settings: Mapping[str, int]) -> int:
    """How many partitions a topic should have, where the settings name some."""
    return settings.get(topic.name, topic.partitions)
