"""The periods that programs pay for: months, quarters, halves and years, by name."""

import re
from datetime import date, timedelta
from typing import Literal

import msgspec

PeriodWord = Literal["month", "quarter", "half", "year"]

MONTHS: dict[PeriodWord, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12}
_NAME = re.compile(r"(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])|H([12])))?")


class Span(msgspec.Struct, frozen=True):
    """One period of a program: its name (`2025-Q1`) and its local days, both included."""

    name: str
    first: date
    last: date

    @property
    def months(self) -> tuple[str, ...]:
        """The months that it touches: `2025-01`, ..."""
        start, end = (day.year * 12 + day.month - 1 for day in (self.first, self.last))
        return tuple(f"{month // 12:04}-{month % 12 + 1:02}" for month in range(start, end + 1))

    def until(self, first: date, last: date | None) -> "Span | None":
        """The part of it between two days; None when there is none."""
        start, end = max(self.first, first), min(self.last, last or self.last)
        return Span(self.name, start, end) if start <= end else None


def span_of(word: PeriodWord, day: date) -> Span:
    """The period of a length that holds a day."""
    return _span(word, day.year, (day.month - 1) // MONTHS[word])


def span_named(name: str) -> tuple[PeriodWord, Span] | None:
    """Read `2025`, `2025-H1`, `2025-Q1` or `2025-03`; None for what is none of these."""
    match = _NAME.fullmatch(name)
    if match is None or match[1] == "0000":
        return None
    year, month, quarter, half = match.groups()
    named: dict[PeriodWord, str | None] = {"month": month, "quarter": quarter, "half": half}
    word, number = next(((word, number) for word, number in named.items() if number), ("year", "1"))
    return word, _span(word, int(year), int(number) - 1)


def _span(word: PeriodWord, year: int, index: int) -> Span:
    size = MONTHS[word]
    first = date(year, index * size + 1, 1)
    after = index * size + size
    last = date(year, 12, 31) if after == 12 else date(year, after + 1, 1) - timedelta(days=1)
    names: dict[PeriodWord, str] = {"month": f"-{index + 1:02}", "quarter": f"-Q{index + 1}", "half": f"-H{index + 1}"}
    return Span(f"{year:04}{names.get(word, '')}", first, last)
