"""The ACK ledger: what every sender was told, and how long it took."""

import msgspec

from models.time import Instant

BETWEEN = b"\x1c\r\x0b"
"""A message that was answered twice (CA, then AA) has both answers in one value; framed (MLLP) it is both blocks."""


class Answered(msgspec.Struct, frozen=True):
    """One answer given to line `seq`: when its message was kept, what was answered, and `micros` from the last byte
    received to the answer handed to the socket. A `repeat` got the stored answer again (R-22.1).
    """

    feed: str
    seq: int
    control_id: str
    received_at: Instant
    kept_at: Instant
    code: str
    micros: int
    repeat: bool
    answer: bytes
