"""What a drug is made of, and which value sets name it. Source: contract, "PDC"."""

from collections.abc import Sequence

import msgspec

from models.codes import coded
from services.measures.items import Reading
from services.measures.value_sets import ValueSets


class Drug(msgspec.Struct, frozen=True, gc=False):
    """A dispensed drug: the sets that name it or an ingredient, its ingredients, and a reading for each of them."""

    sets: frozenset[str]
    ingredients: tuple[str, ...]
    parts: tuple[Reading, ...]


def drug_of(codes: tuple[str, ...], names: Sequence[str], sets: ValueSets, day: int) -> Drug:
    """Take a drug apart: a combination is its ingredients, unless a set lists it by its whole name.

    Args:
        codes: of the product. names: what it is made of (`ingredient|metformin`), perhaps several in one, split by
            `/`. One without a name is its own product: only the same product is the same drug.
    """
    ingredients = tuple(one for name in names for one in _split(name, sets)) or codes[:1]
    listed = [sets.naming(one, day) for one in ingredients]
    own = sets.matching(codes, day)
    return Drug(own.union(*listed), ingredients, tuple(Reading(own | found) for found in listed))


def _split(name: str, sets: ValueSets) -> tuple[str, ...]:
    if "/" not in name or sets.sets_of(name):
        return (name,)
    parts = name.removeprefix("ingredient|").split("/")
    return tuple(part for text in parts if (part := coded("ingredient", text)))
