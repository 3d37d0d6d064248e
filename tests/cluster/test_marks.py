"""Where publishing goes on, and what of the counters is told: decided without a server."""

from contextlib import closing
from pathlib import Path

import pytest

from models.measure import CounterKey, Sums
from services.runtime.cluster import parcels
from services.runtime.cluster.marks import Heads, Mark, resumed
from services.runtime.cluster.parcels import Parcel, after, changed, next_parcel, with_counters
from services.runtime.cluster.seat import Counters
from services.runtime.faults import FaultAsked, fault
from services.runtime.store.contract import Batch
from services.runtime.store.sqlite import SqliteStore
from tests.contracts.test_store import T0, effect

ONE, OTHER = CounterKey("cbp", "1", "2025", "PLANA"), CounterKey("cbp", "1", "2025", "PLANB")


def test_it_goes_on_behind_what_kafka_has_unless_the_store_is_another(tmp_path: Path) -> None:
    with closing(SqliteStore.open(tmp_path, now=lambda: T0)) as store:
        store.commit(Batch(effects=[effect(number) for number in (1, 2, 3)]))
        heads, remembered = Heads(3, 0), Mark(4, Heads(1, 0), "e-1")
        kept = Mark(4, Heads(2, 0), "e-2")
        assert resumed(store, heads, kept, remembered) == kept
        assert resumed(store, heads, None, remembered) == remembered
        assert resumed(store, heads, Mark(), Mark()) == Mark()
        anew = Mark(history=5)
        assert resumed(store, heads, Mark(4, Heads(2, 0), "e-of-another"), remembered) == anew
        assert resumed(store, heads, Mark(4, Heads(9, 0), "e-9"), remembered) == anew
        assert resumed(store, heads, Mark(4, Heads(2, 7), "e-2"), remembered) == anew


def test_a_parcel_says_how_far_it_reaches(tmp_path: Path) -> None:
    with closing(SqliteStore.open(tmp_path, now=lambda: T0)) as store:
        store.commit(Batch(effects=[effect(number) for number in (1, 2, 3)]))
        parcel = next_parcel(store, Mark(0, Heads(1, 0), "e-1"), Heads(2, 0))
        assert parcel.mark == Mark(0, Heads(2, 0), "e-2")
        assert {record.topic.name for record in parcel.records} == {"members.tasks.v1", "members.alerts.v1"}


def test_counters_that_changed_lead_from_one_state_to_the_next() -> None:
    before, now = {ONE: Sums(1, units=1)}, {OTHER: Sums(2, units=2)}
    assert changed(before, now) == {ONE: None, OTHER: Sums(2, units=2)}
    assert after(before, changed(before, now)) == now
    assert changed(now, now) == {}


def test_a_parcel_takes_so_many_counters_and_the_next_one_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parcels, "COUNTERS_MAX", 1)
    told: Counters = {}
    now, seen = {ONE: Sums(1, units=1), OTHER: Sums(2, units=2)}, list[int]()
    while (parcel := with_counters(Parcel([], Mark()), told, now)).records:
        told = after(told, parcel.counters)
        seen.append(len(parcel.records))
    assert (seen, told) == ([1, 1], now)


def test_faults_strike_once_at_their_turn_and_only_under_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMHANDOFF_FAULTS", "before_send=raise@2, after_send=drop_connection")
    fault("before_send")
    fault("before_send")
    monkeypatch.setenv("WARMHANDOFF_TESTING", "1")
    fault("before_send")
    with pytest.raises(FaultAsked):
        fault("before_send")
    fault("before_send")
    dropped = list[str]()
    fault("after_send", drop=lambda: dropped.append("connection"))
    assert dropped == ["connection"]
