"""One sender's connection: bytes in, answers out in the order of arrival.

Messages of one connection are kept concurrently, up to a bound, so that a pipelining sender profits from group
commit; reading pauses beyond it and TCP pushes back. Logs name feed, peer and counts, never content.
"""

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Callable
from typing import cast

from connectors.mllp.deadlines import Deadline, next_deadline
from connectors.mllp.desk import Desk, Receipt, Settled
from connectors.mllp.framing import Decoder, frame
from connectors.mllp.settings import ListenerSettings
from connectors.mllp.stats import ListenerStats
from connectors.mllp.tls import admits

log = logging.getLogger(__name__)

_WRITE_BUFFER = 16384


class Connection(asyncio.Protocol):
    """An accepted connection. `closed` is done when the socket is gone; messages under way may outlive it."""

    def __init__(
        self, settings: ListenerSettings, desk: Desk, stats: ListenerStats, on_lost: Callable[["Connection"], None]
    ) -> None:
        self._settings, self._desk, self._stats, self._on_lost = settings, desk, stats, on_lost
        self._loop = asyncio.get_running_loop()
        self._decoder = Decoder(
            hard_limit=settings.hard_limit,
            soft_limit=settings.soft_limit,
            cap=settings.discard_limit,
            counts=stats,
        )
        self._transport: asyncio.Transport | None = None
        self._peer = "?"
        self._waiting: deque[Receipt] = deque()
        self._flying: deque[tuple[Receipt, asyncio.Task[Settled]]] = deque()
        self._flying_bytes = 0
        self._last_data = self._block_began = self._loop.time()
        self._choked_since: float | None = None
        self._paused = self._ending = self._noise_logged = False
        self._timer: asyncio.TimerHandle | None = None
        self.closed: asyncio.Future[None] = self._loop.create_future()

    # What the event loop tells us.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast("asyncio.Transport", transport)  # of uvloop, it is none by inheritance
        self._peer = _name(transport.get_extra_info("peername"))
        transport.set_write_buffer_limits(high=_WRITE_BUFFER)
        secured: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        if secured is not None and self._settings.tls is not None and not admits(self._settings.tls, secured):
            self._stats.tls_failures += 1
            self._end("the certificate is not one of this feed's")
            return
        self._stats.connections += 1
        log.info("connected", extra=self._place)
        self._watch()

    def data_received(self, data: bytes) -> None:
        if self._ending:
            return
        now = self._last_data = self._loop.time()
        begun, noise, restarts = self._decoder.blocks_begun, self._stats.noise_bytes, self._stats.frame_restarts
        blocks = self._decoder.feed(data)
        if self._decoder.blocks_begun != begun:
            self._block_began = now
        self._complain(self._stats.noise_bytes - noise, self._stats.frame_restarts - restarts)
        for block in blocks:
            receipt = self._desk.receive(block, now)
            self._waiting.append(receipt)
            if receipt.header is None:
                self._ending = True  # kept, then the connection closes; nothing after it is read
                break
        self._start()
        self._watch()

    def eof_received(self) -> bool:
        """The sender will write no more: it may still wait for answers, except over TLS, which cannot half-close."""
        assert self._transport is not None
        self._ending = True
        half_open = self._settings.tls is None and bool(self._flying or self._waiting)
        self._watch()
        return half_open

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        unfinished = self._decoder.in_block
        self._stats.unfinished_blocks += unfinished
        self._stats.unanswered += len(self._flying)
        self._ending = True
        self._waiting.clear()
        log.info(
            "disconnected",
            extra={
                **self._place,
                "error": type(exc).__name__ if exc else "",
                "bytes_in_block": self._decoder.block_size if unfinished else 0,
                "answers_owed": len(self._flying),
            },
        )
        self._flying.clear()
        self._transport = None
        self._on_lost(self)
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        self._choked_since = self._loop.time()
        self._watch()

    def resume_writing(self) -> None:
        self._choked_since = None
        self._flush()

    # What the listener asks.

    def drain(self) -> None:
        """Read no more; answer what is being kept, then close."""
        self._ending = True
        self._waiting.clear()
        self._flush()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def buffered_bytes(self) -> int:
        return self._decoder.buffered + self._flying_bytes + sum(len(receipt.body) for receipt in self._waiting)

    @property
    def in_flight(self) -> int:
        return len(self._flying) + len(self._waiting)

    @property
    def block_age_s(self) -> float | None:
        """How long the block under way has been unfinished."""
        return self._loop.time() - self._block_began if self._decoder.in_block else None

    # From a message to its answer.

    def _start(self) -> None:
        """Have waiting messages kept, as many at once as the bounds allow."""
        settings = self._settings
        while (
            self._waiting and len(self._flying) < settings.max_in_flight and self._flying_bytes <= settings.hard_limit
        ):
            receipt = self._waiting.popleft()
            task = self._desk.start(receipt)
            self._flying.append((receipt, task))
            self._flying_bytes += len(receipt.body)
            task.add_done_callback(self._settled)
        full = bool(self._waiting) or len(self._flying) >= settings.max_in_flight
        if self._transport is None or self._transport.is_closing():
            return
        if full and not self._paused:
            self._transport.pause_reading()
        elif self._paused and not full:
            self._transport.resume_reading()
            self._last_data = self._loop.time()
        self._paused = full

    def _settled(self, task: asyncio.Task[Settled]) -> None:
        failure = None if task.cancelled() else task.exception()  # looked at even where nobody waits any more
        if failure is not None:
            self._stats.storage_failures += 1
            log.warning("a message was not kept", extra={**self._place, "error": type(failure).__name__})
        self._flush()

    def _flush(self) -> None:
        """Write the answers that are due: those of the oldest messages, as far as they are settled."""
        if self._transport is None or self._transport.is_closing():
            return
        due: list[tuple[Receipt, Settled]] = []
        end = None
        now = self._loop.time()
        while self._choked_since is None and end is None and self._flying and self._flying[0][1].done():
            receipt, task = self._flying[0]
            if task.cancelled() or task.exception() is not None:
                end = "no answer without a durable message"
                break
            settled = task.result()
            if settled.answer is not None and now - receipt.last_byte > self._settings.ack_deadline_s:
                end = self._late()
                break
            self._flying.popleft()
            self._flying_bytes -= len(receipt.body)
            due.append((receipt, settled))
            if settled.hang_up:
                end = "not a message, or one without an end"
        self._write(due)
        if end is not None or (self._ending and not self._flying and not self._waiting):
            self._end(end or "done")
            return
        self._start()
        self._watch()

    def _write(self, due: list[tuple[Receipt, Settled]]) -> None:
        answers = [frame(settled.answer) for _, settled in due if settled.answer is not None]
        if not answers or self._transport is None:
            return
        self._transport.write(b"".join(answers))
        now = self._loop.time()
        for receipt, settled in due:
            if settled.answer is not None:
                self._desk.note(receipt, settled, round((now - receipt.last_byte) * 1e6))

    def _end(self, reason: str) -> None:
        """Close, once the answers written before are on their way."""
        if self._transport is None or self._transport.is_closing():
            return
        log.info("closing", extra={**self._place, "reason": reason})
        self._ending = True
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(self._settings.write_timeout_s, self.abort)
        self._transport.close()

    def _late(self) -> str:
        self._stats.late += 1
        return "the answer would come too late, and be taken for the next message's"

    def _complain(self, noise: int, restarts: int) -> None:
        if noise and not self._noise_logged:
            self._noise_logged = True
            log.warning("bytes outside of blocks", extra={**self._place, "count": noise})
        if restarts:
            log.warning("blocks began again", extra={**self._place, "count": restarts})

    @property
    def _place(self) -> dict[str, str]:
        """What every line of the log says."""
        return {"feed": self._settings.feed, "peer": self._peer}

    # Time.

    def _watch(self) -> None:
        """Make sure that the timer goes off by the next deadline."""
        if self._transport is None or self._transport.is_closing():
            return
        deadline = self._next_deadline()
        if deadline is None or (self._timer is not None and self._timer.when() <= deadline[0]):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(deadline[0], self._tick)

    def _tick(self) -> None:
        self._timer = None
        deadline = self._next_deadline()
        if deadline is None or deadline[0] > self._loop.time():
            self._watch()
        elif deadline[1] == "late":
            self._end(self._late())
        else:
            self._stats.timeouts += 1
            self._end(f"{deadline[1]} timeout")
            if deadline[1] == "write":
                self.abort()

    def _next_deadline(self) -> Deadline | None:
        in_block = self._decoder.in_block and not self._paused
        return next_deadline(
            self._settings,
            last_data=self._last_data,
            owed_since=self._flying[0][0].last_byte if self._flying else None,
            choked_since=self._choked_since,
            block_began=self._block_began if in_block else None,
            block_size=self._decoder.block_size,
        )


def _name(peer: object) -> str:
    return f"{peer[0]}:{peer[1]}" if isinstance(peer, tuple) and len(peer) > 1 else "?"
