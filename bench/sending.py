"""Senders of MLLP, fast enough to stay out of the way: `bench.answering` states their own limit beside every figure."""

import selectors
import socket
import threading
import time
from collections.abc import Iterator, Sequence

import msgspec

END = b"\x1c\r"
PATIENCE_S = 60.0
Address = tuple[str, int]


class Burst(msgspec.Struct, frozen=True):
    """One burst as its senders saw it: messages answered a second, when it began, milliseconds of each answer."""

    rate: float
    began: float
    waits: list[float]


class _Sender(msgspec.Struct):
    line: socket.socket
    todo: Iterator[bytes]
    sent: float = 0.0
    answer: bytes = b""

    def send_next(self) -> bool:
        framed = next(self.todo, None)
        if framed is not None:
            self.sent = time.monotonic()
            self.line.sendall(framed)
        return framed is not None


def frame(body: bytes) -> bytes:
    """MLLP: start block, body, end block, CR."""
    return b"\x0b" + body + END


def connect(address: Address) -> socket.socket:
    """A connection that sends at once."""
    line = socket.create_connection(address, timeout=PATIENCE_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def play(address: Address, streams: Sequence[Sequence[bytes]]) -> Burst:
    """Send framed messages over one connection a stream, on each the next when the one before is answered AA."""
    with selectors.DefaultSelector() as ready:
        for stream in streams:
            ready.register(line := connect(address), selectors.EVENT_READ, _Sender(line, iter(stream)))
        senders = [key.data for key in list(ready.get_map().values())]
        waits: list[float] = []
        began = time.monotonic()
        busy = sum(sender.send_next() for sender in senders)
        while busy:
            heard = ready.select(PATIENCE_S)
            if not heard:
                raise TimeoutError("no answer")
            busy -= sum(_hear(key.data, waits) for key, _ in heard)
        ended = time.monotonic()
        for sender in senders:
            sender.line.close()
    return Burst(len(waits) / (ended - began), began, waits)


def _hear(sender: _Sender, waits: list[float]) -> bool:
    """Take what came; give whether this sender is through."""
    part = sender.line.recv(65536)
    if not part:
        raise ConnectionResetError("closed without an answer")
    sender.answer += part
    if not sender.answer.endswith(END):
        return False
    waits.append((time.monotonic() - sender.sent) * 1000)
    if b"|AA|" not in sender.answer:
        raise AssertionError("an answer that is no AA")
    sender.answer = b""
    return not sender.send_next()


class Paced(threading.Thread):
    """Sends over one connection at a steady rate, whatever the answers take; notes when each message was sent."""

    def __init__(self, address: Address, messages: Sequence[bytes], every_s: float) -> None:
        super().__init__(daemon=True)
        self._address, self._messages, self._every = address, messages, every_s
        self.sent_at: list[float] = []

    def run(self) -> None:
        with connect(self._address) as line:
            due = time.monotonic()
            for body in self._messages:
                time.sleep(max(0.0, due - time.monotonic()))
                self.sent_at.append(time.monotonic())
                _exchange(line, frame(body))
                due += self._every


def _exchange(line: socket.socket, framed: bytes) -> None:
    line.sendall(framed)
    answer = b""
    while not answer.endswith(END):
        part = line.recv(65536)
        if not part:
            raise ConnectionResetError("closed without an answer")
        answer += part
