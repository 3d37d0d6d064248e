"""What is said of a stream, and how its records find their partition."""

from datetime import timedelta
from hashlib import sha256

import msgspec

MIB = 1 << 20


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One stream, as the broker is told of it and as the reference page shows it.

    Args:
        name: with its version; another version is another topic.
        doc: what it is, in a sentence. key: what a record's key is. place: what decides its partition.
        value: the shape of a record's JSON; None: bytes as they were received.
        schema: the number that records carry in the header `schema`.
        partitions: how many, unless the settings say otherwise.
        grows: whether partitions may be added later; not where a key or a cursor holds to its partition.
        kept_for: how long a record stays; None: for good, but of each key the newest alone.
        read_within: of a compacted topic, how long every record of a key stays all the same.
        record_bytes_max: the largest record, its key and headers included.
    """

    name: str
    doc: str
    key: str
    place: str
    written_by: str
    read_by: str
    value: type[msgspec.Struct] | None = None
    schema: int = 1
    partitions: int = 16
    grows: bool = False
    kept_for: timedelta | None = None
    read_within: timedelta = timedelta()
    record_bytes_max: int = MIB

    def name_in(self, namespace: str) -> str:
        """What the broker calls it."""
        return f"{namespace}.{self.name}"


def partition_of(place: str, partitions: int) -> int:
    """The partition of a text: the same for ever, in every process and language that has SHA-256."""
    return int.from_bytes(sha256(place.encode()).digest()[:8]) % partitions
