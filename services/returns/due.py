"""When a month's return file is due."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from models.events import ReturnFile
from models.reference import Calendar
from models.time import Instant, end_of_day
from services.returns.maps import Due, ReturnMap, due_of


class DueDates:
    """When files are due to each plan, by the maps of an installation."""

    def __init__(self, maps: Sequence[ReturnMap], calendars: Mapping[str, Calendar], zone: ZoneInfo) -> None:
        self._maps, self._calendars, self._zone = maps, calendars, zone
        self.due_at = lru_cache(maxsize=10_000)(self._due_at)

    def _due_at(self, file: ReturnFile, mcp_id: str, period: str) -> Instant | None:
        due = due_of(self._maps, file, mcp_id)
        return due_at(due, period, self._calendars, self._zone) if due else None


def due_at(due: Due, period: str, calendars: Mapping[str, Calendar], zone: ZoneInfo) -> Instant:
    """23:59:59 local of the due day in the month after `period` (`2025-06`).

    A day that the month lacks is its last one; business days are counted from its first day on.

    Source: care-rules §2.6.
    """
    year, month = (int(part) for part in period.split("-"))
    first = date(year + month // 12, month % 12 + 1, 1)
    last = monthrange(first.year, first.month)[1]
    if due.month_day is not None:
        return end_of_day(first.replace(day=min(due.month_day, last)), zone)
    assert due.business_days is not None, "a due rule names a day"
    calendar = calendars[due.calendar]
    days = (first + timedelta(days=n) for n in range(366))
    business = (day for day in days if calendar.is_open(day))
    for _ in range(due.business_days - 1):
        next(business)
    return end_of_day(next(business), zone)
