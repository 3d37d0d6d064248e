"""Counters that went wrong, and members that are not what their facts say, are found and corrected."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from models.measure import CounterKey, Sums
from models.view import View
from services.runtime.rechecking import WRITTEN_EVERY, Checker, rechecked
from services.runtime.recount import Recount
from services.runtime.store.contract import Batch
from services.runtime.store.sqlite import SqliteStore
from tests.scribe import Scribe, moment
from tests.worlds import Live, setup

WRONG = CounterKey("cbp", "1", "2025", "PLANA")


@contextmanager
def world(people: int = 1) -> Iterator[Live]:
    live, scribe = Live(), Scribe()
    try:
        live.take(scribe.opening([f"M{n}" for n in range(1, people + 1)]))
        live.take([scribe.write("03-04 10:00", "A01 admit V1")])
        live.wait(moment("03-04 12:00"))
        yield live
    finally:
        live.close()


@contextmanager
def recount(live: Live, folder: Path) -> Iterator[Recount]:
    with SqliteStore.open(folder, now=lambda: live.now) as fresh:
        yield Recount(live.store, fresh, setup().readers, setup().reference, lambda: live.now)


def test_a_wrong_counter_is_named_and_a_rebuild_corrects_it(tmp_path: Path) -> None:
    with world() as live:
        right = live.store.measure_counts()
        live.store.commit(Batch(counters={WRONG: Sums(1, 1, units=1)}))
        with recount(live, tmp_path) as again:
            found = {one.path: (one.member_id, one.stored, one.recomputed) for one in again.compare()}
            path = "counters.cbp|1|2025|PLANA"
            assert found == {f"{path}.{sum_}": ("", 1, 0) for sum_ in ("initial_population", "denominator", "units")}
            again.apply(live.store)
            live.pipeline.settle()
            assert live.store.measure_counts() == right
            assert list(again.compare()) == []


def test_who_is_told_of_line_by_line_is_never_in_doubt() -> None:
    with world() as live:
        scribe = Scribe()
        for when, event in (("03-06 11:30", "A03 V1 H1 home"), ("03-09 09:00", "contact reached M1")):
            live.sleep(moment(when))
            live.take([scribe.write(when, event)])
        for when in ("03-04 11:00", "03-06 11:29", "03-06 11:30", "03-08 00:00", "03-10 00:00"):
            assert not live.store.in_doubt(moment(when)), when
        live.take([scribe.write("03-08 10:00", "contact reached M1")])
        assert live.store.in_doubt(moment("03-08 12:00")) == {"M1"}, "what was received then was not known then"
        assert not live.store.in_doubt(moment("03-04 12:00"))
        live.take([scribe.write("03-12 10:00", "contact reached M1")], bulk=True)
        assert live.store.in_doubt(moment("03-07 12:00")) == {"M1"}, "who waits to be derived is not known at all"


def break_view(live: Live) -> None:
    (row,) = live.store.members(["M1"]).values()
    live.store.commit(Batch(members=[msgspec.structs.replace(row, view=msgspec.msgpack.encode(View(flags=("odd",))))]))


def test_what_differs_is_found_while_nothing_else_is_to_be_done() -> None:
    with world() as live:
        checker = Checker(live.store, setup().reference, lambda: live.now)
        live.now += timedelta(seconds=2)
        checker.check()
        assert rechecked(live.store).same == 0, "all is well: that need not be on disk at once"
        break_view(live)
        live.now += WRITTEN_EVERY / 2
        checker.check()
        found = rechecked(live.store)
        assert (found.same, found.different, found.different_at) == (1, 1, live.now)
        assert found.lately(live.now) == 2
        assert found.lately(live.now + timedelta(hours=25)) == 0


def test_members_are_looked_at_in_rounds_a_few_at_a_time_also_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.rechecking.MEMBERS", 2)
    with world(3) as live:
        seen = []
        for _ in range(4):
            checker = Checker(live.store, setup().reference, lambda: live.now)
            live.now += 2 * WRITTEN_EVERY
            checker.check()
            checker.check()  # a moment ago
            seen.append(rechecked(live.store).same)
        assert seen == [2, 3, 5, 6]


def test_who_waits_to_be_derived_is_not_wrong() -> None:
    with world() as live:
        break_view(live)
        live.store.commit(Batch(wake_all=True))
        checker = Checker(live.store, setup().reference, lambda: live.now)
        live.now += 2 * WRITTEN_EVERY
        checker.check()
        assert (rechecked(live.store).same, rechecked(live.store).different) == (0, 0)
