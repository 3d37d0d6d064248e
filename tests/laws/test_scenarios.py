"""The shared scenarios obey the laws too; skipped where they are not to be found."""

import json
import os
import random
from datetime import datetime
from pathlib import Path

import pytest

from tests.timeline import Told

SHARED = Path(os.environ.get("WARMHANDOFF_CORPORA") or Path(__file__).resolve().parents[3] / "shared")
FILES = sorted((SHARED / "scenarios").glob("*.json"))


@pytest.mark.skipif(not FILES, reason="no scenarios: set WARMHANDOFF_CORPORA to the folder that contains scenarios/")
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
