"""HTTP inside a larger process: the port is taken at once, or the reason told; signals stay with the command."""

import contextlib
import socket
from collections.abc import Iterator

import uvicorn

from models.errors import WorldIsAway


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        WorldIsAway: another program listens there, or the address is not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(100)
    except OSError as error:
        listening.close()
        hint = "Another program listens there: stop it, or choose another port with --http."
        raise WorldIsAway(f"http: cannot listen on {host}:{port}: {error.strerror}\n  {hint}") from None
    return listening


class InnerServer(uvicorn.Server):
    """A server inside a larger one: the command handles signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
