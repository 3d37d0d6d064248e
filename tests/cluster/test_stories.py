"""Every story, taken by two workers at once, reads as it does from the embedded store, to the byte (design §1)."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from services.runtime.pipeline import Pipeline
from services.runtime.recount import Recount
from services.runtime.store.contract import NewLine
from services.runtime.store.sqlite import SqliteStore
from services.wiring.clock import Clock
from services.wiring.loading import Summary, process
from services.wiring.setup import Setup
from tests.cluster.agreeing import effects_agree, shown
from tests.cluster.desks import desks, hand_over, logged
from tests.scenarios import FILES, NO_FILES, setup_with_codes
from topics.raw import RawLine


@pytest.fixture(scope="module")
def setup() -> Setup:
    """The shipped rules, with the codes that the stories use."""
    return setup_with_codes()


@NO_FILES
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_story_reads_the_same_from_a_cluster(
    file: Path, setup: Setup, database: str, namespace: str, tmp_path: Path
) -> None:
    story = json.loads(file.read_text("utf-8"))
    instants = [datetime.fromisoformat(expected["as_of"]) for expected in story["expect"]]
    lines = list(map(_line, story["journal"]))
    dice = random.Random(file.stem)
    with SqliteStore.open(tmp_path / "store", now=Clock()) as embedded:
        embedded.append([NewLine(each.feed, each.received_at, each.kind, each.body) for each in lines]).result()
        process(embedded, Pipeline(embedded, setup.readers, setup.reference, Clock()), Summary())
        expected = shown(embedded, setup, instants)
    with desks(database, namespace, setup, count=2) as opened:
        # One line in two is live: it is derived at once, at its receipt.
        lives = [msgspec.structs.replace(each, is_live=dice.random() < 0.5) for each in lines]
        hand_over(logged(lives), opened, dice)
        opened[0].settle(datetime.now(UTC))
        store = opened[1].store
        assert shown(store, setup, instants) == expected
        effects_agree(store, setup)
        with SqliteStore.open(tmp_path / "fresh", now=Clock()) as fresh:
            assert list(Recount(store, fresh, setup.readers, setup.reference, Clock()).compare()) == []
        assert store.broken_chain() == []
        assert store.head() == store.cursor() == len({(x.feed, x.kind, x.body, x.received_at) for x in lines})


def _line(line: dict[str, str]) -> RawLine:
    at = datetime.fromisoformat(line["received_at"]).astimezone(UTC)
    return RawLine(line["feed"], at, line["kind"], line["body"].encode())
