"""The shared scenarios obey the laws too; skipped where they are not to be found."""

import json
import random
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.laws.test_order import check
from tests.scenarios import FILES, NO_FILES
from tests.timeline import Live, Told


@NO_FILES
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scenario_reads_the_same_in_any_order_and_as_of_any_receipt(file: Path) -> None:
    journal = json.loads(file.read_text("utf-8"))["journal"]
    shuffled = [*journal, *journal[::2]]
    random.Random(file.stem).shuffle(shuffled)
    instants = sorted({datetime.fromisoformat(line["received_at"]) for line in journal})
    whole, other = Told(journal), Told(shuffled)
    for at in instants:
        by_then = [line for line in journal if datetime.fromisoformat(line["received_at"]) <= at]
        assert whole.json(at) == other.json(at) == Told(by_then).json(at)


@NO_FILES
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_scenario_told_line_by_line_equals_all_at_once(file: Path) -> None:
    """With the wake-ups that fall between two lines, and a year of them after the last."""
    journal = json.loads(file.read_text("utf-8"))["journal"]
    journal.sort(key=lambda line: datetime.fromisoformat(line["received_at"]))
    with closing(Live()) as live:
        for n, line in enumerate(journal, 1):
            live.sleep(datetime.fromisoformat(line["received_at"]))
            live.take([line])
            if n % 3 == 0:
                live.crash()
            assert live.json(live.now) == Told(journal[:n]).json(live.now)
        check(live, Told(journal), live.now)
        last = live.now
        for days in (1, 7, 8, 30, 31, 365):
            live.sleep(last + timedelta(days=days))
            assert live.json(live.now) == Told(journal).json(live.now)
        check(live, Told(journal), live.now)
