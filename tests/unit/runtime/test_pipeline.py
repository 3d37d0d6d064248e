"""A batch that cannot be written is taken again whole."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.errors import WorldIsAway
from services.runtime.pipeline import Pipeline
from services.runtime.store.contract import Batch, NewLine
from services.runtime.store.sqlite import SqliteStore
from services.wiring.setup import read_setup

AT = datetime(2025, 3, 1, 12, tzinfo=UTC)
FACILITIES = b"facility_id,name,setting,time_zone\nH1,One,snf,America/New_York\n"
ROSTER = b"member_id,cin,mcp_id,coverage_start,risk_tier\nM1,90000001A,PLANA,2023-01-01,high\n"
ADMIT = (
    b"MSH|^~\\&|ADT|H1|HIE|P|20250301120000||ADT^A01^ADT_A01|1|P|2.5.1\rEVN|A01|20250301120000\r"
    b"PID|1||X1^^^H1^MR~90000001A^^^DHCS^MC\rPV1|1|I|MED^1^A^H1||||||||||||||||V1|||||||||||||||||||||||||20250301110000\r"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore.open(tmp_path, now=lambda: AT) as store:
        yield store


def test_a_batch_that_failed_is_taken_again_with_its_facilities(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [("facilities", FACILITIES), ("roster", ROSTER), ("hl7v2", ADMIT)]
    store.append([NewLine("F1", AT + timedelta(minutes=n), kind, body) for n, (kind, body) in enumerate(told)]).result()
    setup = read_setup(None)
    pipeline = Pipeline(store, setup.readers, setup.reference, lambda: AT + timedelta(hours=1))
    commit = store.commit

    def fails(batch: Batch) -> None:
        raise WorldIsAway("the disk is full")

    monkeypatch.setattr(store, "commit", fails)
    with pytest.raises(WorldIsAway):
        pipeline.run()
    assert store.cursor() == 0
    monkeypatch.setattr(store, "commit", commit)
    assert pipeline.run() == 3
    pipeline.settle()
    (row,) = store.members(["M1"]).values()
    assert b"snf" in row.view, "the registry says what kind of bed it is"
    assert Pipeline(store, setup.readers, setup.reference, lambda: AT).facilities == pipeline.facilities
