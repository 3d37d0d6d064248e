"""Two workers of one store, and a transaction of one that stands still while the other comes by."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from services.runtime.store.postgres_transaction import PostgresTransaction
from tests.cluster.desks import Desk
from tests.patience import PATIENCE_S
from tests.worlds import setup


class Workers:
    """Opens workers on a database, and closes them."""

    def __init__(self, url: str) -> None:
        self.url, self._desks = url, list[Desk]()

    @staticmethod
    def store() -> str:
        """The name of a new store."""
        return f"w{uuid4().hex[:8]}"

    def one(self, store: str = "", name: str = "") -> Desk:
        """A worker of a store, by default of a new one."""
        desk = Desk(self.url, store or self.store(), setup(), name or f"worker-{len(self._desks)}")
        self._desks.append(desk)
        return desk

    def two(self) -> tuple[Desk, Desk]:
        """Two workers of a new store."""
        store = self.store()
        return self.one(store), self.one(store)

    def close(self) -> None:
        for desk in self._desks:
            desk.store.close()

    def is_somebody_waiting(self) -> bool:
        """Whether a transaction waits for a lock of another."""
        query = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        with psycopg.connect(self.url) as connection:
            return connection.execute(query).fetchone() is not None

    def overtake(
        self,
        first: Callable[[], object],
        second: Callable[[], object],
        *,
        at: tuple[object, str] = (PostgresTransaction, "commit"),
        meanwhile: Callable[[], object] = lambda: None,
        patience_s: float = 0.0,
    ) -> bool:
        """Have a transaction of `first` stand still at a point, until `second` is done or waits for it.

        Args:
            at: the function before which it stands still; by default before anything is written.
            patience_s: how long it goes on standing there although the other waits.

        Returns:
            Whether the second one was done while the first one stood.
        """
        stands, goes_on, whose = threading.Event(), threading.Event(), threading.local()
        original = getattr(*at)

        def pause(*args: Any) -> Any:
            if getattr(whose, "is_first", False) and not stands.is_set():
                stands.set()
                assert goes_on.wait(2 * PATIENCE_S)
            return original(*args)

        def begin() -> None:
            whose.is_first = True
            first()

        with ThreadPoolExecutor(2) as threads, pytest.MonkeyPatch.context() as patch:
            patch.setattr(*at, pause)
            one = threads.submit(begin)
            until(lambda: stands.is_set() or one.done())
            other = threads.submit(second)
            try:
                until(lambda: other.done() or self.is_somebody_waiting())
                with suppress(AssertionError):
                    until(other.done, patience_s)
                has_passed = other.done()
                meanwhile()
            finally:
                goes_on.set()
            one.result()
            other.result()
        assert stands.is_set(), "it never came to where it was to stand still"
        return has_passed


def until(holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    """Wait until something holds."""
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, "what the test waits for did not come"
        time.sleep(0.02)
