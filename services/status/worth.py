"""What closing a gap is worth: what the programs that pay its owner would add for one more event of its measure."""

from collections.abc import Iterable, Sequence

from models.measure import Contribution
from services.programs.amounts import cents
from services.programs.telling import Result, ToldMeasure
from services.reporting.counting import Row
from services.reporting.gaps import Key, Worth, key_of


def worths(results: Iterable[Result], rows: Sequence[Row]) -> dict[Key, tuple[Worth, ...]]:
    """What each row would add if it came into the numerator, program by program.

    Each gap is priced alone: two that close together may come to more (a tier) or to less (a goal already met).

    Args:
        results: how payees stand, in the periods that the rows may end in.
    """
    told = [(result, measure) for result in results for measure in result.measures if measure.one_more]
    found: dict[Key, tuple[Worth, ...]] = {}
    for row in rows:
        worth = tuple(_worth(result, measure) for result, measure in told if _pays(result, measure, row.contribution))
        if any(each.amount > 0 for each in worth):
            found[key_of(row)] = tuple(each for each in worth if each.amount > 0)
    return found


def _pays(result: Result, measure: ToldMeasure, unit: Contribution) -> bool:
    span = result.inputs.span
    owned = result.program.page.parties.mcp_id == unit.owner.mcp_id
    owned = owned and result.provider in ("", unit.owner.ecm_provider_id)
    # A member's year counts in every period of that year; anything else in the one that it ends in.
    ends_in = span.first <= unit.last <= span.last if unit.unit else unit.period == str(span.last.year)
    return owned and ends_in and measure.line.measure == unit.measure


def _worth(result: Result, measure: ToldMeasure) -> Worth:
    assert measure.one_more is not None  # others were left out
    amount = cents(measure.one_more)
    sentence = f"{result.program.id} would pay {amount} dollars more for {result.inputs.span.name} if it closed."
    return Worth(result.program.id, amount, sentence)
