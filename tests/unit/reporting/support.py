"""Made-up members, measures and results."""

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec

from models.measure import Contribution
from models.owner import Owner
from services.measures.verdicts import Because, Missing, UnitResult, Verdict
from services.reporting.counting import Row
from services.reporting.gaps import Gap, Worth, gaps_of, key_of
from services.reporting.heading import Heading, Measure, Reporter

ENGAGEMENT = Measure("trc.engagement", "hedis-like-2025", "Engagement after discharge", "HEDIS-like, not certified")
POOR_CONTROL = Measure("gsd.gt9", "hedis-like-2025", improvement="decrease")
ED_VISITS = Measure("amb_ed", "local-2025", per=1000)
HEADING = Heading(
    "2025",
    date(2025, 1, 1),
    date(2025, 12, 31),
    datetime(2025, 6, 10, 19, tzinfo=UTC),
    date(2025, 6, 10),
    Reporter("P1", "Harbor Care"),
)
EXCLUDED = {"denominator": 0, "exclusion": 1, "numerator": 0}


def row(member_id: str, *, measure: str = "trc.engagement", unit: str = "s1", **counts: object) -> Row:
    """A unit that counts and is not met, unless said otherwise."""
    told = Contribution(
        measure, "hedis-like-2025", "2025", unit, 1, 1, 0, 0, 0, None, date(2025, 6, 1), date(2025, 6, 5),
        date(2025, 7, 5), Owner("PLANA", "P1", "L1"),
    )  # fmt: skip
    return Row(member_id, msgspec.structs.replace(told, **counts))


def result(of: Row) -> UnitResult:
    """A stay that was discharged, and no visit yet."""
    told = of.contribution
    stay = Because("stay", told.unit, told.first, "discharge", ("ab" * 32,))
    until = date(2025, 7, 5)
    ways = (Missing("a visit outside the hospital", until), Missing("a transitional care management visit"))
    visit = Missing("one of these", until, ways)
    return UnitResult(
        *told.key,
        told.first,
        told.last,
        (
            Verdict("initial-population", True, (stay,)),
            Verdict("denominator", True, (stay, Because("observation", "Observation/bp1", date(2025, 6, 2)))),
            Verdict("numerator", False, missing=(visit,), closes_on=date(2025, 7, 5)),
        ),
        (("numerator", "open"),),
    )


def gap(member_id: str, *, unit: str = "s1", worth: str = "41.67") -> Gap:
    """The one gap of a member who was discharged and not seen."""
    of = row(member_id, unit=unit)
    paid = {key_of(of): (Worth("plan_a.qip", Decimal(worth)),)}
    (found,) = gaps_of({"trc.engagement": ENGAGEMENT}, [of], {key_of(of): result(of)}, paid, HEADING.today)
    return found
