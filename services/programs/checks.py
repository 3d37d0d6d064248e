"""What a program page must make sense of beyond its shape.

These look at the page's plain values, so that one reading of a file tells every mistake in it: those of shape and those
of sense. A value of the wrong type is none of their business.
"""

from collections.abc import Collection, Iterator
from fractions import Fraction
from pathlib import PurePath

from models.errors import Problem
from models.pages import Page, nearest
from services.programs.amounts import exact, plain


def sense(page: Page, measures: Collection[str] | None) -> Iterator[Problem]:
    """Say what does not make sense in one page.

    Args:
        page: the page, whatever its shape.
        measures: the ids that the installation knows; None asks for no such check.
    """
    yield from _name(page)
    yield from _dates(page)
    yield from _measures(page, measures)
    yield from _weights(page)
    yield from _ascending(page, "tiers", "from", "percent")
    yield from _targets(page)
    yield from _bonus(page)
    yield from _shares(page)
    yield from _outcome(page)
    yield from _gates(page)
    yield from _cases(page)


def _name(page: Page) -> Iterator[Problem]:
    program, stem = page.data.get("program"), PurePath(page.path).stem
    if isinstance(program, str) and program != stem:
        what = f"{program!r} is not the name of the file, {stem!r}."
        yield page.problem(("program",), what, f"Write '{stem}', or rename the file to '{program}.yaml'.")


def _dates(page: Page) -> Iterator[Problem]:
    effective = _mapping(page.data.get("effective"))
    first, last = effective.get("from"), effective.get("to")
    if isinstance(first, str) and isinstance(last, str) and last < first:
        what = f"The program ends on {last!r}, before it begins on {first!r}."
        yield page.problem(("effective", "to"), what, "Write a later date, or null for a program that goes on.")


def _measures(page: Page, known: Collection[str] | None) -> Iterator[Problem]:
    seen: set[object] = set()
    for index, line in enumerate(_lines(page)):
        measure, at = line.get("measure"), ("measures", index, "measure")
        if not isinstance(measure, str):
            continue
        if measure in seen:
            yield page.problem(at, f"{measure!r} is paid for twice.", "Keep one of the two.")
        elif known is not None and measure not in known:
            remedy = f"{nearest(measure, known)}`measures check` lists those that there are."
            yield page.problem(at, f"There is no measure {measure!r}.", remedy)
        seen.add(measure)


def _weights(page: Page) -> Iterator[Problem]:
    total = sum((_number(line.get("weight")) or Fraction(0) for line in _lines(page)), Fraction(0))
    if total > 1:
        what = f"The weights sum to {plain(total)}: more than the whole would be paid."
        yield page.problem(("measures",), what, "Lower them until they sum to 1 or less.")


def _ascending(page: Page, *keys: str) -> Iterator[Problem]:
    """Steps must rise in both of two numbers: where they begin, and what they pay."""
    name, *columns = keys
    yield from _rising(page, (name,), page.data.get(name), columns)
    table = _mapping(page.data.get("returned")).get("table")
    yield from _rising(page, ("returned", "table"), table, ["met", "share"])


def _rising(page: Page, at: tuple[str, ...], steps: object, columns: list[str]) -> Iterator[Problem]:
    before: dict[str, Fraction] = {}
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        for strictly, column in zip((True, False), columns, strict=True):
            number, last = _number(_mapping(step).get(column)), before.get(column)
            if number is None:
                continue
            if last is not None and (number < last or (strictly and number == last)):
                what = f"{plain(number)} does not rise above {plain(last)} of the step before."
                yield page.problem((*at, index, column), what, f"Put the steps in ascending order of '{columns[0]}'.")
            before[column] = number


def _targets(page: Page) -> Iterator[Problem]:
    """Lines between two rates need two rates, the threshold form a target; percentiles need the percentile."""
    wording = _mapping(page.data.get("penalty")).get("wording")
    for index, line in enumerate(_lines(page)):
        at = ("measures", index)
        if page.data.get("form") == "threshold" and line.get("target") is None:
            yield page.problem(at, "The threshold form pays for a target, and there is none.", "Add 'target'.")
        if line.get("form") == "linear" and line.get("floor") is None:
            yield page.problem(at, "A linear measure earns from its floor on, and there is none.", "Add 'floor'.")
        if line.get("form") == "step" and line.get("floor") is not None:
            yield page.problem((*at, "floor"), "A step has no floor.", "Remove 'floor', or write 'form: linear'.")
        if wording == "percentile" and line.get("p50") is None:
            yield page.problem(at, "The penalty is worded as a percentile, and there is none.", "Add 'p50'.")
        yield from _apart(page, (*at, "target"), line, "floor", "target")
        yield from _apart(page, (*at, "score", "full_at"), _mapping(line.get("score")), "zero_at", "full_at")


