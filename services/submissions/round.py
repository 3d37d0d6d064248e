"""A round of submission, as its page declares it."""

from datetime import date
from fractions import Fraction
from typing import Literal

import msgspec

Improvement = Literal["increase", "decrease"]


class Field(msgspec.Struct, frozen=True):
    """One number that is asked for.

    Args:
        name: the field's name in the round; a measure's id where nothing else is said.
        measure: the measure whose value is asked, over the round's period; "" for a free value.
        value: a free value, as the page states it. threshold: what meets the goal, both in the field's own unit.
        improvement: which way is better.
    """

    name: str
    measure: str = ""
    label: str = ""
    value: Fraction | None = None
    threshold: Fraction | None = None
    improvement: Improvement = "increase"


class Round(msgspec.Struct, frozen=True):
    """One submission that is asked for.

    Args:
        id: `ipp.5`. round: its number in the program (`5`). first, last: the measurement period, both included.
        due: the last local day to send it. mcp_id: the plan whose values are asked; "" for everybody's.
        prefill: the round before, whose values are shown beside; "" for none.
    """

    id: str
    round: str
    program: str
    version: str
    first: date
    last: date
    due: date
    fields: tuple[Field, ...]
    mcp_id: str = ""
    prefill: str = ""
