"""Which rows of the counters a transaction adds to: those that no other worker changes at the same time."""

from collections.abc import Collection, Sequence

from services.runtime.cluster.records import Record
from services.runtime.store.cluster_contract import Partition
from topics.declared import BULK

_BULK, _WAKING, _HELPING = 10_000, 20_000, 30_000
"""A live partition's shard is its number. Those of files, of members who are woken, and of a recount's helpers begin
here.
"""


def of_records(records: Sequence[Record]) -> int:
    """That of a batch: the cursors of all its partitions are locked meanwhile."""
    return min(record.partition + (_BULK if record.topic == BULK.name else 0) for record in records)


def of_waking(assigned: Collection[Partition], every: Sequence[Partition]) -> int:
    """That of members whom a worker wakes: by the first of its partitions, which no other one has.

    Args:
        assigned: what the worker reads, never empty. every: all partitions, in an order that all workers have.
    """
    return _WAKING + min(map(every.index, assigned))


def of_helper(number: int) -> int:
    """That of one of the processes that share a recount."""
    return _HELPING + number