def _apart(page: Page, at: tuple[str | int, ...], values: dict[str, object], low: str, high: str) -> Iterator[Problem]:
    first, last = _number(values.get(low)), _number(values.get(high))
    if first is not None and first == last:
        yield page.problem(at, f"'{low}' and '{high}' are the same: no line leads from one to the other.", "Part them.")


def _bonus(page: Page) -> Iterator[Problem]:
    bonus = page.data.get("bonus")
    if isinstance(bonus, dict) and (bonus.get("percent_of") is None) == (bonus.get("fixed") is None):
        what = "A bonus is a percent of something stated, or of a fixed sum: one of the two."
        yield page.problem(("bonus",), what, "Write 'percent_of: reimbursement' or 'fixed: \"5000.00\"'.")


def _shares(page: Page) -> Iterator[Problem]:
    rule = _mapping(page.data.get("returned"))
    if rule.get("form") == "table" and rule.get("table") is None:
        yield page.problem(("returned",), "The form is a table, and there is none.", "Add 'table: [{met: 0, ...}]'.")
    if rule.get("form") == "proportional" and rule.get("table") is not None:
        yield page.problem(("returned", "table"), "Equal parts need no table.", "Remove it, or write 'form: table'.")
    wanted = _mapping(page.data.get("quality_gate")).get("met")
    if isinstance(wanted, int) and wanted > len(_lines(page)):
        what = f"The gate wants {wanted} targets met, of {len(_lines(page))}: it never opens."
        yield page.problem(("quality_gate", "met"), what, "Lower it, or add measures.")


def _outcome(page: Page) -> Iterator[Problem]:
    paid = [key for key in ("per_avoided_visit", "per_percent") if page.data.get(key) is not None]
    if page.data.get("model") == "outcome_pay" and len(paid) != 1:
        what = "An outcome is paid by the avoided visit or by the percent: one of the two."
        yield page.problem((), what, "Write 'per_avoided_visit' or 'per_percent'.")
    if page.data.get("model") in ("outcome_pay", "episode_price"):
        for index, _ in enumerate(_lines(page)[1:], start=1):
            what = "This model takes one measure."
            yield page.problem(("measures", index), what, "Put this one into a program of its own.")


def _gates(page: Page) -> Iterator[Problem]:
    """Files are a provider's: who pays by them pays a provider."""
    if page.data.get("counts") == "eligible" and page.data.get("eligible") is None:
        what = "Eligible members are counted, and nothing says where."
        yield page.problem(("counts",), what, "Add 'eligible: {file: rtf, status: [enrolled]}'.")
    parties = page.data.get("parties")
    if page.data.get("eligible") is not None and isinstance(parties, dict) and parties.get("provider") is None:
        what = "Return files are a provider's, and the program pays the plan."
        yield page.problem(("parties",), what, "Add 'provider: any'.")


def _cases(page: Page) -> Iterator[Problem]:
    """A case that names a measure which the page does not pay for proves nothing."""
    known = {line.get("measure") for line in _lines(page)}
    for index, case in enumerate(_list(page.data.get("cases"))):
        for measure in _mapping(case.get("rates")):
            if measure not in known:
                what = f"The program does not pay for {measure!r}."
                remedy = f"{nearest(measure, map(str, known))}Name one of its measures."
                yield page.problem(("cases", index, "rates", measure), what, remedy)
        if case.get("expect") == {}:
            yield page.problem(("cases", index, "expect"), "The case expects nothing.", "Write 'earned: \"...\"'.")


def _lines(page: Page) -> list[dict[str, object]]:
    return _list(page.data.get("measures"))


def _list(value: object) -> list[dict[str, object]]:
    return [_mapping(one) for one in value] if isinstance(value, list) else []


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> Fraction | None:
    try:
        return exact(value)
    except ValueError:  # told with the shape
        return None
