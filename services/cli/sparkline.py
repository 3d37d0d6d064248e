"""A line of figures in the height of one character: how something went."""

from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
NOTHING = "·"


def sparkline(values: Sequence[float | None], *, low: float | None = None, high: float | None = None) -> str:
    """A character for each value, oldest first; a dot where there is none.

    Args:
        values: as many as there is room for.
        low, high: what the lowest and highest bar mean; else the extremes of the values. Values beyond are cut.
    """
    told = [value for value in values if value is not None]
    if not told:
        return NOTHING * len(values)
    floor = min(told) if low is None else low
    span = (max(told) if high is None else high) - floor
    return "".join(NOTHING if value is None else BARS[_step(value - floor, span)] for value in values)


def _step(height: float, span: float) -> int:
    """Which bar; where all values are the same, the middle one."""
    if span <= 0:
        return len(BARS) // 2 - 1
    return min(max(int(height / span * len(BARS)), 0), len(BARS) - 1)


def direction(values: Sequence[float | None], *, improvement: str = "increase") -> str:
    """How the last two of the values that there are compare: `better`, `worse`, `same`; "" when there are not two."""
    told = [value for value in values if value is not None]
    if len(told) < 2:
        return ""
    rise = told[-1] - told[-2]
    if rise == 0:
        return "same"
    return "better" if (rise > 0) == (improvement == "increase") else "worse"
