"""What feeds send is counted once, whatever crashes, and alike in any grouping."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import WorldIsAway
from models.reference import FeedHabits
from models.traffic import SLOT, FeedCount
from services.runtime.pipeline import Pipeline
from services.runtime.recount import Recount
from services.runtime.store.contract import Batch, NewLine
from services.runtime.store.sqlite import SqliteStore
from services.wiring.setup import read_setup
from tests import wire

AT = datetime(2025, 3, 1, 20, 0, tzinfo=UTC)  # noon in Los Angeles, where times without offset are read
MINUTE = timedelta(minutes=1)
SETUP = read_setup(None)
ROSTER = b"member_id,cin,mcp_id,coverage_start,risk_tier\nM1,90000001A,PLANA,2023-01-01,high\n"


def adt(
    control: str = "1", *, trigger: str = "A01", sent: str = "20250301120000", recorded: str = "20250301115900",
    visit: str = "V1", mrn: str = "X1", more: str = "",
) -> bytes:  # fmt: skip
    return (
        f"MSH|^~\\&|ADT|H1|HIE|P|{sent}||ADT^{trigger}^ADT_A01|{control}|P|2.5.1\rEVN|{trigger}|{recorded}\r"
        f"PID|1||{mrn}^^^H1^MR~90000001A^^^DHCS^MC\rPV1|1|I|MED^1^A^H1||||||||||||||||{visit}"
        f"|||||||||||||||||||||||||20250301110000\r{more}"
    ).encode()


def hl7(body: bytes, at: datetime = AT, feed: str = "F1") -> NewLine:
    return NewLine(feed, at, "hl7v2", body)


def counted(store: SqliteStore, feed: str = "F1") -> list[FeedCount]:
    return store.traffic(feed, AT - timedelta(days=9), AT + timedelta(days=9), SLOT)


def taken(folder: Path, lines: list[NewLine], limit: int = 100, *, bulk: bool = False) -> SqliteStore:
    store = SqliteStore.open(folder, now=lambda: AT)
    store.append(lines).result()
    pipeline = Pipeline(store, SETUP.readers, SETUP.reference, lambda: AT)
    while pipeline.run(limit=limit, bulk=bulk):
        pass
    pipeline.settle()
    return store


def test_messages_are_counted_by_slot_with_how_late_they_are(tmp_path: Path) -> None:
    lines = [
        hl7(adt("1"), AT + timedelta(seconds=3)),
        hl7(adt("2", sent="20250301110000-0800", visit="V2"), AT + 2 * MINUTE),
        hl7(adt("3", sent="", visit="V3"), AT + 5 * MINUTE),
        hl7(b"no message", AT + 6 * MINUTE),
        hl7(adt("4", sent="20250301121700", visit="V4"), AT + 7 * MINUTE),
        NewLine("F1", AT + 8 * MINUTE, "roster", ROSTER),
    ]
    with taken(tmp_path, lines) as store:
        first, second = counted(store)
    assert (first.since, first.messages, first.last_at) == (AT, 2, AT + 2 * MINUTE)
    assert first.bytes == sum(len(line.body) for line in lines[:2])
    assert first.delays == {5: 1, 7200: 1}
    assert (second.messages, second.quarantined, second.skewed, second.ahead_s) == (3, 1, 1, 600)
    assert second.delays == {1: 1}, "MSH-7 that is absent tells no delay"


def test_a_feed_s_own_zone_says_what_its_clock_means(tmp_path: Path) -> None:
    habits = {"F1": FeedHabits("America/New_York")}
    reference = msgspec.structs.replace(SETUP.reference, feeds=habits)
    with SqliteStore.open(tmp_path, now=lambda: AT) as store:
        store.append([hl7(adt(sent="20250301145930"))]).result()
        Pipeline(store, SETUP.readers, reference, lambda: AT).run()
        assert [count.delays for count in counted(store)] == [{30: 1}]


def test_a_message_that_says_nothing_new_is_a_repeat(tmp_path: Path) -> None:
    same = [adt("1"), adt("2", sent="20250301120001"), adt("3", sent="20250301120002")]
    other = adt("4", recorded="20250301115901")
    lines = [hl7(body, AT + n * SLOT) for n, body in enumerate([*same, other])]
    with taken(tmp_path, [*lines, hl7(adt("5"), AT, "F2")]) as store:
        assert [count.repeated for count in counted(store)] == [0, 1, 1, 0]
        assert [count.repeated for count in counted(store, "F2")] == [0], "another feed says it for the first time"


def test_a_batch_that_failed_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SqliteStore.open(tmp_path, now=lambda: AT) as store:
        store.append([hl7(adt(str(n), visit=f"V{n}")) for n in range(6)]).result()
        pipeline = Pipeline(store, SETUP.readers, SETUP.reference, lambda: AT)
        pipeline.run(limit=2)
        commit = store.commit

        def fails(batch: Batch) -> None:
            raise WorldIsAway("the disk is full")

        monkeypatch.setattr(store, "commit", fails)
        with pytest.raises(WorldIsAway):
            pipeline.run(limit=2)
        monkeypatch.setattr(store, "commit", commit)
        again = Pipeline(store, SETUP.readers, SETUP.reference, lambda: AT)
        while again.run(limit=3):
            pass
        assert [count.messages for count in counted(store)] == [6]


BODIES = st.sampled_from(
    [adt("1"), adt("2"), adt("3", trigger="A08"), adt("4", trigger="A08"), adt("5", mrn="X2"), b"x"]
)
JOURNAL = st.lists(st.tuples(BODIES, st.integers(0, 12), st.sampled_from(["F1", "F2"])), min_size=1, max_size=12)


@settings(max_examples=25, deadline=None)
@given(journal=JOURNAL, limit=st.integers(1, 5), bulk=st.booleans())
def test_grouping_and_counting_again_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, journal: list[tuple[bytes, int, str]], limit: int, bulk: bool
) -> None:
    folder = tmp_path_factory.mktemp("grouping")
    lines = [hl7(body, AT + minutes * MINUTE, feed) for body, minutes, feed in journal]
    with taken(folder / "one", lines) as whole, taken(folder / "other", lines, limit, bulk=bulk) as parts:
        both = [[counted(store, feed) for feed in ("F1", "F2")] for store in (whole, parts)]
        assert both[0] == both[1]
        parts.commit(Batch(traffic=[FeedCount("F1", AT, 9, last_at=AT)]))
        with SqliteStore.open(folder / "fresh", now=lambda: AT) as fresh:
            Recount(parts, fresh, SETUP.readers, SETUP.reference, lambda: AT).apply(parts)
        assert [counted(parts, feed) for feed in ("F1", "F2")] == both[0]


def test_who_told_of_a_stay_first_is_kept_until_they_no_longer_share_it(tmp_path: Path) -> None:
    def told(store: SqliteStore) -> list[list[tuple[str, datetime]]]:
        found = store.tellings(AT - SLOT, AT + timedelta(days=1))
        return [[(each.feed, each.first_at) for each in stay] for stay in found]

    lines = [
        NewLine("plan", AT - MINUTE, "roster", ROSTER),
        hl7(adt("1", mrn="Y1", visit="W1"), AT + 41 * MINUTE, "F2"),
        hl7(adt("2"), AT),
        hl7(adt("3", trigger="A08"), AT + 50 * MINUTE),
    ]
    with taken(tmp_path, lines) as store:
        assert told(store) == [[("F1", AT), ("F2", AT + 41 * MINUTE)]]
        split = wire.decision(AT + 60 * MINUTE, "unlink", "F2|H1|Y1", "M1").encode()
        store.append([NewLine("decisions", AT + 60 * MINUTE, "decisions", split)]).result()
        Pipeline(store, SETUP.readers, SETUP.reference, lambda: AT).run()
        assert told(store) == []
