"""A tolerant positional reader: segments by name and place, fields by number, nothing unescaped before it is asked for.

No grammar: Z segments and repeated segments are read like any other (R-47). Rules: interop 1.5, R-40 to R-51.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from connectors.hl7v2.charset import decode
from connectors.hl7v2.delimiters import Delimiters, delimiters_of
from models.errors import MessageIsWrong

Place = tuple[str, int, int, int]
"""Segment, field, component and subcomponent: what a `Path` is."""

_NONE: list[str] = []
_HEADERS = frozenset({"MSH", "FHS", "BHS"})
_BLANK = " \t\r\n\x0b\x1c\x00\ufeff"


class Segment(msgspec.Struct, gc=False):
    """One segment. Fields count from 1 as in the standard, MSH-1 being the separator itself; absent ones are ""."""

    parts: list[str]
    signs: Delimiters

    @property
    def name(self) -> str:
        """Its name as written, such as `PID`."""
        return self.parts[0]

    def raw(self, field: int) -> str:
        """A field as written, with its delimiters and escapes."""
        return self.parts[field] if field < len(self.parts) else ""

    def text(self, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """A value of a field's first repetition, unescaped and stripped; "" for absent and for `""`."""
        value = self.parts[field] if field < len(self.parts) else ""
        return self.signs.part(value, component, subcomponent) if value else ""

    def repetitions(self, field: int) -> list[str]:
        """The repetitions of a field as written; read them with `part`. Empty ones are left out."""
        return self.signs.repetitions(self.parts[field]) if field < len(self.parts) else []

    def part(self, value: str, component: int = 1, subcomponent: int = 1) -> str:
        """A value of one repetition, unescaped and stripped."""
        return self.signs.part(value, component, subcomponent)


class Message:
    """One message: `lines` are its segments as written, `flags` what had to be assumed to read it."""

    __slots__ = ("_fields", "flags", "lines", "signs")

    def __init__(self, lines: Sequence[str], signs: Delimiters, flags: tuple[str, ...] = ()) -> None:
        self.lines: list[str] = []
        self.signs, self.flags = signs, flags
        self._fields: dict[str, list[list[str]]] = {}
        self.take(lines)

    def take(self, lines: Sequence[str]) -> None:
        """Take in lines, each cut at its fields: to take its name alone would cost half as much."""
        self.lines += lines
        fields, sign = self._fields, self.signs.field
        for line in lines:
            parts = line.split(sign)
            name = parts[0]
            if name in _HEADERS:
                parts.insert(1, sign)
            elif len(name) != 3:
                name = line[:3]
            if name in fields:
                fields[name].append(parts)
            else:
                fields[name] = [parts]

    def has(self, name: str) -> bool:
        """Say whether there is a segment of a name."""
        return name in self._fields

    def first(self, name: str) -> Segment | None:
        """The first segment of a name."""
        return Segment(self._fields[name][0], self.signs) if name in self._fields else None

    def all(self, name: str) -> list[Segment]:
        """Every segment of a name, in order."""
        return [Segment(parts, self.signs) for parts in self._fields[name]] if name in self._fields else []

    def text(self, name: str, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """A value of the first segment of a name; "" when there is none."""
        segment = self.first(name)
        return segment.text(field, component, subcomponent) if segment else ""

    def texts(self, places: Iterable[Place]) -> list[str]:
        """The values at several places, each as `text` gives it: the hot loop of the mapping."""
        found = []
        fields, part = self._fields, self.signs.part
        last, parts, count = "", _NONE, 0
        for name, field, component, subcomponent in places:
            if name != last:
                last, parts = name, fields[name][0] if name in fields else _NONE
                count = len(parts)
            value = parts[field] if field < count else ""
            if not value or value.isalnum():  # without any sign
                found.append(value if component == subcomponent == 1 else "")
            else:
                found.append(part(value, component, subcomponent))
        return found

    def raw(self, name: str, field: int) -> str:
        """A field of the first segment of a name, as written."""
        parts = self._fields[name][0] if name in self._fields else _NONE
        return parts[field] if field < len(parts) else ""

    def repetitions(self, name: str, field: int) -> list[str]:
        """The repetitions of a field in every segment of a name, as written; read them with `signs.part`."""
        found: list[str] = []
        for parts in self._fields.get(name, ()):
            if field < len(parts) and parts[field]:
                found += self.signs.repetitions(parts[field])
        return found

    def groups(self, name: str) -> "list[Message]":
        """The message once for each segment of a name: its head, and what stands from that segment to the next."""
        if len(self._fields[name]) == 1:
            return [self]
        places = [place for place, line in enumerate(self.lines) if line[:3] == name]
        head, ends = self.lines[: places[0]], [*places[1:], len(self.lines)]
        parts = (self.lines[start:end] for start, end in zip(places, ends, strict=True))
        return [Message([*head, *part], self.signs, self.flags) for part in parts]


def read_message(raw: bytes, charset: str = "") -> Message:
    """Read one message; arguments and errors as of `read_lines`."""
    return Message(*read_lines(raw, charset))


def read_lines(raw: bytes, charset: str = "") -> tuple[list[str], Delimiters, tuple[str, ...]]:
    """Read the lines of one message, the header first: what a `Message` is made of.

    Args:
        raw: its bytes, in an ASCII-compatible character set.
        charset: the feed's setting, tried after MSH-18.

    Raises:
        MessageIsWrong: no MSH at the start (`no_msh`), or no usable delimiters in it (`msh_delimiters`).
    """
    decoded = decode(raw, charset)
    text, flags = decoded.text, ("charset_guess",) if decoded.guessed else ()
    if "\x00" in text:
        text, flags = text.replace("\x00", ""), (*flags, "nul_byte")
    text = text.rstrip() if text.startswith("MSH") else text.strip(_BLANK)
    if not text.startswith("MSH") or text[3:4].isalnum():
        shape = f"{len(text)} characters that do not begin with MSH"
        raise MessageIsWrong("no_msh", "MSH", shape, "Send each message from its MSH segment on.")
    signs = delimiters_of(text[:12], decoded.codec)
    return _lines(text, signs.field), signs, flags


def _lines(text: str, field: str) -> list[str]:
    """Cut at the line ends of R-46: CR, CRLF, LF; an LF inside a message of CRs only where a segment begins."""
    if "\n" not in text:
        lines = text.split("\r")
    elif "\r" not in text:
        lines = text.split("\n")
    else:
        text = text.replace("\r\n", "\r")
        if "\n" in text:
            text = _feeds(field).sub("\r", text)
        lines = text.split("\r")
    return [line if line[0] > " " else line.lstrip(_BLANK) for line in lines if line and not line.isspace()]


@lru_cache(maxsize=64)
def _feeds(field: str) -> re.Pattern[str]:
    return re.compile(rf"\n(?=[A-Z][A-Z0-9]{{2}}{re.escape(field)})")
