"""A measured world's roster: enrolled long before it begins, or assigned within it, reached, enrolled, or not."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from models.time import local_day
from services.simulation.places import ZONE
from services.simulation.roster import Row, first_row, later_rows

DAY = timedelta(days=1)
_LONG_AGO = 130
"""Days before the beginning: an enrolment then has its care plan due before the first year of the world."""


def measured_first_row(dice: Random, received_at: datetime, begins_on: date) -> Row:
    """As in any world, but no enrolment of the last months before it."""
    row = first_row(dice, received_at, begins_on)
    if row.ecm_from and (begins_on - row.ecm_from).days < _LONG_AGO:
        since = row.ecm_from - timedelta(days=_LONG_AGO)
        return replace(row, ecm_from=since, assigned_on=since)
    return row


def measured_rows(dice: Random, first: Row, begins_at: datetime, ends_at: datetime) -> list[Row]:
    """What changes during the story. Who is assigned within it keeps plan and coverage, and changes nothing else."""
    room = int((ends_at - max(begins_at, first.received_at)) / DAY) - 120
    if first.in_ecm or room < 10 or dice.random() < 0.3:
        return later_rows(dice, first, begins_at, ends_at)
    at = max(begins_at, first.received_at) + dice.randrange(2, room) * DAY + dice.randrange(3600, 70_000) * DAY / 86_400
    at = at.replace(microsecond=0)
    today = local_day(at, ZONE)
    assigned = replace(
        first, received_at=at, provider=f"SIM-ECM{dice.randrange(1, 7)}", status="assigned",
        assigned_on=today - dice.choice((0, 0, 1, 3)) * DAY,
    )  # fmt: skip
    rows = [first, assigned]
    fate = dice.random()
    later = at + dice.choice((dice.randrange(12, 75), dice.randrange(100, 118))) * DAY
    if fate < 0.6:
        since = local_day(later, ZONE) - dice.choice((0, 0, 2)) * DAY
        lead = f"SIM-CM{dice.randrange(1, 40)}"
        rows.append(replace(assigned, received_at=later, status="", ecm_from=since, lead=lead))
    elif fate < 0.8:
        rows.append(replace(assigned, received_at=later, status=dice.choice(("declined", "unable_to_reach"))))
    return rows


def is_assigned_within(rows: list[Row]) -> bool:
    """Whether the member comes to a provider within the story."""
    return any(row.status == "assigned" for row in rows)
