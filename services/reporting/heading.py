"""What every report says at its head: which measure, which period, who reports, when."""

from datetime import date
from typing import Literal

import msgspec

from models.measure import PageInfo
from models.time import Instant
from services.measures.verdicts import Population

POPULATIONS: tuple[Population, ...] = (
    "initial-population", "denominator", "denominator-exclusion", "denominator-exception", "numerator",
)  # fmt: skip


class Measure(msgspec.Struct, frozen=True):
    """A measure page, as far as a report needs it.

    Args:
        label: travels with every result (`HEDIS-like, not certified`). title: for people; the id when empty.
        improvement: which way is better. per: 1, or 1000 for a rate per thousand.
        populations: those that the page has; what it lacks is left out of reports.
    """

    id: str
    version: str
    title: str = ""
    label: str = ""
    improvement: Literal["increase", "decrease"] = "increase"
    per: int = 1
    populations: tuple[Population, ...] = POPULATIONS


def measure_of(page: PageInfo) -> Measure:
    """A page as reports speak of it."""
    return Measure(page.measure, page.version, "", page.label, page.improvement, page.per)


class Reporter(msgspec.Struct, frozen=True):
    """The organization that reports."""

    id: str
    name: str = ""


class Heading(msgspec.Struct, frozen=True):
    """The period of a report, both days included, the instant whose knowledge it tells, and who reports.

    `today` is that instant's local day: what is provisional depends on it.
    """

    period: str
    first: date
    last: date
    at: Instant
    today: date
    reporter: Reporter
