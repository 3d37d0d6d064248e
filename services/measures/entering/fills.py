"""A pharmacy's fills, as items. Source: contract, `fills` and "PDC"."""

from collections.abc import Sequence

from models.codes import coded
from models.events import Fill, Teller
from services.measures.entering.drugs import drug_of
from services.measures.items import Item
from services.measures.value_sets import ValueSets


def enter_fill(fill: Fill, tellers: Sequence[Teller], sets: ValueSets) -> tuple[Item, ...]:
    """One fill, dated by the day it was handed out; none without a day."""
    if fill.fill_date is None:
        return ()
    day = fill.fill_date.toordinal()
    codes = tuple(filter(None, (coded("ndc", fill.ndc),)))
    drug = drug_of(codes, tuple(filter(None, (coded("ingredient", fill.ingredient),))), sets, day)
    item = Item(
        kind="fill",
        id=f"fill:{fill.fill_id}",
        first=day,
        last=day,
        sets=drug.sets,
        status=fill.status,
        parts=drug.parts,
        days=fill.days_supply or 0,
        ingredients=drug.ingredients,
        codes=codes or drug.ingredients,
        names=(tellers[0].name,),
    )
    return (item,)
