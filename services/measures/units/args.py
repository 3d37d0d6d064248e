"""What a page may tell a builder: `unit_args`, strict and typed."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _listed(value: object) -> object:
    """One name stands for a list of one; a list becomes a tuple, as frozen models want it."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""Value sets: one name or a list of names."""

Days = Annotated[int, Field(ge=0, le=400)]


class Args(BaseModel):
    """The arguments of a builder that needs none, and what all have in common: an unknown key is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @property
    def value_sets(self) -> frozenset[str]:
        """The value sets that the arguments name."""
        return frozenset(
            name
            for field in type(self).model_fields
            if isinstance(value := getattr(self, field), tuple)
            for name in value
        )
