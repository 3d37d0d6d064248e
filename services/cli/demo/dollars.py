"""How money moves in a running demo: what its programs pay, by the counters alone, look by look."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from models.measure import CounterKey, PageInfo, Sums, in_run_out
from services.programs.amounts import dollars, plain
from services.programs.inputs import Inputs, Rate
from services.programs.program import Program
from services.programs.telling import Result, result
from services.status.payees import spans


class Paid(msgspec.Struct, frozen=True):
    """A program as the demo shows it: amounts in words, and the next tier, "" where there is none."""

    program: str
    earned: str
    at_stake: str
    next_tier: str


class Purse:
    """What programs pay a plan as a whole, for years, by the owner on each unit's last day: all that counters say.

    `services.status.money` answers for any program; it reads every member, which is too much for each frame.
    """

    def __init__(self, programs: Sequence[Program], pages: Sequence[PageInfo]) -> None:
        self._programs = programs
        self._per = {page.measure: page.per for page in pages}
        assert all(_by_counters(program) for program in programs)

    def look(self, counters: Mapping[CounterKey, Sums], today: date) -> list[Paid]:
        """What every program pays for the year that holds a day."""
        return [_paid(each) for program in self._programs for each in self._results(program, counters, today)]

    def _results(self, program: Program, counters: Mapping[CounterKey, Sums], today: date) -> list[Result]:
        found: dict[tuple[str, str], Sums] = defaultdict(Sums)
        for key, sums in counters.items():
            if not key.kind and key.mcp_id == program.page.parties.mcp_id:
                found[key.measure, key.period] += sums
        return [
            result(program, Inputs(span, {
                name: self._rate(name, found[name, span.name], in_run_out(span.name, today))
                for name in program.page.measure_ids
            }))
            for span in spans(program, "", today)
        ]  # fmt: skip

    def _rate(self, measure: str, sums: Sums, is_open: bool) -> Rate:
        return Rate.of(sums.numerator, sums.denominator, sums.exception, per=self._per.get(measure, 1), open_=is_open)


def _by_counters(program: Program) -> bool:
    page = program.page
    whole = page.period == "year" and page.parties.provider is None and page.attribution == "on_event"
    return whole and not page.files and not page.eligible_in


def _paid(one: Result) -> Paid:
    tier = one.next_tier
    step = f"+{dollars(tier.rung.adds)} at {plain(tier.rung.from_)} points" if tier else ""
    return Paid(one.program.id, dollars(one.earned), dollars(one.at_stake), step)
