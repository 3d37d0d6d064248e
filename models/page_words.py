"""Words that pages of every kind share: a word of a closed list, a calendar day, a list of at least one."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from models.pages import nearest

T = TypeVar("T")


def one_of(words: object) -> BeforeValidator:
    """Admit only the words of a Literal type."""
    known: tuple[str, ...] = get_args(words)

    def check(value: object) -> object:
        if value in known:
            return value
        raise ValueError(f"{value!r} is not allowed here.\n{nearest(value, known)}Allowed: {', '.join(known)}.")

    return BeforeValidator(check)


def local_date(value: object) -> date:
    """Read `2025-01-10`."""
    try:
        if isinstance(value, str) and len(value) == len("2025-01-10"):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise ValueError(f"{value!r} is no calendar day.\nWrite it as 2025-01-10.")


def filled(value: object) -> object:
    """Refuse an empty list: whether it would mean all or none, nobody remembers."""
    if value in ([], ()):
        raise ValueError("The list is empty.\nName at least one, or leave the key out.")
    return value


def several(value: object) -> object:
    """One word stands for a list of one."""
    return tuple(value) if isinstance(value, list) else (value,)


def _listed(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


# Not pydantic's min_length: it counts what is left after mistakes, and tells of an empty list where there is none.
Many = Annotated[tuple[T, ...], BeforeValidator(several), BeforeValidator(filled)]
"""One word, or a list of at least one."""
Filled = Annotated[tuple[T, ...], BeforeValidator(_listed), BeforeValidator(filled)]
"""A list of at least one."""
Text = Annotated[str, Field(min_length=1)]
Day = Annotated[date, BeforeValidator(local_date)]


class Strict(BaseModel):
    """A frozen mapping of a page: an unknown key is a mistake, and nothing is converted silently."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class EffectivePage(Strict):
    """`effective:` the local days for which a page holds, both included."""

    from_: Day = Field(alias="from")
    to: Day | None = None


class SourcePage(Strict):
    """`source:` where what a page says was read, and when."""

    document: Text
    section: Text
    read_on: Day


def keys_of(page: type[BaseModel]) -> frozenset[str]:
    """Every key that a page of this shape may have, at any depth."""
    found: set[str] = set()
    for name, field in page.model_fields.items():
        found.add(field.alias or name)
        for inner in _models_in(field.annotation):
            if inner is not page:  # evidence may hold evidence
                found |= keys_of(inner)
    return frozenset(found)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
