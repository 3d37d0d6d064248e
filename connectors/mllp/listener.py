"""The MLLP listener: one port, one feed. `docs/reference/mllp.md` says what it promises."""

import asyncio
import errno
import logging
import socket
import ssl

import msgspec

from connectors.mllp.connection import Connection
from connectors.mllp.contract import Judge, Keeper
from connectors.mllp.desk import Desk
from connectors.mllp.settings import ListenerSettings
from connectors.mllp.stats import ListenerStats
from connectors.mllp.tls import server_context
from models.errors import WorldIsAway

log = logging.getLogger(__name__)

_HINTS = {
    errno.EADDRINUSE: "Another program listens there, perhaps another `warmhandoff`: stop it, or choose another port.",
    errno.EACCES: "Ports below 1024 need a privilege: choose a higher one.",
    errno.EADDRNOTAVAIL: "This machine has no such address: 0.0.0.0 listens on all of them.",
}
_KEEP_ALIVE_INTERVAL_S, _KEEP_ALIVE_PROBES = 30, 4


class Slots:
    """How many connections all listeners of a process may have between them."""

    def __init__(self, limit: int = 256) -> None:
        self._free = limit

    def take(self) -> bool:
        """Take one if there is one."""
        if self._free <= 0:
            return False
        self._free -= 1
        return True

    def give_back(self) -> None:
        """Let another connection have it."""
        self._free += 1


class Listener:
    """Receives one feed. It may be started again after `stop`.

    Args:
        judge: reads a message that was kept, where its answer depends on that.
        slots: shared by the listeners of a process.
    """

    def __init__(self, settings: ListenerSettings, keeper: Keeper, judge: Judge, slots: Slots | None = None) -> None:
        self.settings = settings
        self._slots = slots if slots is not None else Slots()
        self._stats = ListenerStats()
        self._desk = Desk(settings, keeper, judge, self._stats)
        self._sockets: list[socket.socket] = []
        self._accepting: list[asyncio.Task[None]] = []
        self._connecting: set[asyncio.Task[None]] = set()
        self._connections: set[Connection] = set()
        self._tls: ssl.SSLContext | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            models.errors.WorldIsAway: the port cannot be had.
            models.errors.FileIsWrong: a certificate cannot be read.
        """
        assert not self._sockets, "started twice"
        self.reload_certificates()
        self._sockets = await self._bind()
        self._accepting = [asyncio.create_task(self._accept(each)) for each in self._sockets]
        for host, port in self.addresses:
            log.info("listening", extra={"feed": self.settings.feed, "host": host, "port": port})

    async def stop(self) -> None:
        """Accept and read no more, answer what is being kept, close. Takes no longer than the ACK deadline."""
        for task in self._accepting:
            task.cancel()
        await asyncio.gather(*self._accepting, return_exceptions=True)
        for each in self._sockets:
            each.close()
        self._sockets, self._accepting = [], []
        await asyncio.gather(*self._connecting)  # no longer than a TLS handshake may take
        for connection in list(self._connections):
            connection.drain()
        if waiting := [connection.closed for connection in self._connections]:
            await asyncio.wait(waiting, timeout=self.settings.ack_deadline_s)
        for connection in list(self._connections):
            connection.abort()
        if self._desk.under_way:
            await asyncio.wait(set(self._desk.under_way), timeout=self.settings.ack_deadline_s)
        await asyncio.sleep(0)  # sockets aborted just now close on the loop's next turn

    def reload_certificates(self) -> None:
        """Read certificates again, for new connections; the open ones go on as they are."""
        self._tls = None if self.settings.tls is None else server_context(self.settings.tls)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens; with port 0 in the settings, the port that was given."""
        return [each.getsockname()[:2] for each in self._sockets]

    @property
    def stats(self) -> ListenerStats:
        """Counters and gauges of this moment, as a copy."""
        ages = [age for connection in self._connections if (age := connection.block_age_s) is not None]
        return msgspec.structs.replace(
            self._stats,
            answers=dict(self._stats.answers),
            open_connections=len(self._connections),
            in_flight=sum(connection.in_flight for connection in self._connections),
            buffered_bytes=sum(connection.buffered_bytes for connection in self._connections),
            oldest_block_s=max(ages, default=None),
        )

    async def _bind(self) -> list[socket.socket]:
        settings, bound = self.settings, list[socket.socket]()
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(
                settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
            for family, address in dict.fromkeys((family, address) for family, _, _, _, address in found):
                port = bound[0].getsockname()[1] if bound else settings.port
                bound.append(_listen(family, (address[0], port, *address[2:])))
        except OSError as error:
            for each in bound:
                each.close()
            hint = _HINTS.get(error.errno or 0, "Check the host and the port of the feed's `listen`.")
            raise WorldIsAway(
                f"feed {settings.feed}: cannot listen on {settings.host}:{settings.port}: {error.strerror}\n  {hint}"
            ) from error
        return bound

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, peer = await loop.sock_accept(listening)
            except OSError as error:  # out of file descriptors, or the peer left again: neither ends the feed
                log.warning("accepting failed", extra={"feed": self.settings.feed, "problem": error.strerror})
                await asyncio.sleep(0.1)
                continue
            if len(self._connections) >= self.settings.max_connections or not self._slots.take():
                self._stats.connections_refused += 1
                log.warning("too many connections", extra={"feed": self.settings.feed, "peer": peer[0]})
                accepted.close()
                continue
            connection = Connection(self.settings, self._desk, self._stats, self._lost)
            self._connections.add(connection)
            task = asyncio.create_task(self._connect(accepted, peer[0], connection))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def _connect(self, accepted: socket.socket, peer: str, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        tls = self._tls
        try:
            _keep_alive(accepted, self.settings.keep_alive_s)
            if tls is None:
                await loop.connect_accepted_socket(lambda: connection, accepted)
            else:
                limit = self.settings.tls_handshake_timeout_s
                await loop.connect_accepted_socket(
                    lambda: connection, accepted, ssl=tls, ssl_handshake_timeout=limit, ssl_shutdown_timeout=limit
                )
        except OSError as error:
            self._stats.tls_failures += tls is not None
            place = {"feed": self.settings.feed, "peer": peer}
            log.warning("no connection", extra={**place, "error": type(error).__name__})
            self._lost(connection)

    def _lost(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.discard(connection)
            self._slots.give_back()


def _listen(family: int, address: tuple[object, ...]) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(address)
        listening.listen(128)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


def _keep_alive(accepted: socket.socket, idle_s: int) -> None:
    """Notice a peer that is gone, and keep firewalls from forgetting a quiet one (R-06)."""
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    idle = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))
    if idle is not None:
        accepted.setsockopt(socket.IPPROTO_TCP, idle, idle_s)
    if hasattr(socket, "TCP_KEEPINTVL") and hasattr(socket, "TCP_KEEPCNT"):
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEP_ALIVE_INTERVAL_S)
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _KEEP_ALIVE_PROBES)
