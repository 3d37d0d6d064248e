"""What cannot be written or derived now is neither lost nor in the way of the rest."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.errors import WorldIsAway
from models.events import Event, Statement
from models.view import View
from services.member.derive import MemberFacts, derive
from services.runtime.pipeline import Pipeline
from services.runtime.recount import Recount
from services.runtime.store.contract import Batch, NewLine
from services.runtime.store.sqlite import SqliteStore
from services.runtime.workset import Workset
from services.status.questions import Questions
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


def test_a_member_who_breaks_derive_is_set_aside_until_a_rebuild(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = ROSTER + b"M2,90000002A,PLANA,2023-01-01,high\n"
    store.append([NewLine("F1", AT, "roster", more), NewLine("F1", AT, "hl7v2", ADMIT)]).result()
    setup = read_setup(None)
    pipeline = Pipeline(store, setup.readers, setup.reference, lambda: AT + timedelta(hours=1))

    def fails_for_one(facts: MemberFacts, *rest: Any) -> View:
        if facts.member_id == "M2":
            raise ZeroDivisionError
        return derive(facts, *rest)

    monkeypatch.setattr("services.runtime.pipeline.derive", fails_for_one)
    assert pipeline.run() == 2
    assert [row.member_id for row in store.tasks(rule="um.open_case")] == ["M1"]
    (aside,) = store.quarantine(status="waiting")
    assert (aside.reason, aside.where, "M2" in aside.shape) == ("derive_failed", "member", False)

    monkeypatch.setattr("services.status.questions.derive", fails_for_one)
    questions = Questions(store, setup.reference)
    assert [member_id for member_id, _ in questions.views(AT + timedelta(days=9))] == ["M1"], "the rest can be read"

    monkeypatch.undo()
    with SqliteStore.open(tmp_path / "fresh", now=lambda: AT) as fresh:
        Recount(store, fresh, setup.readers, setup.reference, lambda: AT).apply(store)
    pipeline.settle()
    assert store.quarantine(status="waiting") == []
    assert {m.member_id for m in store.members(["M1", "M2"]).values() if m.derived_at} == {"M1", "M2"}


def test_what_a_store_was_derived_with_has_one_digest_in_every_process(tmp_path: Path) -> None:
    calendar = tmp_path / "calendar.yaml"
    calendar.write_text("calendar: plan\nbase: ca_state\nclosed: [2025-03-03, 2025-04-04, 2025-05-05, 2025-06-06]\n")
    config = tmp_path / "warmhandoff.yaml"
    config.write_text(f"calendars: [{calendar}]\n")
    program = (
        "from pathlib import Path; from services.wiring.setup import read_setup; "
        f"print(read_setup(Path({str(config)!r})).reference.digest)"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(digests) == 1


def test_a_receipt_of_the_future_is_heard_when_its_time_comes_and_moves_nobody_ahead(store: SqliteStore) -> None:
    other = b"M2,90000002A,PLANA,2023-01-01,high\n"
    told = [
        NewLine("F1", AT, "roster", ROSTER + other),
        NewLine("F1", AT + timedelta(days=1500), "hl7v2", ADMIT),
        NewLine("F1", AT, "hl7v2", ADMIT.replace(b"X1", b"X2").replace(b"90000001A", b"90000002A")),
    ]
    store.append(told).result()
    now = AT
    setup = read_setup(None)
    reference = msgspec.structs.replace(setup.reference, measures=None)  # they wake members by time alone
    pipeline = Pipeline(store, setup.readers, reference, lambda: now)
    pipeline.run()
    pipeline.settle()
    rows = store.members(["M1", "M2"])
    assert {row.derived_at for row in rows.values()} == {AT}
    assert {task.member_id for task in store.tasks()} == {"M2"}
    assert rows["M1"].wake_at == AT + timedelta(days=1500)
    now = AT + timedelta(days=1500)
    pipeline.settle()
    assert {task.member_id for task in store.tasks()} == {"M1", "M2"}


def test_a_member_who_comes_to_break_derive_keeps_the_last_view_and_is_named_by_verify(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([NewLine("F1", AT, "roster", ROSTER), NewLine("F1", AT, "hl7v2", ADMIT)]).result()
    setup = read_setup(None)
    pipeline = Pipeline(store, setup.readers, setup.reference, lambda: AT)
    pipeline.run()
    pipeline.settle()

    def fails(*_: Any) -> View:
        raise KeyError("90000001A")

    monkeypatch.setattr("services.status.questions.derive", fails)
    monkeypatch.setattr("services.runtime.recount.derive", fails)
    later = AT + timedelta(days=400)
    ((_, view),) = Questions(store, setup.reference).views(later)
    assert [task.rule for task in view.tasks if task.state == "open"]
    assert not list(Questions(store, setup.reference).views(AT - timedelta(seconds=1)))
    with SqliteStore.open(tmp_path / "fresh", now=lambda: AT) as fresh:
        found = list(Recount(store, fresh, setup.readers, setup.reference, lambda: AT).compare())
    assert [(each.member_id, each.recomputed) for each in found] == [("M1", "derive raised KeyError")]


def test_a_line_that_breaks_us_waits_in_quarantine_and_the_rest_goes_on(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = read_setup(None)
    told = [("roster", ROSTER), ("hl7v2", ADMIT), ("hl7v2", ADMIT.replace(b"|V1|", b"|V2|"))]
    store.append([NewLine("F1", AT + timedelta(minutes=n), kind, body) for n, (kind, body) in enumerate(told)]).result()
    pipeline = Pipeline(store, setup.readers, setup.reference, lambda: AT + timedelta(hours=1))
    tell = Workset.tell_patient

    def breaks(work: Workset, key: str, events: list[Event]) -> None:
        if any(isinstance(e.fact, Statement) and e.fact.visit and e.fact.visit[1] == "V2" for e in events):
            raise ZeroDivisionError
        tell(work, key, events)

    monkeypatch.setattr(Workset, "tell_patient", breaks)
    assert pipeline.run() == 3
    assert (store.cursor(), len(store.tasks(rule="um.open_case"))) == (3, 1)
    (aside,) = store.quarantine(status="waiting")
    assert (aside.seq, aside.reason, aside.shape) == (3, "processing_failed", "ZeroDivisionError")
    with SqliteStore.open(tmp_path / "fresh", now=lambda: AT) as fresh:
        assert list(Recount(store, fresh, setup.readers, setup.reference, lambda: AT).compare()) == []

    monkeypatch.undo()
    name = sha256(store.lines(2, 1)[0].body).hexdigest()
    decided = msgspec.json.encode({"at": AT.isoformat(), "by": "a", "action": "replay", "message": name, "reason": ""})
    store.append([NewLine("decisions", AT + timedelta(hours=1), "decisions", decided)]).result()
    while pipeline.run():
        pass
    assert store.quarantine(status="waiting") == []
    assert len(store.tasks(rule="um.open_case")) == 2
