"""From a feed's settings to its listener's."""

from collections.abc import Iterator
from pathlib import Path

from connectors.hl7v2.settings import FeedSettings
from connectors.mllp.settings import ListenerSettings, TlsSettings
from models.errors import FileIsWrong, Problem
from models.time import Instant
from services.wiring.setup import Setup

DEFAULT_FEED = "mllp"


def address(text: str, option: str) -> tuple[str, int]:
    """Read HOST:PORT.

    Raises:
        FileIsWrong: it is none.
    """
    host, colon, port = text.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 65536):
        what = f"{text!r} is no address."
        raise FileIsWrong([Problem("command line", 1, option, what, "Write HOST:PORT, such as 127.0.0.1:2575.")])
    return host.strip("[]"), int(port)


def listeners(setup: Setup, mllp: str | None) -> Iterator[ListenerSettings]:
    """One listener a declared feed with an address; `mllp` adds one for a feed of that name that nobody declared."""
    for name, feed in setup.book.feeds.items():
        if feed.listen:
            yield _listener(name, feed, feed.listen)
    if mllp:
        yield _listener(DEFAULT_FEED, setup.book.settings_of(DEFAULT_FEED), mllp)


def _listener(name: str, feed: FeedSettings, listen: str) -> ListenerSettings:
    host, port = address(listen, "mllp")
    limits, timeouts, tls = feed.limits, feed.timeouts, feed.tls
    return ListenerSettings(
        feed=name,
        host=host,
        port=port,
        ack_mode=feed.ack_mode,
        on_unparsable=feed.on_unparsable,
        on_disallowed=feed.on_disallowed,
        processing_ids=frozenset(feed.processing_ids if feed.processing_ids is not None else ("P", "")),
        allow=frozenset((one.app or "*", one.facility or "*") for one in feed.allow),
        hard_limit=limits.frame_bytes,
        discard_limit=max(limits.discard_bytes, limits.frame_bytes),
        mid_block_timeout_s=timeouts.frame,
        idle_timeout_s=timeouts.idle,
        write_timeout_s=timeouts.write,
        ack_deadline_s=timeouts.ack_deadline,
        max_connections=limits.connections,
        tls=TlsSettings(Path(tls.cert), Path(tls.key), Path(tls.client_ca) if tls.client_ca else None) if tls else None,
        tls_handshake_timeout_s=timeouts.handshake,
    )


class Judging:
    """Says whether a message can be read, for feeds whose answer depends on it."""

    def __init__(self, setup: Setup) -> None:
        self._reader = setup.readers["hl7v2"]

    def __call__(self, feed: str, received_at: Instant, body: bytes) -> str | None:
        for reading in self._reader.read(feed, received_at, body):
            if reading.problem:
                return f"{reading.problem.reason} at {reading.problem.where}"
        return None
