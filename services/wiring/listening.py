"""From a feed's settings to its listener's."""

from pathlib import Path

from connectors.hl7v2.settings import FeedSettings
from connectors.mllp.settings import ListenerSettings, TlsSettings
from connectors.mllp.tls import server_context
from models.errors import FileIsWrong, Problem
from models.pages import host_and_port
from models.time import Instant
from services.wiring.setup import DEFAULT_FEED, Setup
from topics.declared import BODY_BYTES_MAX


def address(text: str, option: str) -> tuple[str, int]:
    """Read HOST:PORT.

    Raises:
        FileIsWrong: it is none.
    """
    found = host_and_port(text)
    if found is None:
        what = f"{text!r} is no address."
        raise FileIsWrong([Problem("command line", 1, option, what, "Write HOST:PORT, such as 127.0.0.1:2575.")])
    return found


def listeners(setup: Setup, mllp: str | None) -> list[ListenerSettings]:
    """One listener a declared feed with an address; `mllp` adds one for the feed that nobody declared.

    Raises:
        FileIsWrong: an address, or a certificate; all such problems are listed.
    """
    wanted = [(name, feed, feed.listen) for name, feed in setup.book.feeds.items() if feed.listen]
    if mllp:
        wanted.append((DEFAULT_FEED, setup.book.settings_of(DEFAULT_FEED), mllp))
    found: list[ListenerSettings] = []
    problems: list[Problem] = []
    for name, feed, listen in wanted:
        try:
            settings = _listener(name, feed, listen)
            if setup.settings.kafka and settings.hard_limit > BODY_BYTES_MAX:
                raise FileIsWrong([_too_long(setup, settings)])
            if settings.tls:
                server_context(settings.tls)  # read here only to be checked before anything starts
            found.append(settings)
        except FileIsWrong as wrong:
            problems += wrong.problems
    if problems:
        raise FileIsWrong(problems)
    return found


def _too_long(setup: Setup, settings: ListenerSettings) -> Problem:
    what = f"{settings.hard_limit} bytes: longer than a record on Kafka may be."
    remedy = f"Write at most {BODY_BYTES_MAX}."
    return Problem(str(setup.config), 1, f"feeds.{settings.feed}.limits.frame_bytes", what, remedy)


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
            # The listener itself refuses senders; one that it lets through is quarantined, and answered like others.
            if reading.problem and reading.problem.reason != "sender_not_allowed":
                return f"{reading.problem.reason} at {reading.problem.where}"
        return None
