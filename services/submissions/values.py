"""The values that a round's measures have, counted from contributions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction

from models.measure import Contribution
from services.submissions.round import Round


def values_of(
    asked: Round, ledger: Iterable[tuple[str, Contribution]], per: Mapping[str, int]
) -> dict[str, Fraction | None]:
    """The value of each field that asks for a measure, by field name; None for a rate without denominator.

    Units count that end in the round's period. A measure that counts whole members counts those of the year that the
    period ends in, as far as that year has come.

    Args:
        ledger: every contribution, with its subject. per: 1 or 1000, by measure; 1 where nothing is said.

    Source: contract, "program" (the same periods).
    """
    wanted = {field.measure for field in asked.fields if field.measure}
    met, base = defaultdict[str, int](int), defaultdict[str, int](int)
    for _, each in ledger:
        if each.measure in wanted and asked.mcp_id in ("", each.owner.mcp_id) and _in_period(asked, each):
            met[each.measure] += each.numerator
            base[each.measure] += each.denominator - each.exception
    return {
        field.name: Fraction(met[field.measure] * per.get(field.measure, 1), base[field.measure])
        if base[field.measure] > 0
        else None
        for field in asked.fields
        if field.measure
    }


def _in_period(asked: Round, each: Contribution) -> bool:
    if each.unit:
        return asked.first <= each.last <= asked.last
    return each.period == str(asked.last.year)
