"""Contributions, counts and gaps as CSV. The columns and their order are a promise; new ones are added at the end.

Reference: `docs/reference/measure-reports.md`.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from models.measure import is_provisional
from services.reporting.counting import Populations, Row
from services.reporting.gaps import Gap
from services.reporting.gaps_bundle import sentences
from services.reporting.heading import Heading, Measure

CONTRIBUTIONS = (
    "subject", "measure", "version", "period", "unit", "first", "last", "initial_population", "denominator",
    "exclusion", "exception", "numerator", "value", "closes_on", "provisional", "mcp_id", "ecm_provider_id",
    "lead_cm_id", "strata",
)  # fmt: skip
COUNTS = (
    "measure", "version", "period", "stratum", "stratum_value", "initial_population", "denominator", "exclusion",
    "exception", "numerator", "rate", "per", "value", "provisional", "label",
)  # fmt: skip
GAPS = ("subject", "measure", "period", "unit", "missing", "until", "evidence_only", "program", "worth")


def contributions_csv(rows: Iterable[Row], heading: Heading) -> str:
    """A line for each contribution, net of exclusions as `measures` shows them, in order of subject and key."""
    ordered = sorted(rows, key=lambda row: (row.subject, row.contribution.key))
    return _csv(CONTRIBUTIONS, (_contribution(row, heading) for row in ordered))


def counts_csv(
    measure: Measure, heading: Heading, total: Populations, strata: dict[tuple[str, str], Populations]
) -> str:
    """The counts of one measure, net of exclusions: in all (`stratum` is empty), then by stratum."""
    lines = [(("", ""), total), *strata.items()]
    return _csv(COUNTS, (_counts(measure, heading, stratum, counted) for stratum, counted in lines))


def gaps_csv(gaps: Iterable[Gap]) -> str:
    """A line for each gap and program that pays for it; one line for a gap that none pays for."""
    return _csv(GAPS, (line for gap in gaps for line in _gap(gap)))


def _csv(columns: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_harmless(cell) for cell in line] for line in lines)
    return text.getvalue()


def _harmless(cell: object) -> object:
    """A text that a spreadsheet would take for a formula is written with an apostrophe before it."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _subject(row: Row) -> str:
    """A member's id; of what is no member, its name without the sign that tells the two apart in a store."""
    return row.subject.removeprefix("@")


def _contribution(row: Row, heading: Heading) -> Sequence[object]:
    told, owner = row.contribution, row.contribution.owner
    strata = ";".join(f"{kind}={value}" for kind, value in told.strata)
    return (
        _subject(row), *told.key, told.first.isoformat(), told.last.isoformat(), told.initial_population,
        told.denominator, told.exclusion, told.exception, told.numerator, "" if told.value is None else told.value,
        told.closes_on.isoformat(), int(is_provisional(told, heading.today)), owner.mcp_id, owner.ecm_provider_id,
        owner.lead_cm_id, strata,
    )  # fmt: skip


def _counts(measure: Measure, heading: Heading, stratum: tuple[str, str], counted: Populations) -> Sequence[object]:
    rate = counted.rate
    value = "" if rate is None else float(rate * measure.per)
    return (
        measure.id, measure.version, heading.period, *stratum, counted.initial_population,
        counted.denominator - counted.exclusion, counted.exclusion, counted.exception, counted.numerator,
        "" if rate is None else f"{rate.numerator}/{rate.denominator}", measure.per, value, counted.provisional,
        measure.label,
    )  # fmt: skip


def _gap(gap: Gap) -> Iterator[Sequence[object]]:
    told = gap.row.contribution
    until = gap.until.isoformat() if gap.until else ""
    fixed = (_subject(gap.row), told.measure, told.period, told.unit, " ".join(sentences(gap.missing)), until)
    for worth in gap.worth:
        yield (*fixed, int(gap.late), worth.program, worth.amount)
    if not gap.worth:
        yield (*fixed, int(gap.late), "", "")
