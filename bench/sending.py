"""A sender in a process of its own: one connection, one message at a time. Imports nothing of ours, to start fast."""

import socket
import threading
import time
from collections.abc import Sequence
from typing import Any

END = b"\x1c\r"
ANSWER = b"\x0bMSH|^~\\&|||||||ACK|1|P|2.5\rMSA|AA|1\r" + END


def frame(body: bytes) -> bytes:
    """MLLP: start block, body, end block, CR."""
    return b"\x0b" + body + END


def connect(address: tuple[str, int]) -> socket.socket:
    """A connection that sends at once."""
    line = socket.create_connection(address, timeout=60)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def exchange(line: socket.socket, framed: bytes) -> bytes:
    """Send one message, wait for the whole answer."""
    line.sendall(framed)
    answer = b""
    while not answer.endswith(END):
        part = line.recv(65536)
        if not part:
            raise ConnectionResetError("closed without an answer")
        answer += part
    return answer


def send_bursts(address: tuple[str, int], bursts: Sequence[Sequence[bytes]], gate: Any, results: Any) -> None:
    """Send each burst when the gate opens; report (first byte sent, last answer, milliseconds of each answer)."""
    with connect(address) as line:
        for burst in bursts:
            gate.wait()
            waits = []
            first = before = time.monotonic()
            for framed in burst:
                if b"|AA|" not in exchange(line, framed):
                    raise AssertionError("an answer that is no AA")
                now = time.monotonic()
                waits.append((now - before) * 1000)
                before = now
            results.put((first, before, waits))


def answer_everything(ready: Any) -> None:
    """A receiver that keeps nothing: it finds the end of each message and answers. What Python's sockets can do."""
    import asyncio

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", 0)
        ready.put(server.sockets[0].getsockname()[:2])
        await server.serve_forever()

    class _Answering(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport, self.rest = transport, b""

        def data_received(self, data: bytes) -> None:
            self.rest += data
            while (end := self.rest.find(END)) >= 0:
                self.rest = self.rest[end + len(END) :]
                self.transport.write(ANSWER)

    asyncio.run(serve())


class Paced(threading.Thread):
    """Sends over one connection at a steady rate, whatever the answers take; notes when each message was sent."""

    def __init__(self, address: tuple[str, int], messages: Sequence[bytes], every_s: float) -> None:
        super().__init__(daemon=True)
        self._address, self._messages, self._every = address, messages, every_s
        self.sent_at: list[float] = []

    def run(self) -> None:
        with connect(self._address) as line:
            due = time.monotonic()
            for body in self._messages:
                time.sleep(max(0.0, due - time.monotonic()))
                self.sent_at.append(time.monotonic())
                exchange(line, frame(body))
                due += self._every
