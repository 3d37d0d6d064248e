"""Several processes that recount a store come to what one comes to; here they take turns in one process."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from models.measure import CounterKey, Sums
from models.traffic import SLOT, FeedCount
from models.view import View
from services.runtime.dealing import News, Place
from services.runtime.pipeline import Pipeline
from services.runtime.recount import Recount
from services.runtime.shares import Compared, Share, SharedRecount
from services.runtime.store.contract import Batch, NewLine, PatientRow, Reader, walk_members, walk_patients
from services.runtime.store.sqlite import SqliteStore
from services.simulation.recipe import FAULTS, Recipe
from services.simulation.world import World
from services.wiring.clock import Clock
from services.wiring.loading import Summary, process
from services.wiring.setup import Setup, read_setup

SHARES = 3
LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
WRONG = CounterKey("cbp", "1", "2025", "PLANA")
MEMBERS, DAYS, SEED = 60, 30, 5


@cache
def setup() -> Setup:
    return read_setup(None)


class InTurn:
    """`services.runtime.shares.Crew` without processes."""

    def __init__(self, folder: Path, original: Reader, shares: int = SHARES) -> None:
        readers, reference = setup().readers, setup().reference
        self.original = original
        self.shares = [Share(number, shares, folder, readers, reference, Clock()) for number in range(shares)]

    def deal(self, last: int) -> list[Counter[Place]]:
        return [share.deal(self.original, last) for share in self.shares]

    def absorb(self) -> list[News]:
        return [share.absorb() for share in self.shares]

    def compare(self) -> list[Compared]:
        return [share.compare(self.original) for share in self.shares]


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of an exchange with every fault, in which this and that went wrong afterwards."""
    folder = tmp_path_factory.mktemp("spoilt")
    world = World(Recipe(MEMBERS, DAYS, SEED, frozenset(FAULTS)))
    with SqliteStore.open(folder, now=Clock()) as store:
        store.append([NewLine(x.feed, x.received_at, x.kind, x.body) for x in world.deliveries()]).result()
        process(store, Pipeline(store, setup().readers, setup().reference, Clock()), Summary())
        first, second, third, *_ = sorted(store.members(list(walk_members(store))).values(), key=lambda row: row.view)
        told = next(row for row in walk_patients(store) if row.members)
        store.commit(
            Batch(
                members=[
                    msgspec.structs.replace(first, view=msgspec.msgpack.encode(View(flags=("odd",)))),
                    msgspec.structs.replace(second, member_id="NOBODY"),
                    msgspec.structs.replace(third, wake_at=datetime(1970, 1, 1, tzinfo=UTC)),
                ],
                patients=[msgspec.structs.replace(told, facts=b""), PatientRow("F|X|GHOST", told.facts)],
                counters={WRONG: Sums(1, 1, units=1)},
                traffic=[FeedCount(store.feeds()[0], LONG_AGO, 9, last_at=LONG_AGO)],
            )
        )
    return folder


@contextmanager
def recounts(
    spoilt: Path, folder: Path
) -> Iterator[tuple[tuple[SqliteStore, Recount], tuple[SqliteStore, SharedRecount]]]:
    """A copy of the store and its recount by one, and another copy and its recount by several."""
    with ExitStack() as stack:
        stores = []
        for name in ("one", "many"):
            shutil.copytree(spoilt, folder / name)
            stores.append(stack.enter_context(SqliteStore.open(folder / name, now=Clock())))
        fresh = stack.enter_context(SqliteStore.open(folder / "fresh", now=Clock()))
        (folder / "shares").mkdir()
        one = Recount(stores[0], fresh, setup().readers, setup().reference, Clock())
        many = SharedRecount(stores[1], InTurn(folder / "shares", stores[1]), folder / "shares", SHARES)
        yield (stores[0], one), (stores[1], many)


def test_several_find_what_one_finds(spoilt: Path, tmp_path: Path) -> None:
    with recounts(spoilt, tmp_path) as ((_, one), (_, many)):
        found = list(one.compare())
        assert list(many.compare()) == found
        assert (many.members, many.waiting) == (one.members, one.waiting)
        assert {each.path.partition(".")[0] for each in found} >= {"", "flags", "measures", "counters"}
        assert one.waiting == 1


def test_what_several_write_is_what_one_writes(spoilt: Path, tmp_path: Path) -> None:
    with recounts(spoilt, tmp_path) as (alone, together):
        for store, recount in (alone, together):
            recount.apply(store)
        assert held(alone[0]) == held(together[0])
        store = together[0]
        Pipeline(store, setup().readers, setup().reference, Clock()).settle()
        (tmp_path / "again").mkdir()
        again = SharedRecount(store, InTurn(tmp_path / "again", store, 2), tmp_path / "again", 2)
        assert [each.member_id for each in again.compare()] == ["NOBODY"], "whom the log does not know keeps a place"


def test_a_log_that_is_read_in_small_chunks_is_absorbed_in_its_order(
    spoilt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.runtime.dealing.CHUNK", 7)
    monkeypatch.setattr("services.runtime.portions.BYTES", 3_000)
    with recounts(spoilt, tmp_path) as (alone, together):
        for store, recount in (alone, together):
            recount.apply(store)
        assert held(alone[0]) == held(together[0])


def held(store: SqliteStore) -> dict[str, Any]:
    """All that a rebuild writes."""
    start, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    return {
        "patients": list(walk_patients(store)),
        "members": store.members(list(walk_members(store))),
        "tasks": store.tasks(),
        "counters": store.measure_counts(),
        "traffic": [store.traffic(feed, start, end, SLOT) for feed in store.feeds()],
        "hours": [store.traffic(feed, start, end, timedelta(hours=1)) for feed in store.feeds()],
        "reference": [store.reference(name) for name in ("facilities", "registry", "digest")],
    }
