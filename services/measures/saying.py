"""Days and lists in sentences: as dates where they are known, else as the page calls them."""

from collections.abc import Sequence
from datetime import date

from services.measures.days import Days
from services.measures.items import FOREVER, PAST, Item
from services.measures.kinds import KINDS

SPANS_MAX = 3
"""More spans of days than that are not listed: a sentence is to be read."""


def days_in_words(spans: Sequence[Days], otherwise: str) -> str:
    """`from 2025-03-07 through 2025-04-05`; several side by side.

    Args:
        spans: from a day to a day, both included.
        otherwise: what the page says; told where nothing was found to count the days from.
    """
    if not spans:
        return f"{otherwise}, of which nothing is known yet"
    told = [_span(first, last) for first, last in dict.fromkeys(spans)]
    more = len(told) - SPANS_MAX
    return " or ".join(told[:SPANS_MAX]) + (f" or in {more} more spans" if more > 0 else "")


def _span(first: int, last: int) -> str:
    if first <= PAST:
        return "on any day" if last >= FOREVER else f"on or before {day_in_words(last)}"
    if last >= FOREVER:
        return f"on or after {day_in_words(first)}"
    return f"on {day_in_words(first)}" if first == last else f"from {day_in_words(first)} through {day_in_words(last)}"


def day_in_words(day: int) -> str:
    """`2025-03-07`."""
    return date.fromordinal(day).isoformat()


def uncounted(item: Item) -> str:
    """Why a fact is none that counts by itself."""
    statuses = KINDS[item.kind].statuses
    if statuses is not None and item.status not in statuses:
        return f"is '{item.status}', which does not count"
    return "was refused" if item.refused else f"is only a {item.intent}"


def either(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)
