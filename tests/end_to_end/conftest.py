"""What every end-to-end test starts from."""

from pathlib import Path

import pytest

from tests.end_to_end.running import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """An empty working folder; the store is made by the first command that writes."""
    return House(tmp_path)
