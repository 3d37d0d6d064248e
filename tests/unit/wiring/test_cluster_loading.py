"""What `load` tells of the rows of a file on their way into a cluster."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.files.contract import Sheaf
from services.wiring.cluster_loading import ReadingJournal
from services.wiring.loading import take_file
from services.wiring.setup import Setup, read_setup

HEAD = "member_id,mcp_id,coverage_start,risk_tier\n"
MARK = "unknown_word:risk_tier"
NOW = datetime(2025, 6, 1, tzinfo=UTC)


class Kept:
    """A journal that has the first parts of every file already."""

    numbered = True

    def __init__(self, parts: int = 0, *, is_new: bool = True) -> None:
        self._parts, self._is_new = parts, is_new

    def checkpoint(self, sha256: bytes) -> int:
        return self._parts

    def keep(self, sheaf: Sheaf) -> tuple[int, int]:
        return (len(sheaf.lines), 0) if self._is_new else (0, len(sheaf.lines))


@pytest.fixture(scope="module")
def setup() -> Setup:
    return read_setup(None)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of several parts; the last row of each thousand, and the last of all, has a word that no rule knows."""
    rows = (f"M{n},PLANA,2025-01-01,{'hihg' if n % 1000 == 0 else 'high'}{' ' * 50}\n" for n in range(1, 20_001))
    file = tmp_path / "roster.csv"
    file.write_text(HEAD + "".join(rows))
    return file


def found(journal: Kept, file: Path, setup: Setup) -> dict[str, list[str]]:
    reading = ReadingJournal(journal, setup.readers)
    take_file(reading, file, "files", NOW)
    return reading.found


def test_a_row_is_told_by_its_line_in_whichever_part_it_is(table: Path, setup: Setup) -> None:
    places = found(Kept(), table, setup)[MARK]
    assert len(places) == 20
    assert places[:10] == [f"line {n}" for n in range(1001, 11_000, 1000)]


def test_where_an_earlier_run_kept_the_beginning_a_row_is_told_by_its_part(table: Path, setup: Setup) -> None:
    places = found(Kept(2), table, setup)[MARK]
    assert 0 < len(places) < 20
    assert places[0].endswith(" of part 3")


def test_what_was_there_already_is_not_told_again(table: Path, setup: Setup) -> None:
    assert found(Kept(is_new=False), table, setup) == {}
