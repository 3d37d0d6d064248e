"""What the board tells of the present, and of an earlier instant."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.traffic import FeedCount, slot_begins
from services.runtime.store.contract import Batch, NewLine
from services.runtime.store.sqlite import SqliteStore
from services.status.feeds import Board
from services.wiring.setup import read_setup

AT = datetime(2025, 3, 6, 19, 33, tzinfo=UTC)
EARLIER, SOON, FAR = AT - timedelta(minutes=10), AT + timedelta(seconds=1), AT + timedelta(days=400)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore.open(tmp_path, now=lambda: AT) as store:
        yield store


@pytest.fixture
def board(store: SqliteStore) -> Board:
    return Board(store, read_setup(None).reference, [])


def receive(store: SqliteStore, *receipts: datetime) -> None:
    store.append([NewLine("west", at, "hl7v2", b"x") for at in receipts]).result()
    store.commit(Batch(traffic=[FeedCount("west", slot_begins(at), 1, last_at=at) for at in receipts]))


def test_a_message_that_comes_while_we_look_hides_none_of_those_before_it(store: SqliteStore, board: Board) -> None:
    receive(store, EARLIER, AT, SOON)
    (west,) = board.feeds(AT, is_now=True)
    assert (west.at, west.seen.last_at, west.last_hour.messages) == (SOON, SOON, 3)


def test_one_that_comes_between_two_questions_hides_none_either(
    store: SqliteStore, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(store, EARLIER, AT)
    asked = SqliteStore.last_heard

    def busy(reader: SqliteStore, feed: str, at: datetime) -> datetime | None:
        told = asked(reader, feed, at)
        receive(store, (told or AT) + timedelta(microseconds=1))
        return told

    monkeypatch.setattr(SqliteStore, "last_heard", busy)
    (west,) = board.feeds(AT, is_now=True)
    assert west.seen.last_at
    assert AT <= west.seen.last_at <= west.at


def test_a_feed_first_heard_while_we_look_is_told(store: SqliteStore, board: Board) -> None:
    receive(store, SOON)
    assert [west.seen.last_at for west in board.feeds(AT, is_now=True)] == [SOON]


def test_a_receipt_that_cannot_be_yet_hides_no_silence(store: SqliteStore, board: Board) -> None:
    receive(store, AT - timedelta(days=3), FAR)
    (west,) = board.feeds(AT, is_now=True)
    assert (west.at, west.state) == (AT, "silent")


def test_of_an_earlier_instant_only_slots_that_were_over_are_told(store: SqliteStore, board: Board) -> None:
    receive(store, EARLIER, AT, SOON)
    (west,) = board.feeds(AT, is_now=False)
    assert (west.at, west.seen.last_at, west.last_hour.messages) == (slot_begins(AT), EARLIER, 1)
    (west,) = board.feeds(SOON, is_now=False)
    assert (west.at, west.last_hour.messages) == (SOON, 3)
