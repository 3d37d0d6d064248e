"""An admission and the roster row of its member, on two partitions, taken by two workers at the same moment."""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from random import Random

import pytest

from services.runtime.cluster.records import Record
from services.runtime.store.contract import Batch
from services.runtime.store.postgres_transaction import PostgresTransaction
from tests import wire
from tests.cluster.desks import Desk
from tests.end_to_end.running import adt, roster
from topics.declared import RAW
from topics.raw import RawLine, encode

LINGER_S = 0.02
"""How long a transaction lingers at most between reading and writing: the other may begin and end anywhere in it."""


def raced(desks: Sequence[Desk], rounds: int, at: datetime, dice: Random) -> list[RawLine]:
    """Have two workers race once for each of many members; give the lines, those of a member one after the other."""
    lines: list[RawLine] = []
    plain = PostgresTransaction.commit

    def commit(transaction: PostgresTransaction, batch: Batch) -> None:
        time.sleep(dice.uniform(0, LINGER_S))
        plain(transaction, batch)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PostgresTransaction, "commit", commit)
        for number in range(rounds):
            pair = _pair(f"M{number}", f"9{number:07}A".encode(), at, dice)
            _race(desks, [record_of(line, partition, number) for partition, line in enumerate(pair)], dice)
            lines += pair
    return lines


def _pair(member: str, cin: bytes, at: datetime, dice: Random) -> list[RawLine]:
    """What is told of one member, by a CIN that nobody else has: `tests.wire` knows those of ten.

    Where one of them is not live, its member is derived later, which mends much; where both are, nothing does.
    """
    row, message = roster(member).encode(), adt("A01", f"C-{member}", member, at=at)
    was = wire.cin(member).encode()
    return [
        RawLine("plan", at, "roster", row.replace(was, cin), is_live=dice.random() < 0.5),
        RawLine("F1", at, "hl7v2", message.replace(was, cin), is_live=dice.random() < 0.5),
    ]


def _race(desks: Sequence[Desk], records: Sequence[Record], dice: Random) -> None:
    racers = [
        threading.Timer(dice.uniform(0, LINGER_S), desk.taker.take, [[record]])
        for desk, record in zip(desks, records, strict=True)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()


def record_of(line: RawLine, partition: int, offset: int) -> Record:
    """A line as it would lie on the topic of messages."""
    return Record(RAW.name, partition, offset, datetime.now(UTC), *encode(line))
