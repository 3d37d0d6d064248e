"""Bytes: sizes, line ends, character sets, repeated messages and control ids (interop §1.3 and §1.5)."""

from array import array
from collections import Counter
from datetime import datetime, timedelta
from hashlib import blake2b

import msgspec

from connectors.hl7v2.charset import is_known
from connectors.hl7v2.reader import Message
from connectors.hl7v2.times import BadTime, stamp
from services.onboarding.sample import Sample
from services.onboarding.words import Count, Share, Words

_SAME_EVENT = timedelta(hours=24)
_BLANKED = {"MSH": (7, 10, 13), "EVN": (2,)}
"""What a relay restamps; SFT, what it adds, is left out whole (R-22.3)."""


class Sizes(msgspec.Struct, frozen=True):
    """Bytes a message."""

    p50: int
    p99: int
    max: int


class WireFindings(msgspec.Struct, frozen=True):
    """`repeats` have the same bytes as an earlier message; `control_id_reuse` an earlier one's MSH-10 and other bytes;
    `content_repeats` another MSH-10 and otherwise what an earlier message said within 24 hours.

    `charsets` are MSH-18 as declared and what the bytes were read as: `8859/1 / iso8859_1`. `not_ascii` messages have
    bytes beyond ASCII; `charset_guesses` were read as windows-1252 because nothing else fitted.
    """

    messages: int
    sizes: Sizes
    line_ends: dict[str, int]
    charsets: list[Count]
    not_ascii: int
    ascii_denied: int
    charset_guesses: int
    repeats: Share
    control_ids_absent: int
    control_id_reuse: Share
    control_id_reuse_examples: list[int]
    content_repeats: Share
    content_repeat_examples: list[int]


class Wire:
    """Collects `WireFindings`; it alone sees repeated messages too, and says so."""

    def __init__(self) -> None:
        self._sizes = array("q")
        self._line_ends: Counter[str] = Counter()
        self._charsets = Words(quorum=1)
        self._counts: Counter[str] = Counter()
        self._names: set[bytes] = set()
        self._control_ids: dict[bytes, bytes] = {}
        self._contents: dict[bytes, tuple[str, datetime | None]] = {}
        self._reuse: list[int] = []
        self._content: list[int] = []

    def is_repeat(self, sample: Sample) -> bool:
        """Count a message; say whether the same bytes came before."""
        self._sizes.append(len(sample.raw))
        name = bytes.fromhex(sample.reading.name)
        if name in self._names:
            self._counts["repeat"] += 1
            return True
        self._names.add(name)
        return False

    def see(self, sample: Sample) -> None:
        """Take in a message that is no repeat."""
        self._line_ends[_line_end(sample.raw)] += 1
        message = sample.message
        if message is None:
            return
        self._see_charset(message, sample)
        control_id = message.text("MSH", 10)
        if not control_id:
            self._counts["no_control_id"] += 1
            return
        sender = "\0".join((message.text("MSH", 3), message.text("MSH", 4), control_id))
        key, name = _digest(sender), bytes.fromhex(sample.reading.name)
        if self._control_ids.setdefault(key, name) != name:
            self._reuse.append(sample.ordinal)
        self._see_content(message, control_id, sample)

    def _see_charset(self, message: Message, sample: Sample) -> None:
        declared, codec = message.text("MSH", 18).upper(), message.signs.codec
        told = "none" if not declared else declared if is_known(declared) else "unknown"
        self._charsets.see(f"{told} / {codec}", sample.witness)
        if codec != "ascii":
            self._counts["not_ascii"] += 1
            self._counts["ascii_denied"] += declared in {"", "ASCII", "US-ASCII", "ISO IR6"}
        self._counts["guess"] += "charset_guess" in message.flags

    def _see_content(self, message: Message, control_id: str, sample: Sample) -> None:
        content, sent = _digest(_content(message)), _sent(message)
        before = self._contents.setdefault(content, (control_id, sent))
        if before[0] == control_id:
            return
        if before[1] is None or sent is None or abs(sent - before[1]) <= _SAME_EVENT:
            self._content.append(sample.ordinal)

    def findings(self) -> WireFindings:
        total, seen = len(self._sizes), len(self._names)
        sizes = sorted(self._sizes) or [0]
        return WireFindings(
            messages=total,
            sizes=Sizes(percentile(sizes, 50), percentile(sizes, 99), sizes[-1]),
            line_ends=dict(self._line_ends.most_common()),
            charsets=self._charsets.counts(),
            not_ascii=self._counts["not_ascii"],
            ascii_denied=self._counts["ascii_denied"],
            charset_guesses=self._counts["guess"],
            repeats=Share(self._counts["repeat"], total),
            control_ids_absent=self._counts["no_control_id"],
            control_id_reuse=Share(len(self._reuse), seen),
            control_id_reuse_examples=self._reuse[:3],
            content_repeats=Share(len(self._content), seen),
            content_repeat_examples=self._content[:3],
        )


def percentile(ordered: list[int], percent: int) -> int:
    """The smallest value that so many percent of the values do not exceed; `ordered` is not empty."""
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]


def _line_end(raw: bytes) -> str:
    feeds, returns, both = raw.count(b"\n"), raw.count(b"\r"), raw.count(b"\r\n")
    kinds = [name for name, n in (("CRLF", both), ("CR", returns - both), ("LF", feeds - both)) if n]
    return " and ".join(kinds) or "none"


def _content(message: Message) -> str:
    """The message without what a relay restamps."""
    kept = []
    for line in message.lines:
        name = line[:3]
        if name in _BLANKED:
            parts = line.split(message.signs.field)
            for field in _BLANKED[name]:
                place = field - (name == "MSH")
                if place < len(parts):
                    parts[place] = ""
            line = message.signs.field.join(parts)  # noqa: PLW2901 (the line without its stamps)
        if name != "SFT":
            kept.append(line)
    return "\r".join(kept)


def _sent(message: Message) -> datetime | None:
    try:
        found = stamp(message.text("MSH", 7))
    except BadTime:
        return None
    return found.wall if found else None


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
