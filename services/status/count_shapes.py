"""JSON of what measures count, as the contract promises it."""

from collections.abc import Iterable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from models.measure import Contribution, is_provisional
from models.subjects import is_member
from services.status.counting import Counts

Json = dict[str, Any]


def counts_json(counts: Counts, zone: ZoneInfo) -> Json:
    """What a page counts, as `measures --json` shows it."""
    page, sums = counts.page, counts.sums
    return {
        "measure": page.measure,
        "version": page.version,
        "label": page.label,
        "period": counts.period,
        "active": page.active,
        "missing_sets": list(page.missing_sets),
        "departures": list(page.departures),
        "by": counts.by,
        "initial_population": sums.initial_population,
        "denominator": sums.denominator,
        "exclusion": sums.exclusion,
        "exception": sums.exception,
        "numerator": sums.numerator,
        "rate": None if counts.rate is None else str(counts.rate),
        "per": page.per,
        "value": counts.value,
        "improvement": page.improvement,
        "units": sums.units,
        "provisional": counts.provisional,
        "trend": [
            {
                "as_of": at.astimezone(zone).isoformat(),
                "rate": None if rate is None else str(rate),
                "value": None if rate is None else float(rate * page.per),
            }
            for at, rate in counts.trend
        ],
    }


def units_json(contributions: Iterable[Contribution], day: date) -> list[Json]:
    """A member's units in the period that holds a day, as `members --json` shows them."""
    period = str(day.year)
    shown = (one for one in contributions if one.initial_population and one.period == period)
    return [{**_counts(one), "provisional": is_provisional(one, day)} for one in shown]


def ledger_json(subject: str, one: Contribution, day: date) -> Json:
    """A contribution, as `measures --ledger` shows it; `member_id` is null where it is about no member."""
    whose = {"member_id": subject if is_member(subject) else None, "subject": subject}
    return {**whose, **contribution_json(one), "provisional": is_provisional(one, day)}


def contribution_json(one: Contribution) -> Json:
    """A contribution whole."""
    return {
        **_counts(one),
        "first": one.first.isoformat(),
        "last": one.last.isoformat(),
        "closes_on": one.closes_on.isoformat(),
        "owner": {name: value or None for name, value in msgspec.structs.asdict(one.owner).items()},
        "strata": dict(one.strata),
    }


def _counts(one: Contribution) -> Json:
    return {
        "measure": one.measure,
        "version": one.version,
        "period": one.period,
        "unit": one.unit,
        "initial_population": one.initial_population,
        "denominator": one.denominator,
        "exclusion": one.exclusion,
        "exception": one.exception,
        "numerator": one.numerator,
        "value": one.value,
    }
