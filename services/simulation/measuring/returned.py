"""Whether monthly return files came in time: a measure of a plan and a provider, not of members.

Readings of the text: a month is asked from the first known file on, once it is due, or when a version of it is known;
the first accepted version says when it came.

Source: care-rules §2.6; contract, "A subject".
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from services.simulation.files import KINDS, Sent, due_at, next_month
from services.simulation.measuring.counted import counted
from services.simulation.truth import TrueMeasure


def on_time(versions: Sequence[Sent], at: datetime, years: Sequence[int]) -> Iterator[TrueMeasure]:
    """Of one provider for one plan, as known at an instant."""
    known = [version for version in versions if version.received_at <= at]
    since = min((version.month for version in known), default=None)
    for kind in KINDS:
        mine = [version for version in known if version.kind == kind]
        months = {version.month for version in mine}
        months |= set(_due(since, at)) if since else set()
        for year in years:
            asked = [month for month in months if month.year == year]
            came = sum(_came_in_time([v for v in mine if v.month == month]) for month in asked)
            yield counted(f"ecm.{kind}_on_time", year, len(asked), came)


def _due(month: date, at: datetime) -> Iterator[date]:
    """The months from one on whose files are due by an instant."""
    while due_at(month) < at:
        yield month
        month = next_month(month)


def _came_in_time(versions: Sequence[Sent]) -> bool:
    accepted = min((v.received_at for v in versions if v.is_accepted), default=None)
    return accepted is not None and accepted <= due_at(versions[0].month)
