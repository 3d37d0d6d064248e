"""What leaves the system, as records to be sent: effects, counters, quarantine."""

import msgspec

from models.measure import Contribution, CounterKey, Sums
from models.owner import Owner
from models.subjects import is_member
from models.view import Effect
from topics.declared import ALERTS, COUNTS, QUARANTINE, STATUS, TASKS
from topics.records import CountRecord, EffectRecord, OwnerRecord, QuarantineRecord, StatusRecord, UnitRecord
from topics.topic import Topic

_ENCODER = msgspec.json.Encoder()


class Record(msgspec.Struct, frozen=True):
    """A record to be sent. `place` decides its partition (`topics.topic.partition_of`); `value` None takes it back."""

    topic: Topic
    key: bytes
    value: bytes | None
    headers: list[tuple[str, bytes]]
    place: str


def effect_records(position: int, effect: Effect) -> list[Record]:
    """An effect of the outbox. One that says an alert, or takes it back, is told to those who follow alerts alone, too.

    Args:
        position: where it stands in the outbox.
    """
    if effect.effect == "contribution_changed":
        return [_record(STATUS, effect.subject, _status(position, effect), effect.member_id)]
    value = _ENCODER.encode(_effect(position, effect))
    told = (TASKS, ALERTS) if effect.alert else (TASKS,)
    return [Record(topic, effect.subject.encode(), value, _headers(topic), effect.member_id) for topic in told]


def count_record(key: CounterKey, sums: Sums | None) -> Record:
    """A counter as it stands now; None: it is gone."""
    name = msgspec.json.encode(key).decode()
    if sums is None:
        return Record(COUNTS, name.encode(), None, _headers(COUNTS), name)
    owner = Owner(key.mcp_id, key.ecm_provider_id, key.lead_cm_id)
    value = CountRecord(
        key.measure, key.version, key.period, _owner(owner), key.kind, key.stratum, *msgspec.structs.astuple(sums)
    )
    return _record(COUNTS, name, value, name)


def quarantine_record(row: QuarantineRecord) -> Record:
    """What could not be read."""
    return _record(QUARANTINE, row.id, row, row.id)


def _record(topic: Topic, key: str, value: msgspec.Struct, place: str) -> Record:
    return Record(topic, key.encode(), _ENCODER.encode(value), _headers(topic), place)


def _headers(topic: Topic) -> list[tuple[str, bytes]]:
    return [("schema", str(topic.schema).encode())]


def _effect(position: int, effect: Effect) -> EffectRecord:
    return EffectRecord(
        effect.id, position, effect.at, effect.effect, effect.alert, effect.member_id, effect.subject, effect.revision,
        effect.rule, effect.state, effect.due_at, _owner(effect.owner), _previous(effect), effect.reason,
        effect.because,
    )  # fmt: skip


def _status(position: int, effect: Effect) -> StatusRecord:
    return StatusRecord(
        effect.id, position, effect.at, effect.member_id if is_member(effect.member_id) else None, effect.subject,
        effect.revision, effect.rule, effect.state, _owner(effect.owner), _previous(effect), effect.reason,
        effect.because, _unit(effect.contribution) if effect.contribution else None,
    )  # fmt: skip


def _unit(one: Contribution) -> UnitRecord:
    return UnitRecord(
        one.measure, one.version, one.period, one.unit, one.initial_population, one.denominator, one.exclusion,
        one.exception, one.numerator, one.value, one.first, one.last, one.closes_on, _owner(one.owner),
        dict(one.strata),
    )  # fmt: skip


def _previous(effect: Effect) -> OwnerRecord | None:
    return _owner(effect.previous_owner) if effect.previous_owner else None


def _owner(owner: Owner) -> OwnerRecord:
    return OwnerRecord(owner.mcp_id or None, owner.ecm_provider_id or None, owner.lead_cm_id or None)
