"""What the broker is asked for, and what is said of a topic that stands otherwise."""

import pytest

from topics.declared import BODY_BYTES_MAX, BULK, QUARANTINE, RAW, TASKS, TOPICS
from topics.wanted import Standing, Wanted, differences, wanted


def named(name: str, **partitions: int) -> Wanted:
    return next(each for each in wanted("w1a2b3c4d", partitions, 3) if each.topic.name == name)


def standing(want: Wanted, **settings: str) -> Standing:
    return Standing(want.standing.partitions, want.standing.replication, {**want.standing.settings, **settings})


def test_every_topic_is_wanted_under_the_installation_s_name() -> None:
    assert [each.name for each in wanted("w1a2b3c4d", {}, 1)] == [f"w1a2b3c4d.{topic.name}" for topic in TOPICS]
    assert all(differences(each, each.standing) == [] for each in wanted("w1a2b3c4d", {}, 3))


@pytest.mark.parametrize(("replication", "in_sync"), [(3, "2"), (2, "1"), (1, "1")])
def test_one_broker_may_be_away_where_there_is_another(replication: int, in_sync: str) -> None:
    assert {each.standing.settings["min.insync.replicas"] for each in wanted("w", {}, replication)} == {in_sync}


def test_the_longest_line_fits_with_all_that_is_said_of_it() -> None:
    assert RAW.record_bytes_max > BODY_BYTES_MAX
    assert BULK.record_bytes_max > BODY_BYTES_MAX


def test_a_setting_of_ours_that_differs_is_mended_and_others_are_not_looked_at() -> None:
    want = named(TASKS.name)
    assert want.standing.settings["cleanup.policy"] == "compact"
    (found,) = differences(want, standing(want, **{"cleanup.policy": "delete", "segment.bytes": "1"}))
    assert (found.what, found.found, found.wanted, found.remedy) == ("cleanup.policy", "delete", "compact", "")


def test_no_broker_packs_anew_what_was_written_whatever_its_default() -> None:
    want = named(RAW.name)
    (found,) = differences(want, standing(want, **{"compression.type": "zstd"}))
    assert (found.wanted, found.remedy) == ("producer", "")


@pytest.mark.parametrize(
    ("have", "word"), [(8, "None are added: its keys would move"), (99, "takes no partitions away")]
)
def test_the_partitions_of_a_feed_stay_as_many_as_they_are(have: int, word: str) -> None:
    want = named(RAW.name)
    (found,) = differences(want, Standing(have, 3, want.standing.settings))
    assert word in found.remedy
    assert f"{{feeds.raw.v1: {have}}}" in found.remedy


def test_partitions_may_be_added_where_no_order_hangs_on_them() -> None:
    want = named(QUARANTINE.name, **{QUARANTINE.name: 4})
    (found,) = differences(want, Standing(1, 3, want.standing.settings))
    assert found.remedy == ""


def test_a_missing_topic_and_another_replication_are_told() -> None:
    want = named(RAW.name)
    assert [each.found for each in differences(want, None)] == ["missing"]
    (found,) = differences(want, Standing(want.standing.partitions, 1, want.standing.settings))
    assert "kafka-reassign-partitions" in str(found)
