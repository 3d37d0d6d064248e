"""What a status page reads of a listener: is it silent, or stuck?"""

import msgspec

from connectors.mllp.framing import FramingCounts


class ListenerStats(FramingCounts):
    """Counters since the start, then gauges of this moment.

    `answers` counts by code. `unanswered` are messages kept (or perhaps kept) whose sender got no answer and will
    send again: `storage_failures` and `late` say why, where it was us.
    """

    messages: int = 0
    repeats: int = 0
    answers: dict[str, int] = msgspec.field(default_factory=dict)
    unanswered: int = 0
    disallowed: int = 0
    test_messages: int = 0
    no_control_id: int = 0
    no_msh: int = 0
    oversize: int = 0
    storage_failures: int = 0
    late: int = 0
    unfinished_blocks: int = 0
    timeouts: int = 0
    connections: int = 0
    connections_refused: int = 0
    tls_failures: int = 0

    open_connections: int = 0
    in_flight: int = 0
    buffered_bytes: int = 0
    oldest_block_s: float | None = None
