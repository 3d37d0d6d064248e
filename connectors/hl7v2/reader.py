"""A tolerant positional reader: segments by name and place, fields by number, nothing unescaped before it is asked for.

No grammar: Z segments and repeated segments are read like any other (R-47). Rules: interop 1.5, R-40 to R-51.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from connectors.hl7v2.charset import decode
from models.errors import MessageIsWrong

_BLANK = " \t\r\n\x0b\x1c\x00\ufeff"


class Delimiters(NamedTuple):
    """MSH-1 and MSH-2; "" where the sender has no such character. `codec` is what the bytes of hex escapes are in."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str
    truncation: str
    codec: str


class Segment:
    """One segment. Fields count from 1 as in the standard, MSH-1 being the separator itself; absent ones are ""."""

    __slots__ = ("_signs", "name", "parts")

    def __init__(self, line: str, signs: Delimiters) -> None:
        self.parts = line.split(signs.field)
        self.name = self.parts[0]
        if self.name in {"MSH", "FHS", "BHS"}:
            self.parts.insert(1, signs.field)
        self._signs = signs

    def raw(self, field: int) -> str:
        """A field as written, with its delimiters and escapes."""
        return self.parts[field] if field < len(self.parts) else ""

    def text(self, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """A value of a field's first repetition, unescaped and stripped; "" for absent and for `""`."""
        value = self.parts[field] if field < len(self.parts) else ""
        if not value or value.isalnum():
            return value if component == 1 and subcomponent == 1 else ""
        repetition = self._signs.repetition
        if repetition and repetition in value:
            value = value[: value.index(repetition)]
        return part_of(value, self._signs, component, subcomponent)

    def repetitions(self, field: int) -> list[str]:
        """The repetitions of a field as written; read them with `part`. Empty ones are left out."""
        value = self.parts[field] if field < len(self.parts) else ""
        sign = self._signs.repetition
        return [item for item in (value.split(sign) if sign else [value]) if item]

    def part(self, value: str, component: int = 1, subcomponent: int = 1) -> str:
        """A value of one repetition, unescaped and stripped."""
        return part_of(value, self._signs, component, subcomponent)

    def is_deleted(self, field: int) -> bool:
        """The field is `""`: the sender deletes its value; empty says nothing (R-45)."""
        return self.raw(field).strip() == '""'

    @property
    def may_cut(self) -> bool:
        """The sender has a truncation character at all."""
        return bool(self._signs.truncation)

    def is_cut(self, value: str) -> bool:
        """A repetition, or a component of it, ends in an unescaped truncation character: the sender cut it (R-44)."""
        sign = self._signs.truncation
        return bool(sign) and (value.endswith(sign) or f"{sign}{self._signs.component}" in value)


class Message:
    """One message: `lines` are its segments as written, `flags` what had to be assumed to read it."""

    __slots__ = ("_firsts", "_index", "_segments", "flags", "lines", "signs")

    def __init__(self, lines: Sequence[str], signs: Delimiters, flags: tuple[str, ...] = ()) -> None:
        self.lines, self.signs, self.flags = lines, signs, flags
        self._segments: dict[int, Segment] = {}
        self._firsts: dict[str, Segment] = {}
        self._index: dict[str, list[int]] = {}
        for place, line in enumerate(lines):
            self._index.setdefault(line[:3], []).append(place)

    def has(self, name: str) -> bool:
        """Say whether there is a segment of a name."""
        return name in self._index

    def first(self, name: str) -> Segment | None:
        """The first segment of a name."""
        found = self._firsts.get(name)
        if found is None and name in self._index:
            found = self._firsts[name] = self._at(self._index[name][0])
        return found

    def all(self, name: str) -> list[Segment]:
        """Every segment of a name, in order."""
        return [self._at(place) for place in self._index[name]] if name in self._index else []

    def text(self, name: str, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """A value of the first segment of a name; "" when there is none."""
        segment = self._firsts.get(name) or self.first(name)
        return segment.text(field, component, subcomponent) if segment else ""

    def groups(self, name: str) -> Iterator["Message"]:
        """The message once for each segment of a name: its head, and what stands from that segment to the next."""
        places = self._index.get(name, [])
        if len(places) == 1:
            yield self
            return
        for start, end in zip(places, [*places[1:], len(self.lines)], strict=True):
            yield Message([*self.lines[: places[0]], *self.lines[start:end]], self.signs, self.flags)

    def _at(self, place: int) -> Segment:
        found = self._segments.get(place)
        if found is None:
            found = self._segments[place] = Segment(self.lines[place], self.signs)
        return found


def read_message(raw: bytes, charset: str = "") -> Message:
    """Read one message.

    Args:
        raw: its bytes, in an ASCII-compatible character set.
        charset: the feed's setting, tried after MSH-18.

    Raises:
        MessageIsWrong: no MSH at the start (`no_msh`), or no usable delimiters in it (`msh_delimiters`).
    """
    text, codec, guessed = decode(raw, charset)
    flags = ("charset_guess",) if guessed else ()
    if "\x00" in text:
        text, flags = text.replace("\x00", ""), (*flags, "nul_byte")
    text = text.rstrip() if text.startswith("MSH") else text.strip(_BLANK)
    signs = _delimiters(text, codec)
    return Message(_lines(text, signs.field), signs, flags)


def part_of(value: str, signs: Delimiters, component: int, subcomponent: int) -> str:
    """A component or subcomponent of one repetition: split first, unescape after (R-43)."""
    value = _cut_out(value, signs.component, component)
    if subcomponent > 1 or (value and not value.isalnum()):
        value = _cut_out(value, signs.subcomponent, subcomponent)
        if signs.escape and signs.escape in value:
            value = unescape(value, signs)
        value = value.strip()
        return "" if value == '""' else value
    return value


def _cut_out(value: str, sign: str, number: int) -> str:
    """The part of this number, from 1; a value without the sign is its own first part."""
    if not sign or sign not in value:
        return value if number == 1 else ""
    items = value.split(sign, number)
    return items[number - 1] if number <= len(items) else ""


def unescape(value: str, signs: Delimiters) -> str:
    """Replace the escapes that stand for text; unknown and unfinished ones stay as they are."""
    return _escapes(signs.escape).sub(_replacer(signs), value)


@lru_cache(maxsize=64)
def _escapes(escape: str) -> re.Pattern[str]:
    sign = re.escape(escape)
    known = r"(?P<one>[FSTREPHN])|X(?P<hex>(?:[0-9A-Fa-f]{2})+)|(?P<line>\.(?:br|sp)\d{0,3})"
    return re.compile(rf"{sign}(?:{known}|[ZCM][^{sign}]*){sign}")


@lru_cache(maxsize=64)
def _replacer(signs: Delimiters) -> Callable[[re.Match[str]], str]:
    ones = {"F": signs.field, "S": signs.component, "T": signs.subcomponent, "R": signs.repetition, "E": signs.escape,
            "P": signs.truncation, "H": "", "N": ""}  # fmt: skip

    def replace(found: re.Match[str]) -> str:
        if (one := found["one"]) is not None:
            return ones[one] if ones[one] or one in "HN" else found[0]
        if (digits := found["hex"]) is not None:
            return bytes.fromhex(digits).decode(signs.codec, "replace").replace("\x00", "")
        return "\n" if found["line"] is not None else found[0]

    return replace


def _delimiters(text: str, codec: str) -> Delimiters:
    if not text.startswith("MSH") or text[3:4].isalnum():
        shape = f"{len(text)} characters that do not begin with MSH"
        raise MessageIsWrong("no_msh", "MSH", shape, "Send each message from its MSH segment on.")
    encoding = text[4:12].partition(text[3:4])[0] if len(text) > 4 else ""
    return _signs(text[3:4], encoding.partition("\r")[0].partition("\n")[0], codec)


@lru_cache(maxsize=256)
def _signs(field: str, encoding: str, codec: str) -> Delimiters:
    encoding = encoding.replace("\\\\", "\\")  # written by senders that escape their own backslash
    signs = field + encoding
    plain = len(set(signs)) == len(signs) and signs.isprintable()
    if not 2 <= len(signs) <= 6 or not plain or any(sign.isalnum() or sign.isspace() for sign in signs):
        shape = f"MSH-2 has {len(encoding)} characters that are not one to five different signs"
        raise MessageIsWrong("msh_delimiters", "MSH-2", shape, "State the delimiters, usually `MSH|^~\\&|`")
    component, repetition, escape, subcomponent, truncation = [*encoding, "", "", "", ""][:5]
    return Delimiters(field, component, repetition, escape, subcomponent, truncation, codec)


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
