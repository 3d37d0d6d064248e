"""Every model of payment, every key of a program page and every shipped example is in the reference."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from services.programs.payments import MODELS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/programs.md").read_text(encoding="utf-8")


def keys(shape: Any) -> Iterator[str]:
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        for name, field in shape.model_fields.items():
            yield field.alias or name
            yield from keys(field.annotation)
    for part in get_args(shape):
        yield from keys(part)


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_has_a_part_of_its_own_and_its_keys_are_told(name: str) -> None:
    assert f"### `{name}`" in PAGE
    assert set(keys(MODELS[name].page)) - set(re.findall(r"\w+", PAGE)) == set()


def test_every_shipped_example_is_named() -> None:
    names = {path.stem for path in (ROOT / "services/programs/catalog").glob("*.yaml")}
    assert names - set(re.findall(r"`([\w.]+)`", PAGE)) == set()
