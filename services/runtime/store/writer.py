"""The one thread that writes: calls that wait together share a transaction, and its one fsync."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from models.errors import WorldIsAway
from models.measured import Histogram
from models.traffic import BEYOND

C = TypeVar("C")
"""What a store's work is done on: its connection, or a session."""
T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_GROUP_BYTES_MAX = 4_000_000  # what one transaction takes in: some 40 ms of writing
LINES_BOUNDS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, BEYOND)
_NOTES_WAIT_SECONDS = 0.2
_NOTES_MAX = 20_000


class Engine(Protocol[C]):
    """What the thread drives: the one connection of a store."""

    def transact(self, works: Sequence[Callable[[C], Any]]) -> list[Any]:
        """Do all of it in one transaction, or none; the results come once it is durable.

        Raises:
            WorldIsAway: none was done; trying again may help.
        """

    def note(self, connection: C, rows: Sequence[Any]) -> None:
        """Write rows of the ACK ledger."""

    def rest(self) -> None:
        """Between transactions: what has to be done now and then."""

    def close(self) -> None:
        """Let go of the connection."""


class _Call(msgspec.Struct):
    work: Callable[[Any], Any]
    future: "Future[Any]"
    weight_bytes: int = 0
    lines: int = 0


class Written(Generic[C]):
    """A store with a writer."""

    _writer: "Writer[C]"

    @property
    def commit_micros(self) -> Histogram:
        """How long the transactions took that kept lines, since the start."""
        return self._writer.commit_micros

    @property
    def lines_together(self) -> Histogram:
        """How many lines they kept at once."""
        return self._writer.lines_together


class Writer(Generic[C]):
    """Carries out work in rounds of two transactions: a group of short calls, then one long call.

    So neither starves: a short call (an append, for which a sender waits) waits for at most one long call (a batch),
    a long call for at most one group. An error reaches the callers concerned, and the thread goes on.

    `commit_micros` and `lines_together` count the transactions that kept lines: how long they took, how many lines.
    """

    def __init__(self, engine: Engine[C]) -> None:
        self._engine = engine
        self._short: deque[_Call] = deque()
        self._long: deque[_Call] = deque()
        self._notes: deque[Any] = deque()
        self._notes_since = 0.0
        self._closing = False
        self.commit_micros, self.lines_together = Histogram(), Histogram(LINES_BOUNDS)
        self._changed = threading.Condition()
        # A daemon: a process that forgets to close the store ends all the same, as if killed.
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[C], T], *, weight_bytes: int, lines: int = 0) -> "Future[T]":
        """Have short work done soon, with others in one transaction; the result comes once it is durable."""
        return self._queue(self._short, work, weight_bytes, lines)

    def submit_alone(self, work: Callable[[C], T]) -> "Future[T]":
        """Have long work done in a transaction of its own."""
        return self._queue(self._long, work, 0, 0)

    def note(self, rows: Sequence[Any]) -> None:
        """Write rows with the next transaction, at the latest in 200 ms; when the disk stays away, the oldest go."""
        with self._changed:
            if not self._notes:
                self._notes_since = time.monotonic()
                self._changed.notify()
            self._notes.extend(rows)
            self._forget_surplus()

    def close(self) -> None:
        """Finish what was accepted, then stop. Harmless twice."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        self._engine.close()

    def _queue(self, queue: deque[_Call], work: Callable[[C], T], weight_bytes: int, lines: int) -> "Future[T]":
        future: Future[T] = Future()
        with self._changed:
            if self._closing:
                future.set_exception(WorldIsAway("the store is closed."))
                return future
            queue.append(_Call(work, future, weight_bytes, lines))
            self._changed.notify()
        return future

    def _run(self) -> None:
        while self._wait_for_work():
            turns = [calls for calls in (self._take_group(), self._take_long()) if calls]
            for calls in turns or [[]]:
                self._carry_out(calls)
            self._engine.rest()
        if self._notes:
            self._carry_out([])
        if self._notes:
            told = {"rows": len(self._notes)}
            _LOG.warning("rows of the ACK ledger were lost at closing: the disk is away", extra=told)

    def _wait_for_work(self) -> bool:
        with self._changed:
            while not (self._short or self._long):
                if self._closing:
                    return False
                patience = self._notes_since + _NOTES_WAIT_SECONDS - time.monotonic() if self._notes else None
                if patience is not None and patience <= 0:
                    return True
                self._changed.wait(patience)
            return True

    def _take_group(self) -> list[_Call]:
        group: list[_Call] = []
        weight = 0
        with self._changed:
            while self._short and (not group or weight + self._short[0].weight_bytes <= _GROUP_BYTES_MAX):
                group.append(self._short.popleft())
                weight += group[-1].weight_bytes
        return group

    def _take_long(self) -> list[_Call]:
        with self._changed:
            return [self._long.popleft()] if self._long else []

    def _carry_out(self, calls: list[_Call]) -> None:
        # A caller may have gone away (asyncio cancels its future): then nothing was promised, nothing is written.
        calls = [call for call in calls if call.future.set_running_or_notify_cancel()]
        notes = self._take_notes()
        if notes:
            calls.append(_Call(lambda connection: self._engine.note(connection, notes), self._watched(notes)))
        if calls:
            self._carry_out_together(calls)

    def _carry_out_together(self, calls: list[_Call]) -> None:
        started = time.monotonic()
        try:
            results = self._engine.transact([call.work for call in calls])
        except WorldIsAway as away:
            for call in calls:
                call.future.set_exception(type(away)(*away.args))
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to a caller, never to this thread
            if len(calls) == 1:
                calls[0].future.set_exception(error)
            else:
                # One of them is wrong: it fails alone.
                for call in calls:
                    self._carry_out_together([call])
        else:
            if lines := sum(call.lines for call in calls):
                self.commit_micros.note((time.monotonic() - started) * 1e6)
                self.lines_together.note(lines)
            for call, result in zip(calls, results, strict=True):
                call.future.set_result(result)

    def _take_notes(self) -> list[Any]:
        with self._changed:
            notes, self._notes = list(self._notes), deque()
            return notes

    def _watched(self, notes: list[Any]) -> "Future[None]":
        def settle(future: "Future[None]") -> None:
            error = future.exception()
            if isinstance(error, WorldIsAway):
                self._put_back(notes)
            elif error is not None:
                told = {"rows": len(notes), "error": type(error).__name__}
                _LOG.error("rows of the ACK ledger cannot be written", extra=told)

        future: Future[None] = Future()
        future.add_done_callback(settle)
        return future

    def _put_back(self, notes: list[Any]) -> None:
        with self._changed:
            self._notes.extendleft(reversed(notes))
            self._notes_since = time.monotonic()
            self._forget_surplus()

    def _forget_surplus(self) -> None:
        surplus = len(self._notes) - _NOTES_MAX
        if surplus > 0:
            told = {"rows": surplus}
            _LOG.warning("rows of the ACK ledger were given up: the disk is away or too slow", extra=told)
        for _ in range(surplus):
            self._notes.popleft()
