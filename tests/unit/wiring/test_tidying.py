"""What was handed over through the inbox goes a week after it was taken, if the journal holds it."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.files.drop import TAKEN
from services.runtime.store.contract import NewLine
from services.runtime.store.sqlite import SqliteStore
from services.wiring.loading import INBOX
from services.wiring.submitting import _hand_over, take_inbox
from services.wiring.tidying import forget_taken

NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(folder: Path) -> Iterator[SqliteStore]:
    with SqliteStore.open(folder, now=lambda: NOW) as opened:
        yield opened


def hand_over(folder: Path, word: str) -> None:
    line = NewLine("decisions", NOW, "decisions", b'{"action":"%s"}' % word.encode())
    _hand_over(folder / INBOX, line, NOW)


def test_files_in_the_journal_go_after_a_week(store: SqliteStore, folder: Path) -> None:
    taken = folder / INBOX / TAKEN
    for word in ("old", "new"):
        hand_over(folder, word)
    take_inbox(store, folder, lambda: NOW)
    old, new = sorted(taken.iterdir(), key=lambda path: b"old" not in path.read_bytes())
    strange = taken / "strange.ndjson"
    strange.write_text("nobody knows this\n")
    for path in (old, strange):
        os.utime(path, times=((NOW - timedelta(days=8)).timestamp(),) * 2)
    assert forget_taken(store, folder, NOW) == 1
    assert set(taken.iterdir()) == {new, strange}
    assert forget_taken(store, folder, NOW + timedelta(days=8)) == 1
    assert set(taken.iterdir()) == {strange}


def test_where_nothing_was_ever_handed_over_there_is_nothing_to_do(store: SqliteStore, folder: Path) -> None:
    assert forget_taken(store, folder, NOW) == 0
    assert not (folder / INBOX).exists()
