"""A batch that fails is split until the culprit stands alone; the others are done, in their order."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import WorldIsAway
from services.runtime.isolating import isolated


@given(st.lists(st.booleans(), max_size=40))
def test_what_is_well_is_done_once_and_in_order_and_only_what_is_not_is_set_aside(wells: list[bool]) -> None:
    done: list[int] = []
    aside: list[int] = []

    def attempt(items: Sequence[int]) -> None:
        if not all(wells[item] for item in items):
            raise KeyError
        done.extend(items)

    def give_up(item: int, error: Exception) -> None:
        assert isinstance(error, KeyError)
        aside.append(item)

    isolated(attempt, give_up, range(len(wells)))
    assert done == [item for item, well in enumerate(wells) if well]
    assert aside == [item for item, well in enumerate(wells) if not well]


@pytest.mark.parametrize("away", [WorldIsAway("the disk is full"), ConnectionResetError(), MemoryError()])
def test_nothing_is_set_aside_because_the_world_is_away(away: Exception) -> None:
    tries: list[int] = []

    def attempt(items: Sequence[int]) -> None:
        tries.append(len(items))
        raise away

    with pytest.raises(type(away)):
        isolated(attempt, lambda item, error: pytest.fail("set aside"), range(8))
    assert tries == [8]
