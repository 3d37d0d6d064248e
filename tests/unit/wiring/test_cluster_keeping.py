"""A listener of a cluster: kept on the brokers, answered, and the same again for the same message."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import cast

import pytest

from connectors.kafka.producer import Delivered, Producer, ToSend
from models.errors import WorldIsAway
from models.ledger import Answered
from models.time import Instant
from services.wiring import cluster_keeping, recalling
from services.wiring.clock import Clock
from services.wiring.cluster_keeping import ClusterKeeper, Row
from services.wiring.recalling import Asked, Before, Recalling
from tests.patience import PATIENCE_S
from topics.raw import RawLine, decode

AT = datetime(2025, 6, 5, 17, 5, tzinfo=UTC)
BODY = b"MSH|^~\\&|HIE|H1|||20250605100500||ADT^A01|C1|P|2.5.1\rPID|1||123^^^H1^MR\r"
DAY = timedelta(days=1)


class Brokers:
    """Stands for the producer: what was delivered, and whether anything can be."""

    def __init__(self) -> None:
        self.lines: list[RawLine] = []
        self.topics: list[str] = []
        self.failure = ""
        self.gate = asyncio.Event()
        self.gate.set()

    async def deliver(self, record: ToSend) -> Delivered:
        await self.gate.wait()
        if self.failure:
            raise WorldIsAway(self.failure)
        self.topics.append(record.topic)
        self.lines.append(decode(record.value, record.headers))
        return Delivered(0, len(self.lines) - 1)


class Database:
    """Stands for the store of the cluster."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, bytes], Before] = {}
        self.asked: list[Sequence[Asked]] = []
        self.rows: list[Row] = []
        self.is_away = False
        self.gate = threading.Event()
        self.gate.set()

    def answers_of(self, asked: Sequence[Asked]) -> list[Before | None]:
        self.asked.append(asked)
        self.gate.wait(PATIENCE_S)
        if self.is_away:
            raise WorldIsAway("the database is away")
        return [self.known.get((feed, digest)) for feed, digest, _ in asked]

    def note_answered(self, rows: Sequence[Row]) -> None:
        self.rows += rows


class Ticks:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def brokers() -> Brokers:
    return Brokers()


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def keeper(brokers: Brokers, database: Database, ticks: Ticks) -> ClusterKeeper:
    """It waits for answers of the database as long as they take."""
    return keeper_that_waits(PATIENCE_S, brokers, database, ticks)


def keeper_that_waits(bound_s: float, brokers: Brokers, database: Database, ticks: Ticks) -> ClusterKeeper:
    asking = Recalling(database.answers_of, bound_s=bound_s, ticks=ticks)
    return ClusterKeeper(cast("Producer", brokers), "w1", Clock(), asking, database.note_answered)


async def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends, "it never came to hold"
        await asyncio.sleep(0.01)


def answered(number: int, answer: bytes = b"AA", at: Instant = AT) -> Answered:
    return Answered("F1", number, "C1", at, at, "AA", 900, repeat=False, answer=answer)


async def test_a_message_is_on_the_brokers_with_its_answer_before_it_counts_as_kept(
    keeper: ClusterKeeper, brokers: Brokers
) -> None:
    kept = await keeper.keep("F1", AT, BODY, b"AA")
    assert (kept.repeat, kept.answer) == (False, b"AA")
    assert brokers.lines == [RawLine("F1", AT, "hl7v2", BODY, is_live=True, answer=b"AA")]
    assert brokers.topics == ["w1.feeds.raw.v1"]


async def test_the_same_message_again_gets_the_answer_it_got(keeper: ClusterKeeper, brokers: Brokers) -> None:
    first = await keeper.keep("F1", AT, BODY, b"AA one")
    again = await keeper.keep("F1", AT + 7 * DAY, BODY, b"AA two")
    assert (again.seq, again.repeat, again.answer) == (first.seq, True, b"AA one")
    assert len(brokers.lines) == 1
    later = await keeper.keep("F1", AT + 8 * DAY, BODY, b"AA three")
    assert (later.repeat, later.answer) == (False, b"AA three")
    other = await keeper.keep("F2", AT, BODY, b"AA four")
    assert (other.repeat, len(brokers.lines)) == (False, 3)


async def test_what_another_listener_answered_is_known_from_the_database(
    keeper: ClusterKeeper, brokers: Brokers, database: Database
) -> None:
    database.known["F1", sha256(BODY).digest()] = AT - DAY, b"AA there"
    kept = await keeper.keep("F1", AT, BODY, b"AA here")
    assert (kept.repeat, kept.answer, brokers.lines) == (True, b"AA there", [])
    again = await keeper.keep("F1", AT, BODY, b"AA here")
    assert (again.answer, len(database.asked)) == (b"AA there", 1)


