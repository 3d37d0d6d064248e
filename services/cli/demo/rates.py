"""How measures move in a running demo: a rate for each page that counts somebody, look by look."""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence

from models.measure import CounterKey, PageInfo, Sums
from services.cli.measure_table import Shown
from services.status.counting import rate_of

LOOKS = 24
"""Of so many looks the trend is shown."""


class Rates:
    """Looks at the counters now and then, and remembers what they came to."""

    def __init__(self, pages: Sequence[PageInfo]) -> None:
        self._pages = {page.measure: page for page in pages}
        self._went: dict[str, deque[float | None]] = defaultdict(lambda: deque(maxlen=LOOKS))

    def look(self, counters: Mapping[CounterKey, Sums], period: str) -> list[Shown]:
        """What is counted in a period, the measures of most units first; those without a denominator are left out."""
        found: dict[str, Sums] = defaultdict(Sums)
        for key, sums in counters.items():
            if key.period == period and not key.kind and key.measure in self._pages:
                found[key.measure] += sums
        counted = [(name, sums) for name, sums in found.items() if sums.denominator > sums.exception]
        return [self._shown(*each) for each in sorted(counted, key=lambda each: (-each[1].denominator, each[0]))]

    def _shown(self, name: str, sums: Sums) -> Shown:
        page, rate = self._pages[name], rate_of(sums)
        value, went = None if rate is None else float(rate * page.per), self._went[name]
        shown = Shown(
            name, sums.numerator, sums.denominator, value, sums.exclusion, sums.exception, page.per,
            trend=tuple(went), improvement=page.improvement,
        )  # fmt: skip
        went.append(value)
        return shown
