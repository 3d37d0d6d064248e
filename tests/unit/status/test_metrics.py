"""What `/metrics` shows: labels from closed sets, figures of store and process, every name documented."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from connectors.mllp.stats import ListenerStats
from models.errors import WorldIsAway
from models.measure import CounterKey, Sums
from models.measured import Histogram, Measured
from models.owner import Owner
from models.traffic import BEYOND, FeedCount
from services.runtime.pipeline import DERIVE_FAILED
from services.runtime.rechecking import Rechecked
from services.runtime.store.contract import Batch, MemberRow, NewLine, PatientRow, QuarantineRow, TaskRow
from services.runtime.store.sqlite import SqliteStore
from services.status.families import OTHER, VALUES_MAX, Labels
from services.status.feeds import Board
from services.status.metrics import Metrics, Process
from services.wiring.setup import read_setup

AT, EPOCH = datetime(2025, 3, 6, 19, 30, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)
PAGE = Path(__file__).parents[3] / "docs/reference/metrics.md"


class Clock:
    """One that a test sets."""

    def __init__(self) -> None:
        self.at, self.ticked = AT, 0.0

    def __call__(self) -> datetime:
        return self.at

    def wall(self) -> datetime:
        return self.at

    def ticks(self) -> float:
        return self.ticked


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with SqliteStore.open(tmp_path, now=lambda: AT) as store:
        yield store


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def process(tmp_path: Path) -> Process:
    stats = ListenerStats(messages=5, repeats=2, answers={"AA": 5}, open_connections=3, oldest_block_s=4.5)
    times = Histogram()
    times.note(700)
    return Process(tmp_path, lambda: [("west", stats)], {"west": times}, lambda: 7, is_embedded=True)


@pytest.fixture
def metrics(store: SqliteStore, process: Process, clock: Clock) -> Metrics:
    board = Board(store, read_setup(None).reference, ["west", "never"])
    return Metrics(store, board, process, clock, ["west", "never"])


def shown(metrics: Metrics) -> dict[str, float]:
    found = text_string_to_metric_families(metrics.scraped().decode())
    samples = (sample for family in found for sample in family.samples)
    return {
        s.name.removeprefix("warmhandoff_") + "".join(f" {key}={s.labels[key]}" for key in sorted(s.labels)): s.value
        for s in samples
    }


def families(metrics: Metrics) -> set[str]:
    found = text_string_to_metric_families(metrics.scraped().decode())
    return {f.name.removeprefix("warmhandoff_") + ("_total" if f.type == "counter" else "") for f in found}


def test_the_store_and_the_process_are_shown(store: SqliteStore, metrics: Metrics) -> None:
    store.append(
        [NewLine("west", AT - timedelta(seconds=90), "hl7v2", b"x"), NewLine("west", AT, "hl7v2", b"y")]
    ).result()
    owner, early = Owner("P", "E", "L"), AT - timedelta(minutes=3)
    checked = Rechecked()
    checked.note(3, 0, AT - timedelta(days=2))
    checked.note(0, 1, AT)
    store.commit(
        Batch(
            cursor=1,
            members=[MemberRow("M1", b"", (), b"", b"", None, early, True)],
            tasks=[TaskRow("t", "M1", "tcs.notify", "open", None, owner, b"")],
            patients=[PatientRow("west|H|1", b"")],
            quarantined=[
                QuarantineRow(0, "west", 1, 1, "no_msh", "", "", ""),
                QuarantineRow(0, "", 0, 9, DERIVE_FAILED, "", "", ""),
            ],
            traffic=[FeedCount("west", AT, 4, last_at=AT, ahead_s=9)],
            measured=[
                Measured("events", "west", "test", 0, 3),
                Measured("duplicates", "west", "content", 0, 6),
                Measured("derive", "", "", 5_000, 2),
                Measured("derive", "", "", BEYOND, 1),
                Measured("derive", "", "", -1, 9_000_000),
            ],
            counters={
                CounterKey("cbp", "1", str(AT.year), "P"): Sums(2, 2, numerator=1, units=2),
                CounterKey("cbp", "1", str(AT.year), "Q"): Sums(1, 1, units=1),
                CounterKey("cbp", "1", str(AT.year), "P", kind="pof", stratum="x"): Sums(1, 1, units=1),
                CounterKey("cbp", "1", str(AT.year - 2)): Sums(9, 9, units=9),
            },
            reference={"recheck": msgspec.json.encode(checked)},
        )
    )
    metrics.refresh()
    found = shown(metrics)
    wanted = {
        "mllp_frames_total feed=west result=kept": 3, "mllp_frames_total feed=west result=repeat": 2,
        "mllp_connections feed=west": 3, "mllp_oldest_partial_seconds feed=west": 4.5,
        "acks_total code=AA feed=west": 5, "ack_seconds_sum feed=west": 0.0007,
        "ack_seconds_bucket feed=west le=0.001": 1,
        "duplicates_total feed=west level=wire": 2, "duplicates_total feed=west level=content": 6,
        "events_total feed=west kind=test": 3, "quarantine_records feed=west reason=no_msh": 1, "poison_members": 1,
        "unmatched_records feed=west": 1, "feed_last_message_timestamp_seconds feed=west": AT.timestamp(),
        "feed_state feed=west state=ok": 1, "feed_state feed=never state=quiet": 1, "feed_silent feed=west": 0,
        "feed_clock_skew_seconds feed=west": 9, "pipeline_lag_records": 1, "pipeline_lag_seconds": 0,
        "timer_lateness_seconds": 180, "store_reachable": 1, "tasks rule=tcs.notify state=open": 1,
        "log_fields_dropped_total": 7,
        "derive_seconds_bucket le=0.005": 2, "derive_seconds_bucket le=60": 2, "derive_seconds_count": 3,
        "derive_seconds_sum": 9,
        f"measure_count measure=cbp period={AT.year} population=denominator": 3,
        f"measure_count measure=cbp period={AT.year} population=numerator": 1,
        f"measure_count measure=cbp period={AT.year - 2} population=numerator": None,
        "rechecked_members_total result=same": 3, "rechecked_members_total result=different": 1,
        "rechecked_share": 1, "rechecked_last_difference_timestamp_seconds": AT.timestamp(),
        "journal_batch_records_sum": 2, "journal_commit_seconds_count": 1, "clock_jumps_total": 0,
    }  # fmt: skip
    assert {name: found.get(name) for name in wanted} == wanted
    assert found["store_free_bytes"] > 0
    assert found["store_wal_bytes"] > 0


def test_a_scrape_walks_no_table(metrics: Metrics, monkeypatch: pytest.MonkeyPatch) -> None:
    def walked(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a table was walked")

    metrics.refresh()
    before = shown(metrics)
    monkeypatch.setattr(Board, "feeds", walked)
    for walk in ("quarantine_depth", "task_counts", "measured", "measure_counts", "counts"):
        monkeypatch.setattr(SqliteStore, walk, walked)
    with pytest.raises(AssertionError, match="walked"):
        metrics.refresh()
    assert shown(metrics).keys() == before.keys()


@pytest.mark.parametrize(("until", "lag_s"), [(AT - timedelta(minutes=3), 180), (EPOCH, inf)])
def test_where_workers_read_topics_the_time_is_told_and_no_number_made_up(
    metrics: Metrics, monkeypatch: pytest.MonkeyPatch, until: datetime, lag_s: float
) -> None:
    monkeypatch.setattr(SqliteStore, "read_until", lambda _: until)
    found = shown(metrics)
    assert (found.get("pipeline_lag_records"), found["pipeline_lag_seconds"]) == (None, lag_s)


@pytest.mark.parametrize("asked", ["head", "next_wake"])
def test_with_the_store_away_all_else_is_shown(
    store: SqliteStore, metrics: Metrics, monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    def away(_: object) -> NoReturn:
        raise WorldIsAway("the database cannot be reached")

    store.append([NewLine("west", AT, "hl7v2", b"x")]).result()
    metrics.refresh()
    before = shown(metrics)
    monkeypatch.setattr(SqliteStore, asked, away)
    found = shown(metrics)
    assert before.keys() - found.keys() == {"pipeline_lag_records", "timer_lateness_seconds"}
    changed = {name: value for name, value in found.items() if before[name] != value and "_free_" not in name}
    assert changed == {"store_reachable": 0, "pipeline_lag_seconds": inf}


def test_in_a_cluster_nothing_is_shown_of_what_others_do(
    store: SqliteStore, metrics: Metrics, process: Process, clock: Clock
) -> None:
    listener = msgspec.structs.replace(process, folder=None, is_embedded=False)
    board = Board(store, read_setup(None).reference, [])
    left_out = families(metrics) - families(Metrics(store, board, listener, clock, []))
    assert left_out == {
        "journal_commit_seconds", "journal_batch_records", "rechecked_members_total", "rechecked_share",
        "rechecked_last_difference_timestamp_seconds", "store_free_bytes", "store_wal_bytes",
    }  # fmt: skip


def test_a_clock_that_was_set_has_jumped(metrics: Metrics, clock: Clock) -> None:
    for wall, ticks in ((60, 60), (3660, 120), (3720, 180), (3600, 185)):
        clock.at, clock.ticked = AT + timedelta(seconds=wall), ticks
        metrics.refresh()
    assert shown(metrics)["clock_jumps_total"] == 2


def test_a_label_has_two_hundred_values_at_most_and_no_free_text() -> None:
    label = Labels([f"F{n:03}" for n in range(150)])
    admitted = [label(f"X{n}") for n in range(100)]
    assert admitted == [f"X{n}" for n in range(50)] + [OTHER] * 50
    assert (label("F149"), label("X49"), label("X50")) == ("F149", "X49", OTHER)
    assert len({label(f"F{n:03}") for n in range(150)} | set(admitted)) == VALUES_MAX + 1
    assert [Labels()(text) for text in ("DOE, JANE", "", "x" * 65, "a\nb", "na\u00efve")] == [OTHER] * 5
    assert Labels(["our feed"])("our feed") == "our feed"


def test_feeds_beyond_the_limit_are_counted_together(store: SqliteStore, metrics: Metrics) -> None:
    names = [f"feed {n}" for n in range(3)]
    store.commit(Batch(measured=[Measured("events", name, "test", 0, 2) for name in names]))
    metrics.refresh()
    assert shown(metrics)["events_total feed=other kind=test"] == 6


def test_the_page_has_every_metric_and_no_other(metrics: Metrics) -> None:
    told = re.findall(
        r"`(\w+)(?:\{([\w,]+)\})?`", PAGE.read_text("utf-8").split("\n`events_total`")[0].split("|---|---|")[1]
    )
    page = {name: set(labels.split(",")) - {""} for name, labels in told if "_" in name or name == "tasks"}
    words = {"no_msh", "not_interpreted", "initial_population"}
    assert page.keys() - words == families(metrics)