async def test_the_same_message_twice_at_once_is_kept_once(keeper: ClusterKeeper, brokers: Brokers) -> None:
    brokers.gate.clear()
    both = [asyncio.create_task(keeper.keep("F1", AT, BODY, answer)) for answer in (b"AA one", b"AA two")]
    await asyncio.sleep(0.05)
    brokers.gate.set()
    first, second = await asyncio.gather(*both)
    assert (second.repeat, second.answer, second.seq) == (True, b"AA one", first.seq)
    assert len(brokers.lines) == 1


async def test_with_the_brokers_away_nothing_is_kept_and_health_says_so(
    keeper: ClusterKeeper, brokers: Brokers
) -> None:
    brokers.failure = "kafka is away"
    for _ in range(2):
        with pytest.raises(WorldIsAway, match="kafka is away"):
            await keeper.keep("F1", AT, BODY, b"AA")
    assert not keeper.is_well()
    brokers.failure = ""
    assert keeper.is_well()
    assert not (await keeper.keep("F1", AT, BODY, b"AA")).repeat  # nobody heard AA: it is no repeat


async def test_with_the_database_away_messages_are_kept_and_it_is_let_alone_for_a_while(
    keeper: ClusterKeeper, brokers: Brokers, database: Database, ticks: Ticks
) -> None:
    database.is_away = True
    for number in range(3):
        assert not (await keeper.keep("F1", AT, BODY + b"%d" % number, b"AA")).repeat
    assert (len(brokers.lines), len(database.asked)) == (3, 1)
    database.is_away, ticks.now = False, ticks.now + recalling.PAUSE_S + 1
    await keeper.keep("F1", AT, BODY, b"AA")
    assert len(database.asked) == 2


async def test_a_database_that_gives_no_answer_in_time_is_not_waited_for(
    brokers: Brokers, database: Database, ticks: Ticks
) -> None:
    keeper = keeper_that_waits(0.2, brokers, database, ticks)
    database.gate.clear()
    assert not (await keeper.keep("F1", AT, BODY, b"AA")).repeat
    await keeper.keep("F1", AT, BODY + b"x", b"AA")
    assert len(database.asked) == 1
    database.gate.set()


async def test_messages_that_come_together_are_asked_for_together(keeper: ClusterKeeper, database: Database) -> None:
    database.gate.clear()
    keeping = asyncio.gather(*(keeper.keep("F1", AT, BODY + b"%d" % number, b"AA") for number in range(100)))
    await until(lambda: len(database.asked) == 1)  # with whoever had come by then; the others have come since
    database.gate.set()
    await keeping
    assert sum(map(len, database.asked)) == 100
    assert len(database.asked) <= 2


async def test_an_answer_that_was_decided_later_takes_the_place_of_the_first(
    keeper: ClusterKeeper, database: Database
) -> None:
    kept = await keeper.keep("F1", AT, BODY, None)
    await keeper.replace_answer(kept.seq, b"AE")
    keeper.answered(answered(kept.seq, b"AE"))
    assert (await keeper.keep("F1", AT + DAY, BODY, None)).answer == b"AE"
    (digest, received_at, row), *_ = database.rows
    assert (digest, received_at, row.seq, row.answer) == (sha256(BODY).digest(), AT, 0, b"AE")


async def test_a_repeat_s_row_names_the_receipt_of_the_line_it_repeats(
    keeper: ClusterKeeper, database: Database
) -> None:
    await keeper.keep("F1", AT, BODY, b"AA")
    again = await keeper.keep("F1", AT + DAY, BODY, b"AA")
    keeper.answered(answered(again.seq, at=AT + DAY))
    assert [(received_at, row.received_at) for _, received_at, row in database.rows] == [(AT, AT + DAY)]


async def test_the_head_of_a_frame_that_was_too_long_is_kept(keeper: ClusterKeeper, brokers: Brokers) -> None:
    keeper.discarded("F1", 1 << 30, b"MSH|", "over_hard_limit")
    await until(lambda: bool(brokers.lines))
    (line,) = brokers.lines
    assert (line.kind, line.body, line.is_live) == ("overlong", b"MSH|", False)


async def test_no_more_is_remembered_than_there_is_room_for(
    keeper: ClusterKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_keeping, "REMEMBERED", 3)
    kept = [await keeper.keep("F1", AT, BODY + b"%d" % number, b"AA") for number in range(5)]
    assert (len(keeper._said), set(keeper._by_number)) == (3, {each.seq for each in kept[2:]})
    keeper.answered(answered(kept[0].seq))  # too late for the ledger, and harmless
