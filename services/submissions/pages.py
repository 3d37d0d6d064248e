"""The shape of a round's page. What the words mean: `docs/reference/submissions.md`."""

import re
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from models.page_words import Day, Strict, keys_of

_NUMBER = re.compile(r"-?\d{1,18}(?:/[1-9]\d{0,17}|\.\d{1,18})?", re.ASCII)
_NAME = re.compile(r"[a-z0-9][a-z0-9_.\-]*", re.ASCII)


def _number(value: object) -> Fraction:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return Fraction(value)
    raise ValueError(f'{value!r} is no number.\nWrite it in quotes, such as "0.62" or "5/8".')


def _name(value: object) -> str:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    raise ValueError(f"{value!r} is no name.\nWrite small letters, digits, '.', '-' and '_' only.")


def _filled(value: object) -> object:
    if value in ("", [], None) or (isinstance(value, str) and not value.strip()):
        raise ValueError("It is empty.\nWrite a value, or leave the key out.")
    return value


def _text(value: object) -> object:
    # `round: 5` is what people write; a number is a name here.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else _filled(value)


Number = Annotated[Fraction, BeforeValidator(_number)]
Name = Annotated[str, BeforeValidator(_name)]
Text = Annotated[str, BeforeValidator(_text)]


class SourcePage(Strict):
    """`source:` where it was read, and when."""

    document: Text
    section: Text
    read_on: Day


class SpanPage(Strict):
    """`period:` the measurement period, both days included."""

    from_: Day = Field(alias="from")
    to: Day

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.to < self.from_:
            raise ValueError("The period ends before it begins.\nCorrect 'from' or 'to'.")
        return self


class FieldPage(Strict):
    """One of `fields:` a measure's value, or a free one."""

    measure: Name | None = None
    field: Name | None = None
    label: Text | None = None
    value: Number | None = None
    threshold: Number | None = None
    improvement: Literal["increase", "decrease"] | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if not self.measure and not self.field:
            raise ValueError("A field has neither a measure nor a name.\nWrite 'measure: ...', or 'field: ...'.")
        if self.measure and self.value is not None:
            raise ValueError("A measure's value is counted, not written.\nRemove 'value', or write 'field' instead.")
        return self


class RoundPage(Strict):
    """One round."""

    submission: Name
    version: Text
    source: SourcePage
    program: Text
    round: Text
    period: SpanPage
    due: Day
    mcp_id: Text | None = None
    prefill: Name | None = None
    fields: Annotated[list[FieldPage], BeforeValidator(_filled)]


KEYS = keys_of(RoundPage)
"""Every key a round's page may have, for suggestions."""
