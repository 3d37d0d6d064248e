"""What leaves the system says the same as an outbox line, in a shape that only grows."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from models.measure import Contribution, CounterKey, Sums
from models.owner import Owner
from models.view import Effect
from services.status.shapes import effect_json
from topics.declared import ALERTS, COUNTS, QUARANTINE, RAW, STATUS, TASKS, TOPICS
from topics.raw import RawLine, decode
from topics.records import QuarantineRecord
from topics.schemas import broken, schema_of
from topics.telling import Record, count_record, effect_records, quarantine_record
from topics.topic import Topic, partition_of

DATA = Path(__file__).parents[2] / "data" / "topics"
AT = datetime(2025, 6, 5, 17, 5, tzinfo=UTC)
SHAPED = [topic for topic in TOPICS if topic.value]
OPENED = Effect(
    "e1", AT, "task_opened", "opened", "M1", "t1", 1, "tcs.cm_contact_7d", "open", AT, Owner("PLANA", "P1"), None,
    ("n1", "n2"), Owner("PLANB"),
)  # fmt: skip
COUNTED = Contribution(
    "pdc.statins", "2025.1", "2025", "M1", 1, 1, 0, 0, 1, 0.85, date(2025, 1, 1), date(2025, 12, 31),
    date(2025, 12, 31), Owner("PLANA"), (("age_band", "18-64"),),
)  # fmt: skip


def said(record: Record) -> dict[str, object]:
    assert record.value is not None
    return msgspec.json.decode(record.value, type=dict[str, object])


@pytest.mark.parametrize("alert", ["opened", None])
def test_a_task_s_effect_says_what_the_outbox_line_says(alert: str | None) -> None:
    effect = msgspec.structs.replace(OPENED, alert=alert)
    records = effect_records(7, effect)
    assert [record.topic for record in records] == ([TASKS, ALERTS] if alert else [TASKS])
    assert len({record.value for record in records}) == 1
    line = msgspec.to_builtins(effect_json(7, effect, ZoneInfo("UTC")))
    line = {name: value for name, value in line.items() if name != "contribution"}
    assert said(records[0]) == line | {"at": "2025-06-05T17:05:00Z", "due_at": "2025-06-05T17:05:00Z"}
    assert (records[0].key, records[0].place, records[0].headers) == (b"t1", "M1", [("schema", b"1")])


def test_an_alert_that_is_taken_back_is_in_both_topics() -> None:
    retracted = msgspec.structs.replace(OPENED, effect="alert_retracted", alert="due_soon", revision=2)
    assert [record.topic for record in effect_records(8, retracted)] == [TASKS, ALERTS]


def test_what_a_measure_says_is_told_to_those_who_follow_measures() -> None:
    effect = msgspec.structs.replace(OPENED, effect="contribution_changed", alert=None, contribution=COUNTED)
    (record,) = effect_records(9, effect)
    assert record.topic is STATUS
    line = effect_json(9, effect, ZoneInfo("UTC"))
    assert said(record)["contribution"] == msgspec.to_builtins(line["contribution"])
    (gone,) = effect_records(10, msgspec.structs.replace(effect, contribution=None, member_id="@files|PLANA|P1"))
    assert (said(gone)["contribution"], said(gone)["member_id"], gone.place) == (None, None, "@files|PLANA|P1")


def test_a_counter_that_is_gone_has_no_value_and_the_same_key() -> None:
    key = CounterKey("pdc.statins", "2025.1", "2025", "PLANA")
    stands, gone = count_record(key, Sums(3, 2, 1, 0, 1, 850_000, 3)), count_record(key, None)
    assert (stands.topic, stands.key, stands.place) == (COUNTS, gone.key, gone.place)
    assert gone.value is None
    assert said(stands)["numerator"] == 1


def test_what_is_in_quarantine_is_told() -> None:
    row = QuarantineRecord("q-7", "F1", 3, 1, "no_time", "PV1-45", "8 digits", "Ask the sender.", "waiting")
    record = quarantine_record(row)
    assert (record.topic, record.key, said(record)) == (QUARANTINE, b"q-7", msgspec.to_builtins(row))


@pytest.mark.parametrize("topic", SHAPED, ids=lambda topic: topic.name)
def test_readers_of_what_was_released_read_what_is_written_now(topic: Topic) -> None:
    """After a field with a default was added, write the file anew: `python -m tests.unit.topics.release`."""
    released = {path.name: msgspec.json.decode(path.read_bytes()) for path in DATA.glob(f"{topic.name}.schema-*.json")}
    assert f"{topic.name}.schema-{topic.schema}.json" in released
    assert broken(released[f"{topic.name}.schema-{topic.schema}.json"], schema_of(topic)) == []


def test_lines_of_the_first_schema_are_read_for_good() -> None:
    released = msgspec.json.decode((DATA / f"{RAW.name}.schema-1.json").read_bytes())
    headers = [(name, value.encode()) for name, value in released["headers"].items()]
    at = datetime(2025, 6, 5, 17, 5, 0, 123456, tzinfo=UTC)
    body, answer = released["value"].encode(), released["headers"]["answer"].encode()
    assert decode(body, headers) == RawLine("hie-west", at, "hl7v2", body, is_live=True, answer=answer)


def test_a_shape_may_gain_a_field_with_a_default_and_change_in_no_other_way() -> None:
    def shape(*fields: object) -> dict[str, object]:
        return msgspec.json.schema(msgspec.defstruct("Told", fields))

    before = shape(("id", str), ("seq", int))
    assert broken(before, shape(("id", str), ("seq", int), ("more", str, ""))) == []
    assert broken(before, shape(("id", str))) == ["Told.seq: is gone"]
    assert broken(before, shape(("id", str), ("seq", str))) == ["Told.seq: has another type"]
    assert broken(before, shape(("id", str), ("seq", int, 0))) != []
    assert broken(before, shape(("id", str), ("seq", int), ("more", str))) == [
        "Told.more: is required now, and older records lack it"
    ]
    assert broken(before, msgspec.json.schema(msgspec.defstruct("Other", []))) == ["Told: is gone"]


def test_a_member_s_records_are_in_one_partition_for_good() -> None:
    assert [partition_of(member, 16) for member in ("M1", "M2", "M3")] == [5, 14, 10]
    assert {partition_of(f"M{number}", 16) for number in range(500)} == set(range(16))
