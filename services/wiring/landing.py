"""Results of the store's thread, brought to the event loop: a whole group with one wake-up."""

import asyncio
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class Landing:
    """Like `asyncio.wrap_future`, for futures that are resolved together: a wake-up for each would cost the most."""

    def __init__(self) -> None:
        self._landed: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._is_called = False

    def wait(self, future: "Future[T]") -> "asyncio.Future[T]":
        """A future of the running loop with the same result. Cancelling it cancels work that has not begun."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[T] = loop.create_future()
        waiter.add_done_callback(lambda done: future.cancel() if done.cancelled() else None)
        future.add_done_callback(lambda done: self._land(loop, waiter, done))
        return waiter

    def _land(self, loop: asyncio.AbstractEventLoop, waiter: "asyncio.Future[Any]", done: "Future[Any]") -> None:
        """In the store's thread."""
        self._landed.append((waiter, done))
        if not self._is_called:
            self._is_called = True
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        """In the loop. What lands after the first line calls again."""
        self._is_called = False
        while self._landed:
            waiter, done = self._landed.popleft()
            if waiter.done():
                continue
            if done.cancelled():
                waiter.cancel()
            elif error := done.exception():
                waiter.set_exception(error)
            else:
                waiter.set_result(done.result())
