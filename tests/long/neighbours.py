"""Who else speaks to an open port: scanners, browsers, senders that hang. None of them may cost more than a moment."""

import socket
import threading
from collections.abc import Callable
from random import Random
from typing import Self

_WORDS = (
    b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x0bMSH|^~\\&|HALF", b"",
    b"\x0b" * 400, b"\x0b" + b"A" * 200_000, b"SSH-2.0-scan\r\n", b"\x1c" * 50,
)  # fmt: skip


class Neighbours:
    """Connects again and again until left; some connections hang a while, most are reset in the middle of a word."""

    def __init__(self, ports: Callable[[], list[int]], dice: Random, *, pause_s: float = 0.2) -> None:
        self._ports, self._dice, self._pause_s = ports, dice, pause_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="neighbours", daemon=True)
        self.visits = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        hanging: list[socket.socket] = []
        while not self._over.wait(self._pause_s):
            ports = self._ports()
            if not ports:
                continue
            try:
                visitor = socket.create_connection(("127.0.0.1", self._dice.choice(ports)), timeout=5)
                visitor.sendall(self._dice.choice(_WORDS))
            except OSError:  # the service is being started again
                continue
            self.visits += 1
            hanging.append(visitor)
            while len(hanging) > self._dice.choice((0, 0, 0, 3)):
                hanging.pop(0).close()
        for visitor in hanging:
            visitor.close()
