"""Addresses inside a message: `PV1-3.4` is the fourth component of PV1's third field; any segment will do (R-49)."""

import re
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, PlainSerializer

from connectors.hl7v2.reader import Message, Place

_FORM = re.compile(r"([A-Z][A-Z0-9]{2})-([1-9]\d{0,2})(?:\.([1-9]\d?))?(?:\.([1-9]\d?))?")


class Path(NamedTuple):
    """A place in the first segment of a name: field, component and subcomponent, each from 1."""

    segment: str
    field: int
    component: int = 1
    subcomponent: int = 1

    def read(self, message: Message) -> str:
        """The value there, unescaped; "" when absent."""
        return message.text(*self)

    def __str__(self) -> str:
        """Write it as in a profile, without parts that are 1."""
        tail = f".{self.component}.{self.subcomponent}" if self.subcomponent > 1 else f".{self.component}"
        return f"{self.segment}-{self.field}{'' if tail == '.1' else tail}"


def parse_path(text: object) -> Path:
    """Read `SEG-f`, `SEG-f.c` or `SEG-f.c.s`.

    Raises:
        ValueError: it is none, with a remedy on the second line.
    """
    if isinstance(text, Path):
        return text
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is no place in a message.\nWrite SEG-field.component, such as PV1-3.4.")
    return Path(found[1], int(found[2]), int(found[3] or 1), int(found[4] or 1))


def places(*paths: Path) -> tuple[Place, ...]:
    """Paths as `Message.texts` takes them fastest: to unpack a named tuple costs five times as much as a plain one."""
    return tuple((path.segment, path.field, path.component, path.subcomponent) for path in paths)


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


PathField = Annotated[Path, BeforeValidator(parse_path), PlainSerializer(str)]
"""A path in a pydantic model, written as text."""

PathList = Annotated[tuple[PathField, ...], BeforeValidator(_listed)]
"""Paths tried in order; a single one needs no brackets."""
