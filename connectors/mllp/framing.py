"""MLLP blocks out of a byte stream: `0x0B` content `0x1C`, however the stream is cut.

Pure: bytes in, blocks out. Blocks are delivered at their `0x1C`; whoever waits for the CR after it deadlocks with
senders that leave it out.

Source: MLLP release 1; interop R-01 to R-04, R-07.
"""

import msgspec

MIB = 1 << 20
HEAD_BYTES = 4096
PADDING = b"\r\n\0"

_VT, _FS = b"\x0b", b"\x1c"


class Oversize(msgspec.Struct, frozen=True):
    """A block over the hard limit: its size and first bytes are all that is left of it.

    `ended` is False when it passed the cap without an end: nothing can be answered, the connection must close.
    """

    size: int
    head: bytes
    ended: bool


def frame(body: bytes) -> bytes:
    """Wrap one message for the wire."""
    return b"\x0b" + body + b"\x1c\r"


class FramingCounts(msgspec.Struct):
    """What came besides blocks; the counts only grow. Every byte received is in a block or in one of them.

    `noise_bytes`: between blocks, other than CR, LF and NUL, which are common there: those are `padding_bytes`,
    beyond one CR and one LF after each block.
    """

    noise_bytes: int = 0
    padding_bytes: int = 0
    doubled_starts: int = 0
    frame_restarts: int = 0
    restarted_bytes: int = 0
    empty_blocks: int = 0
    large_blocks: int = 0


class Decoder:
    """The receiving end of one connection.

    Args:
        hard_limit: the longest block delivered, in bytes.
        soft_limit: longer blocks are delivered and counted in `large_blocks`.
        cap: a block that is longer makes the decoder deaf, after an `Oversize` that has not ended.
        counts: where to count; connections may share one.
    """

    def __init__(
        self,
        *,
        hard_limit: int = 16 * MIB,
        soft_limit: int = MIB,
        cap: int = 64 * MIB,
        counts: FramingCounts | None = None,
    ) -> None:
        self.counts = counts if counts is not None else FramingCounts()
        self._hard, self._soft, self._cap = hard_limit, soft_limit, max(cap, hard_limit)
        self._buffer: bytes | bytearray = b""
        self._size = 0
        self._tail = b""  # what may still follow the last 0x1C: one CR, one LF
        self.in_block = False
        self.deaf = False
        self.blocks_begun = 0

    @property
    def block_size(self) -> int:
        """Bytes received so far of the block that is under way."""
        return self._size

    @property
    def buffered(self) -> int:
        """Bytes held in memory; less than `block_size` once a block is over the hard limit."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes | Oversize]:
        """Take what a read returned; say which blocks it completed, in order."""
        out: list[bytes | Oversize] = []
        *ended, rest = data.split(_FS)
        for piece in ended:
            self._take(piece, out)
            self._end(out)
        self._take(rest, out)
        return out

    def _take(self, piece: bytes, out: list[bytes | Oversize]) -> None:
        if self.deaf or not piece:
            return
        if not self.in_block:
            start = piece.find(_VT)
            if start != 0:
                self._between(piece if start < 0 else piece[:start])
            if start < 0:
                return
            self._begin()
            piece = piece[start + 1 :]
        if _VT in piece:
            piece = self._restart(piece)
        self._append(piece, out)

    def _begin(self) -> None:
        self.in_block, self._buffer, self._size, self._tail = True, b"", 0, b""
        self.blocks_begun += 1

    def _between(self, gap: bytes) -> None:
        while self._tail and gap and gap[:1] in self._tail:
            # CR LF in that order: after the LF nothing more belongs to the block.
            self._tail = self._tail.partition(gap[:1])[2]
            gap = gap[1:]
        if gap:
            self._tail = b""
            noise = len(gap.translate(None, PADDING))
            self.counts.noise_bytes += noise
            self.counts.padding_bytes += len(gap) - noise

    def _restart(self, piece: bytes) -> bytes:
        """The sender began again inside a block: what came before the last `0x0B` is void."""
        *void, last = piece.split(_VT)
        for part in void:
            if lost := self._size + len(part):
                self.counts.frame_restarts += 1
                self.counts.restarted_bytes += lost
                self._begin()
            else:
                self.counts.doubled_starts += 1  # seen where an engine wraps twice; harmless
        return last

    def _append(self, piece: bytes, out: list[bytes | Oversize]) -> None:
        before, self._size = self._size, self._size + len(piece)
        if before > self._hard:
            pass  # already discarding; the buffer is the head
        elif not before:
            self._buffer = piece
        else:
            if isinstance(self._buffer, bytes):
                self._buffer = bytearray(self._buffer)
            self._buffer += piece
        if self._size > self._hard:
            self._buffer = bytes(self._buffer[:HEAD_BYTES])
            if self._size > self._cap:
                out.append(Oversize(self._size, self._buffer, ended=False))
                self.in_block, self.deaf, self._buffer, self._size = False, True, b"", 0

    def _end(self, out: list[bytes | Oversize]) -> None:
        if self.deaf:
            return
        if not self.in_block:
            self.counts.noise_bytes += 1
            self._tail = b""
            return
        body, size = bytes(self._buffer), self._size
        self.in_block, self._buffer, self._size, self._tail = False, b"", 0, b"\r\n"
        if size > self._hard:
            out.append(Oversize(size, body, ended=True))
        elif size <= 16 and not body.strip(b"\r\n\0 "):
            self.counts.empty_blocks += 1  # a heartbeat: nothing to keep, nothing to answer
            self.counts.padding_bytes += size
        else:
            self.counts.large_blocks += size > self._soft
            out.append(body)
