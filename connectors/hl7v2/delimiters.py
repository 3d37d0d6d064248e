"""The signs that a message is written with (MSH-1, MSH-2), and how they cut a field (R-42 to R-45)."""

import re
from collections.abc import Callable
from functools import lru_cache

from models.errors import MessageIsWrong

Part = Callable[[str, int, int], str]
"""(value, component, subcomponent) to text."""

_NEVER = "\x00"
"""A sign that no text holds: NUL bytes are dropped."""


class Delimiters:
    """MSH-1 and MSH-2; "" where the sender has no such character. `codec` is what the bytes of hex escapes are in.

    `part` takes a component or subcomponent of a field's first repetition, unescaped and stripped; "" for absent and
    for `""`.
    """

    __slots__ = ("codec", "component", "escape", "field", "part", "repetition", "subcomponent", "truncation")

    def __init__(self, field: str, encoding: str, codec: str) -> None:
        self.field, self.codec = field, codec
        self.component, self.repetition, self.escape, self.subcomponent, self.truncation = [*encoding, *[""] * 4][:5]
        self.part = _part_by(self)

    def repetitions(self, value: str) -> list[str]:
        """A field's repetitions as written, empty ones left out; read them with `part`."""
        if self.repetition and self.repetition in value:
            return list(filter(None, value.split(self.repetition)))
        return [value] if value else []

    def is_cut(self, value: str) -> bool:
        """A repetition, or a component of it, ends in an unescaped truncation character: the sender cut it (R-44)."""
        sign = self.truncation
        return bool(sign) and (value.endswith(sign) or f"{sign}{self.component}" in value)


@lru_cache(maxsize=1024)
def delimiters_of(start: str, codec: str) -> Delimiters:
    """MSH-1 and MSH-2 of a message by its first characters: the same ones for all of a sender's messages."""
    field, encoding = start[3:4], start[4:].partition(start[3:4])[0] if len(start) > 4 else ""
    encoding = encoding.partition("\r")[0].partition("\n")[0]
    encoding = encoding.replace("\\\\", "\\")  # written by senders that escape their own backslash
    signs = field + encoding
    plain = len(set(signs)) == len(signs) and signs.isprintable()
    if not 2 <= len(signs) <= 6 or not plain or any(sign.isalnum() or sign.isspace() for sign in signs):
        shape = f"MSH-2 has {len(encoding)} characters that are not one to five different signs"
        raise MessageIsWrong("msh_delimiters", "MSH-2", shape, "State the delimiters, usually `MSH|^~\\&|`")
    return Delimiters(field, encoding, codec)


def _part_by(signs: Delimiters) -> Part:
    """`Delimiters.part`: split first, unescape after (R-43)."""
    component_sign, repetition_sign = signs.component, signs.repetition or _NEVER
    subcomponent_sign, escape_sign = signs.subcomponent or _NEVER, signs.escape or _NEVER

    def part(value: str, component: int, subcomponent: int) -> str:
        # `in` costs a tenth of a split, and most values lack most signs.
        if repetition_sign in value:
            value = value[: value.index(repetition_sign)]
        if component_sign in value:
            items = value.split(component_sign, component)
            value = items[component - 1] if component <= len(items) else ""
        elif component > 1:
            return ""
        if subcomponent_sign in value:
            items = value.split(subcomponent_sign, subcomponent)
            value = items[subcomponent - 1] if subcomponent <= len(items) else ""
        elif subcomponent > 1:
            return ""
        if escape_sign in value:
            value = unescape(value, signs)
        value = value.strip()
        return "" if value == '""' else value

    return part


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
