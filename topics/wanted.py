"""How topics should stand on the broker, and in what they stand otherwise. Pure: how they stand is handed in."""

from collections.abc import Mapping, Sequence

import msgspec

from topics.declared import TOPICS, partitions_of
from topics.topic import Topic

_MOVES = "its keys would move to other partitions, and records of one patient or member lose their order"


class Standing(msgspec.Struct, frozen=True):
    """A topic on the broker: its partitions, on how many brokers each lies, and its settings by Kafka's names."""

    partitions: int
    replication: int
    settings: Mapping[str, str]


class Wanted(msgspec.Struct, frozen=True):
    """A topic as it should stand, under the name by which the broker knows it."""

    topic: Topic
    name: str
    standing: Standing


class Difference(msgspec.Struct, frozen=True):
    """One thing in which a topic stands otherwise. `remedy` is empty where `topics apply` mends it."""

    topic: str
    what: str
    found: str
    wanted: str
    remedy: str = ""

    def __str__(self) -> str:
        """One line, and the remedy on a line of its own."""
        said = f"{self.topic}: {self.what} is {self.found}, wanted is {self.wanted}."
        return f"{said}\n  {self.remedy}" if self.remedy else said


def wanted(namespace: str, partitions: Mapping[str, int], replication: int) -> list[Wanted]:
    """Every topic of an installation; `partitions` by declared name, where another number is wanted than declared."""
    return [
        Wanted(topic, topic.name_in(namespace), Standing(partitions_of(topic, partitions), replication, settings))
        for topic in TOPICS
        for settings in [_settings(topic, replication)]
    ]


def differences(want: Wanted, found: Standing | None) -> list[Difference]:
    """In what a topic stands otherwise than wanted; a setting that we do not speak of may be anything."""
    if found is None:
        return [Difference(want.name, "the topic", "missing", "that it exists")]
    return [*_partitions(want, found), *_replication(want, found), *_settings_of(want, found)]


def _settings(topic: Topic, replication: int) -> dict[str, str]:
    settings = {
        "cleanup.policy": "delete" if topic.kept_for else "compact",
        "max.message.bytes": str(topic.record_bytes_max),
        # One broker may be away without anything being lost or anybody waiting; with one broker, none may.
        "min.insync.replicas": str(max(replication - 1, 1)),
        # A sender's wrong clock must not decide how long its record is kept.
        "message.timestamp.type": "LogAppendTime",
        # As it was written: what a broker's default packs anew, every reader must be able to unpack, and has to.
        "compression.type": "producer",
        "unclean.leader.election.enable": "false",
    }
    if topic.kept_for:
        settings["retention.ms"] = str(round(topic.kept_for.total_seconds() * 1000))
    else:
        settings["min.compaction.lag.ms"] = str(round(topic.read_within.total_seconds() * 1000))
    return settings


def _partitions(want: Wanted, found: Standing) -> Sequence[Difference]:
    have, count = found.partitions, want.standing.partitions
    if have == count:
        return ()
    remedy = ""
    if have > count:
        remedy = f"Kafka takes no partitions away. Write `partitions: {{{want.topic.name}: {have}}}` into the settings."
    elif not want.topic.grows:
        remedy = f"None are added: {_MOVES}. Write `partitions: {{{want.topic.name}: {have}}}` into the settings."
    return [Difference(want.name, "the number of partitions", str(have), str(count), remedy)]


def _replication(want: Wanted, found: Standing) -> Sequence[Difference]:
    have, count = found.replication, want.standing.replication
    remedy = "Move its partitions with Kafka's own `kafka-reassign-partitions.sh`, or correct `replication`."
    return [] if have == count else [Difference(want.name, "replication", str(have), str(count), remedy)]


def _settings_of(want: Wanted, found: Standing) -> Sequence[Difference]:
    pairs = ((name, found.settings.get(name, "unknown"), value) for name, value in want.standing.settings.items())
    return [Difference(want.name, name, have, value) for name, have, value in pairs if have != value]
