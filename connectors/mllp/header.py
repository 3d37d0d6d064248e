"""The MSH segment as bytes: what an answer needs, and nothing of the patient. Never raises."""

from functools import lru_cache

import msgspec

_BEFORE_MSH = b"\xef\xbb\xbf \t\r\n\0"


class Header(msgspec.Struct, frozen=True):
    """MSH, undecoded. `fields[n]` is MSH-n as sent (`fields[0]` is empty); fields left out are missing at the end."""

    fields: tuple[bytes, ...]

    def field(self, number: int) -> bytes:
        """MSH-`number` exactly as sent; empty when absent."""
        return self.fields[number] if number < len(self.fields) else b""

    def component(self, number: int, part: int) -> bytes:
        """Component `part` (from 1) of MSH-`number`; the whole field is component 1 where MSH-2 names no separator."""
        separator = self.field(2)[:1]
        parts = self.field(number).split(separator) if separator else [self.field(number)]
        return parts[part - 1] if part <= len(parts) else b""

    @property
    def separator(self) -> bytes:
        """MSH-1."""
        return self.fields[1]

    @property
    def control_id(self) -> bytes:
        """MSH-10, byte for byte."""
        return self.field(10)

    @property
    def version(self) -> tuple[int, ...]:
        """MSH-12 as numbers: (2, 5, 1); empty when it is not a version."""
        return _version(self.component(12, 1))


@lru_cache(maxsize=64)
def _version(text: bytes) -> tuple[int, ...]:
    parts = text.strip().split(b".")
    return tuple(map(int, parts)) if all(part.isdigit() and len(part) < 4 for part in parts) else ()


def read_header(body: bytes) -> Header | None:
    """Find the first MSH segment; None when there is none.

    A batch (FHS, BHS) answers for its first message.
    """
    head = body if body.startswith(b"MSH") else body.lstrip(_BEFORE_MSH)
    if not head.startswith(b"MSH"):
        head = _first_msh(head)
    separator = head[3:4]
    if not separator or separator.isalnum() or separator in b"\r\n":
        return None
    end = head.find(b"\r")
    line_feed = head.find(b"\n", 0, end if end >= 0 else len(head))
    ends = [at for at in (end, line_feed) if at >= 0]
    line = head[4 : min(ends)] if ends else head[4:]
    return Header((b"", separator, *line.split(separator, 20)[:20]))


def _first_msh(head: bytes) -> bytes:
    found = [at for at in (head.find(b"\rMSH"), head.find(b"\nMSH")) if at >= 0]
    return head[min(found) + 1 :] if found else b""
