"""A row is found on its line of the file that people have, however many parts the journal holds it in."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.files.cutting import CHUNK_BYTES
from services.runtime.store.contract import NewLine
from services.runtime.store.sqlite import SqliteStore
from services.status.placing import Place, Places
from services.wiring.loading import keep_file

T0 = datetime(2025, 3, 6, 19, 30, tzinfo=UTC)
HEADER = "member_id,mcp_id,coverage_start,risk_tier\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore.open(tmp_path / "store", now=lambda: T0) as opened:
        yield opened


def keep(store: SqliteStore, text: str, at: datetime = T0) -> None:
    keep_file(store, io.BytesIO(text.encode()), "files", at, "a file")


def named(store: SqliteStore, word: str) -> list[tuple[int, int]]:
    """(seq, ordinal) of the rows that begin so, in all lines."""
    found = []
    for line in store.lines(0, 999):
        rows = [row for row in line.body.decode().splitlines() if row.strip(" ,")]
        found += [(line.seq, ordinal) for ordinal, row in enumerate(rows) if row.startswith(word)]
    return found


@pytest.mark.parametrize("before", ["", "\n", "\r\n \n"])
def test_a_row_of_a_later_part_has_the_line_of_its_file(store: SqliteStore, before: str) -> None:
    rows = [f"{'LOOK' if number % 9_000 == 0 else 'M'}{number},PLANA,2024-01-01,high\n" for number in range(50_000)]
    rows[100:100] = ["\n", ",,,\n"]
    text = before + HEADER + "".join(rows)
    keep(store, text)
    assert store.head() == len(text) // CHUNK_BYTES + 1 == 3
    wanted = [number for number, row in enumerate(text.splitlines(), 1) if row.startswith("LOOK")]
    places = Places(store)
    assert [places.row(*at) for at in named(store, "LOOK")] == [Place("roster", line) for line in wanted]
    # Asked from the end, each is counted afresh.
    assert [Places(store).row(*at) for at in reversed(named(store, "LOOK"))] == [
        Place("roster", line) for line in reversed(wanted)
    ]


def test_messages_that_came_between_two_parts_do_not_count(store: SqliteStore) -> None:
    row = "M1,PLANA,2024-01-01,high\n"
    part = HEADER + row * (CHUNK_BYTES // len(row) - 10)
    for body, kind, late in ((part, "roster", 0), ("MSH|1", "hl7v2", 5), (HEADER + "LOOK,,,\n", "roster", 0)):
        line = NewLine("files", T0 + timedelta(seconds=late), kind, body.encode())
        store.append([line]).result()
    (at,) = named(store, "LOOK")
    assert Places(store).row(*at) == Place("roster", part.count("\n") + 1)


def test_another_file_of_the_same_moment_is_no_part(store: SqliteStore) -> None:
    keep(store, HEADER + "M1,PLANA,2024-01-01,high\n")
    keep(store, HEADER + "LOOK,PLANA,2024-01-01,high\n")
    (at,) = named(store, "LOOK")
    assert Places(store).row(*at) == Place("roster", 2)


def test_what_is_no_row_of_a_table_has_no_line(store: SqliteStore) -> None:
    store.append([NewLine("F1", T0, "hl7v2", b"MSH|1")]).result()
    assert (Places(store).row(1, 1), Places(store).row(0, 77), Places(store).row(9, 1)) == (None, None, None)
