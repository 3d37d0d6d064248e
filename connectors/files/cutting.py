"""Cuts streams into pieces a journal line can hold, in bounded memory: lines, table chunks, HL7 v2 messages.

Every cutter is deterministic, so that the n-th piece of a file is the same in every run: checkpoints count pieces.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, NamedTuple

from connectors.tabular.records import header_end, record_end

CHUNK_BYTES = 512 * 1024
LINE_BYTES = 64 * 1024 * 1024
MESSAGE_BYTES = 16 * 1024 * 1024  # the hard limit of the listener
_READ_BYTES = 1024 * 1024
_MSH = re.compile(rb"(?<=[\r\n\x0b\x1c])(?:\xef\xbb\xbf)?[ \t]*MSH(?=[^A-Za-z0-9])")
_NEWLINE = re.compile(rb"\r\n|\r|\n")


class Piece(NamedTuple):
    """A piece of a file; `whole` is False for a part of something longer than we can take."""

    body: bytes
    whole: bool = True


def lines(stream: BinaryIO, limit: int = LINE_BYTES) -> Iterator[Piece]:
    """Lines that are not blank, without their line ends; what is longer than `limit` comes in parts."""
    cut = False
    while line := stream.readline(limit):
        ends = line.endswith(b"\n")
        cut_before, cut = cut, not ends and len(line) == limit
        if text := line.rstrip(b"\r\n"):
            whole = not (cut or cut_before)
            if text.strip() or not whole:
                yield Piece(text, whole)


def line_chunks(stream: BinaryIO, limit: int = CHUNK_BYTES) -> Iterator[Piece]:
    """Whole lines together, at most `limit` bytes; a longer line stands alone, in parts when it must."""
    held = b""
    while line := stream.readline(limit):
        if held and len(held) + len(line) > limit:
            yield Piece(held)
            held = b""
        held += line
    if held.strip():
        yield Piece(held)


def table_chunks(stream: BinaryIO, limit: int = CHUNK_BYTES) -> Iterator[Piece]:
    """Rows together with the header row before them, at most `limit` bytes, never cutting a row.

    A quote that stays open for more than a chunk is a mistake in its line; the lines after it are cut as usual.
    """
    window = _Window(stream, limit)
    header = window.take(header_end(window.data))
    if not header.endswith((b"\r", b"\n")) or not window.fill():
        yield Piece(header)
        return
    room = limit - len(header)
    held = bytearray()
    while window.fill():
        size = window.rows_size(room - len(held))
        if size is None and held:
            yield Piece(header + bytes(held))
            held.clear()
        elif size is None:
            yield from _overlong(window, limit)
        else:
            held += window.take(size)
    if held:
        yield Piece(header + bytes(held))


def _overlong(window: "_Window", limit: int) -> Iterator[Piece]:
    """A physical line that no chunk can hold, in parts."""
    while window.fill():
        found = _NEWLINE.search(window.data, 0, limit)
        yield Piece(window.take(found.end() if found else min(limit, len(window.data))), whole=False)
        if found:
            return


class _Window:
    """The next bytes of a stream, always more than `limit` of them unless the stream ends before."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream, self._limit, self._over = stream, limit, False
        self.data = b""
        self.fill()

    def fill(self) -> bool:
        """Read on; say whether anything is left."""
        while not self._over and len(self.data) <= self._limit + 2:
            more = self._stream.read(max(_READ_BYTES, self._limit))
            self._over = not more
            self.data += more
        return bool(self.data)

    def take(self, size: int) -> bytes:
        """Hand out the first bytes and forget them."""
        taken, self.data = self.data[:size], self.data[size:]
        return taken

    def rows_size(self, room: int) -> int | None:
        """How many bytes of whole rows fit into `room`, None when not one does."""
        if len(self.data) <= room and self._over:
            return len(self.data)
        end = 0
        if self.data.find(b'"', 0, room) < 0:
            # Without quotes every line is a row: the last line end that fits is the place to cut.
            end = self.data.rfind(b"\n", 0, room) + 1
        while end == 0 or end < room:
            following = record_end(self.data, end)
            if following > room:
                break
            end = following
        return end or None


def hl7_messages(
    stream: BinaryIO, split: Callable[[bytes], Iterable[bytes]], limit: int = MESSAGE_BYTES
) -> Iterator[Piece]:
    """One message a piece: blocks that end before an MSH go to `split`, which cuts at every MSH (R-52).

    Args:
        split: `connectors.hl7v2.batch.split_messages(...).messages`: leaves out envelopes and blank parts.
    """
    held = b""
    while more := stream.read(_READ_BYTES):
        held += more
        starts = [found.start() for found in _MSH.finditer(held)]
        if starts:
            yield from _split(held[: starts[-1]], split)
            held = held[starts[-1] :]
        while len(held) > limit:
            yield Piece(held[:limit], whole=False)
            held = held[limit:]
    yield from _split(held, split)


def _split(block: bytes, split: Callable[[bytes], Iterable[bytes]]) -> Iterator[Piece]:
    """Messages without the framing of blocks written to a file: so they have the bytes that MLLP would bring.

    What stands between the end of a block and the next MSH is a piece too: it will be found wrong, not lost.
    """
    for message in split(block):
        for part in message.split(b"\x1c"):
            if body := part.lstrip(b" \t\r\n\x0b\x00"):
                yield Piece(body)
