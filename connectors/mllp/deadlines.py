"""When a connection's patience ends. Pure: all times are on one monotonic clock, in seconds.

Source: interop R-05, R-18, R-31.
"""

from typing import Literal, TypeAlias

from connectors.mllp.settings import ListenerSettings

Reason = Literal["late", "write", "mid-block", "idle"]
Deadline: TypeAlias = tuple[float, Reason]

# A long block may take longer than the mid-block timeout, but not at a byte a second.
_SLOWEST_BYTES_PER_S = 65536


def next_deadline(
    settings: ListenerSettings,
    *,
    last_data: float,
    owed_since: float | None,
    choked_since: float | None,
    block_began: float | None,
    block_size: int,
) -> Deadline | None:
    """Say when to give up next, and why; None while there is nothing to wait for.

    Args:
        settings: of the listener.
        last_data: when the last bytes came.
        owed_since: when the oldest message without an answer was complete.
        choked_since: since when the peer has not been reading.
        block_began: when the unfinished block began; None between blocks, and while reading is paused by us.
        block_size: how many bytes of it came.
    """
    deadlines: list[Deadline] = []
    if owed_since is not None:
        deadlines.append((owed_since + settings.ack_deadline_s, "late"))
    if choked_since is not None:
        deadlines.append((choked_since + settings.write_timeout_s, "write"))
    if block_began is not None:
        patience = settings.mid_block_timeout_s + block_size / _SLOWEST_BYTES_PER_S
        deadlines.append((min(last_data + settings.mid_block_timeout_s, block_began + patience), "mid-block"))
    elif settings.idle_timeout_s is not None and owed_since is None:
        deadlines.append((last_data + settings.idle_timeout_s, "idle"))
    return min(deadlines, default=None)
