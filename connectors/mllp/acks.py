"""Acknowledgements, byte by byte, in the sender's own delimiters and character set.

An answer says nothing of a person: MSA-3 and ERR-8 hold short reasons of ours, and letters outside a narrow set are
blanked.

Source: HL7 v2.5.1 chapter 2; interop R-16, R-17.
"""

import itertools
import os
import re
import time

import msgspec

from connectors.mllp.header import Header
from models.ledger import BETWEEN
from models.time import Instant

POSITIVE = frozenset({"AA", "CA"})

_UNSAFE = re.compile(r"[^A-Za-z0-9 _.,:;()/-]+")


class Trouble(msgspec.Struct, frozen=True):
    """Why an answer is not positive. `location` is ERR-2 by components (`("MSH", "1", "3")`), `code` table 0357."""

    reason: str
    location: tuple[str, ...] = ()
    code: str = "207"
    name: str = "Application internal error"


class ControlIds:
    """Our own MSH-10: 20 letters, unique among answers of all processes (start second, chance, count)."""

    def __init__(self) -> None:
        self._prefix = f"{int(time.time()):08X}{os.urandom(2).hex().upper()}"
        self._count = itertools.count(1)

    def next(self) -> bytes:
        """One that was never given before."""
        return f"{self._prefix}{next(self._count) & 0xFFFFFFFF:08X}".encode()


def build_ack(header: Header, code: str, control_id: bytes, at: Instant, trouble: Trouble | None = None) -> bytes:
    """Write one acknowledgement.

    Args:
        header: of the message answered.
        code: MSA-1: AA, AE, AR, CA, CE or CR.
        control_id: our own MSH-10.
        at: MSH-7, written in UTC with its offset.
        trouble: what is wrong, for codes other than AA and CA; ERR is written from version 2.5 on.
    """
    bar, field = header.separator, header.field
    msh = [
        b"MSH", field(2), field(5), field(6), field(3), field(4), at.strftime("%Y%m%d%H%M%S+0000").encode(), b"",
        _message_type(header), control_id, field(11), field(12),
    ]  # fmt: skip
    if field(18):
        msh += [b"", b"", b"", b"", b"", field(18)]
    segments = [bar.join(msh), bar.join([b"MSA", code.encode(), field(10)])]
    if trouble is not None:
        reason = _plain(trouble.reason, header)
        segments[1] += bar + reason
        if header.version >= (2, 5):
            segments.append(_err(header, trouble, reason))
    return b"\r".join(segments) + b"\r"


def codes_of(answer: bytes) -> tuple[str, ...]:
    """MSA-1 of each acknowledgement in an answer."""
    return tuple(code for code, _ in map(read_ack, answer.split(BETWEEN)))


def read_ack(answer: bytes) -> tuple[str, bytes]:
    """MSA-1 and MSA-2 of one acknowledgement; `("", b"")` when it is none."""
    if b"\n" in answer:
        answer = answer.replace(b"\n", b"\r")
    at = answer.find(b"\rMSA") + 1
    if not at:
        return "", b""
    end = answer.find(b"\r", at)
    line = answer[at : end if end >= 0 else len(answer)]
    fields = line[4:].split(line[3:4]) if line[3:4] else [b""]
    return fields[0].decode("ascii", "replace").strip(), fields[1] if len(fields) > 1 else b""


def _message_type(header: Header) -> bytes:
    trigger, separator = header.component(9, 2), header.field(2)[:1]
    if not trigger or (header.version and header.version < (2, 3)):
        return b"ACK"
    return separator.join([b"ACK", trigger, b"ACK"])


def _err(header: Header, trouble: Trouble, reason: bytes) -> bytes:
    separator = header.field(2)[:1]
    location = separator.join(part.encode() for part in trouble.location) if separator else b""
    coded = [trouble.code.encode(), trouble.name.encode(), b"HL70357"] if separator else [trouble.code.encode()]
    return header.separator.join([b"ERR", b"", location, separator.join(coded), b"E", b"", b"", b"", reason])


def _plain(reason: str, header: Header) -> bytes:
    delimiters = header.separator + header.field(2)
    text = _UNSAFE.sub(" ", reason)[:80].strip().encode()
    return text.translate(bytes.maketrans(delimiters, b" " * len(delimiters)))
