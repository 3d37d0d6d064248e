"""Which records of a partition are still to be taken: what the cursor row decides, and nothing else (design §2.3).

Kafka's committed offset, generation numbers and acknowledgements are hints; only the row is believed.
"""

from collections.abc import Sequence

from services.runtime.cluster.ending import Gap, OtherTopic
from services.runtime.cluster.records import Record
from services.runtime.store.cluster_contract import Cursor

_REMEDY = "Nothing was taken from it. Put the old topic back, or name another store (--store)."


def untaken(records: Sequence[Record], cursor: Cursor, start: int) -> Sequence[Record]:
    """Of records of one partition, as they came, those that were not taken yet, in order of offset.

    Args:
        start: where reading began; it counts where there is no cursor yet.

    Raises:
        Gap: the first of them is not the next one.
        OtherTopic: the record at the cursor is another than the one that was taken.
    """
    for record in records:
        if record.offset == cursor.offset and record.sha256 != cursor.sha256:
            raise OtherTopic(f"{record}: not the record that was taken there: the topic was made anew.\n  {_REMEDY}")
    expected = start if cursor.offset is None else cursor.offset + 1
    fresh = []
    for record in records:
        if record.offset > expected:
            raise Gap(f"{record} came where offset {expected} was to come. Start the worker again.")
        if record.offset == expected:  # after a rebalance the same records may come twice, also in one batch
            fresh.append(record)
            expected += 1
    return fresh


def cut_off(topic: str, partition: int, end: int) -> OtherTopic:
    """What is wrong with a log that ends before what was taken of it: what comes next would reach nobody."""
    where = f"{topic}, partition {partition}: it ends at offset {end}, and more was taken of it"
    return OtherTopic(f"{where}: the topic was made anew, or its broker has lost records.\n  {_REMEDY}")


def start_of(topic: str, partition: int, cursor: Cursor, first: int, end: int) -> int:
    """The offset to read from: at the cursor, so that its record can be compared.

    Args:
        first, end: offsets of the log's first record, and behind its last one.

    Raises:
        OtherTopic: the log ends before the cursor, or begins behind the record after it.
    """
    if cursor.offset is None or first == cursor.offset + 1:
        return first  # the record at the cursor may be gone by age; the next one stands
    if first <= cursor.offset < end:
        return cursor.offset
    where = f"{topic}, partition {partition}: it holds offsets {first} to {end - 1}, and {cursor.offset} was taken last"
    raise OtherTopic(f"{where}: the topic was made anew, or records were deleted before they were taken.\n  {_REMEDY}")
