"""Counts the messages and batches of an HL7 v2 file and compares them with what its trailers state (R-52)."""

import re

_MARK = re.compile(rb"[\r\n\x0b\x1c](?:\xef\xbb\xbf)?[ \t]{0,8}(MSH|BHS|BTS|FTS)[^A-Za-z0-9](\d{0,9})")
_MARK_BYTES = 32  # the longest mark, and some


class Census:
    """Fed with a file's bytes piece by piece; `agrees` is meant once all have been seen. No count is no mismatch."""

    def __init__(self) -> None:
        self._tail = b"\n"  # a file begins where a line does
        self._messages = self._batches = 0
        self.agrees = True

    def see(self, piece: bytes) -> None:
        """Take in the next bytes; a mark that may go on in the next piece is left for it."""
        text = self._tail + piece
        self._tail = text[self._count_before(text, max(len(text) - _MARK_BYTES, 0)) :]

    def close(self) -> None:
        """Nothing follows."""
        self._count_before(self._tail, len(self._tail))
        self._tail = b""

    def _count_before(self, text: bytes, end: int) -> int:
        for found in _MARK.finditer(text):
            if found.start() < end:
                self._count(found[1], found[2])
        return end

    def _count(self, mark: bytes, stated: bytes) -> None:
        if mark == b"MSH":
            self._messages += 1
        elif mark == b"BHS":
            self._messages, self._batches = 0, self._batches + 1
        else:
            counted = self._messages if mark == b"BTS" else max(self._batches, 1)
            self.agrees = self.agrees and (not stated or int(stated) == counted)
            self._messages = 0
