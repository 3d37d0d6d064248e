"""The numbers that payment programs are computed from, as one store knew them at an instant."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from functools import cached_property

import msgspec

from models.events import ProgramInput
from models.measure import Contribution, PageInfo, is_provisional
from models.owner import Owner
from models.reference import Reference
from models.subjects import is_member
from models.time import Instant, local_day
from services.member.facts import by_receipt
from services.programs.inputs import FileWord, Gate, Outreach, Rate
from services.programs.ledger import Asked, Attribution
from services.programs.periods import Span
from services.returns.arrivals import Arrival
from services.returns.due import due_at
from services.returns.maps import ReturnMap, due_of
from services.runtime.store.contract import Reader
from services.status.counting import Counting
from services.status.people import People
from services.status.returned import came, facts_of_others
from services.status.served import engaged, outreach


class Tally(msgspec.Struct):
    """Counts of a payee and measure."""

    numerator: int = 0
    denominator: int = 0
    exception: int = 0
    is_provisional: bool = False

    def add(self, unit: Contribution, *, provisional: bool) -> None:
        """Count one more unit."""
        self.numerator += unit.numerator
        self.denominator += unit.denominator
        self.exception += unit.exception
        self.is_provisional = self.is_provisional or provisional


class Money:
    """A `services.programs.ledger.Ledger` over one store. What is asked is read once.

    Args:
        pages: what is told of measure pages. maps: by which return files are due.
        as_of: everything is answered as known and judged at this instant; `Asked.as_of` must be the same.
    """

    def __init__(
        self,
        reader: Reader,
        reference: Reference,
        pages: Sequence[PageInfo],
        maps: Sequence[ReturnMap],
        as_of: Instant,
    ) -> None:
        self._reader, self._reference, self._maps, self._as_of = reader, reference, maps, as_of
        self._counting = Counting(reader, reference, pages)
        self._per = {page.measure: page.per for page in pages}
        self._people = People(reader, reference.zone, as_of)
        self._today = local_day(as_of, reference.zone)
        self._engaged: dict[Span, Mapping[Owner, Mapping[str, int]]] = {}
        self._outreach: dict[Span, Mapping[Owner, list[Outreach]]] = {}
        self._tallies: dict[tuple[Attribution, Span], dict[tuple[str, str, str], Tally]] = {}

    def providers(self, asked: Asked) -> Sequence[str]:
        """Those who returned files to the plan, were told a number, or answered for somebody."""
        found = {one.provider_id for (mcp, *_), one in self._files.items() if mcp == asked.mcp_id}
        found |= {told.provider for told in self._inputs if told.program == asked.program}
        found |= {provider for _, mcp, provider in self._tallied(asked.attribution, asked.span) if mcp == asked.mcp_id}
        return sorted(found - {""})

    def rates(self, asked: Asked, measures: Collection[str]) -> Mapping[str, Rate]:
        """Units that end in the span; a measure of whole members counts the year to date."""
        return {measure: self._rate(asked, measure) for measure in measures}

    def _rate(self, asked: Asked, measure: str) -> Rate:
        total = self._tallied(asked.attribution, asked.span).get((measure, asked.mcp_id, asked.provider), Tally())
        return Rate.of(
            total.numerator,
            total.denominator,
            total.exception,
            per=self._per.get(measure, 1),
            open_=total.is_provisional or self._today <= asked.span.last,
        )

    def _tallied(self, attribution: Attribution, span: Span) -> Mapping[tuple[str, str, str], Tally]:
        """By measure, plan and provider; "" for the whole plan. One pass serves every payee."""
        if (attribution, span) not in self._tallies:
            found = self._tallies[attribution, span] = defaultdict(Tally)
            for subject, unit in self._units:
                if _is_in(span, unit):
                    owner = self._owner(attribution, span, subject, unit)
                    provisional = is_provisional(unit, self._today)
                    for provider in {owner.ecm_provider_id, ""}:
                        found[unit.measure, owner.mcp_id, provider].add(unit, provisional=provisional)
        return self._tallies[attribution, span]

    def _owner(self, attribution: Attribution, span: Span, subject: str, unit: Contribution) -> Owner:
        if attribution == "on_event" or not is_member(subject):
            return unit.owner
        day = span.first if attribution == "prospective" else min(self._today, span.last)
        return self._people.owner_on(subject, day)

    def gates(self, asked: Asked, files: Collection[FileWord]) -> Sequence[Gate]:
        """One for each month of the span and file; a month whose file is neither here nor due is open."""
        return [self._gate(asked, file, month) for month in asked.span.months for file in files]

    def _gate(self, asked: Asked, file: FileWord, month: str) -> Gate:
        rule = due_of(self._maps, file, asked.mcp_id)
        due = due_at(rule, month, self._reference.calendars, self._reference.zone) if rule else None
        arrival = self._files.get((asked.mcp_id, asked.provider, file, month))
        if arrival and arrival.first:
            on_time = due is None or arrival.on_time(due)
            return Gate(month, file, due, arrival.first.received_at, on_time)
        return Gate(month, file, due, None, None if due is None or self._as_of <= due else False)

    def eligible(self, asked: Asked, file: FileWord, statuses: Collection[str]) -> Mapping[str, int]:
        """Distinct members of these statuses in the newest accepted version, by month; and of the last one before."""
        whose, months = (asked.mcp_id, asked.provider, file), asked.span.months
        told = {month: one for (*who, month), one in self._files.items() if tuple(who) == whose and one.newest}
        before = max((month for month in told if month < months[0]), default="")
        return {month: len(told[month].members(statuses)) for month in (before, *months) if month in told}

    def amounts(self, asked: Asked) -> Mapping[str, Fraction]:
        """What was stated for the payee and period; of one key what was first heard of last."""
        wanted = (asked.program, asked.span.name, asked.provider)
        return {
            told.key: Fraction(told.value)
            for told in self._inputs
            if (told.program, told.period, told.provider) == wanted
        }

    def engaged(self, asked: Asked) -> Mapping[str, int]:
        """Members enrolled on any day of a month and served in it, by month."""
        if asked.span not in self._engaged:
            self._engaged[asked.span] = engaged(self._people.all.values(), asked.span)
        return self._engaged[asked.span].get(Owner(asked.mcp_id, asked.provider), {})

    def outreach(self, asked: Asked) -> Sequence[Outreach]:
        """Counted attempts in the span, one for each prospective member that had any."""
        if asked.span not in self._outreach:
            self._outreach[asked.span] = outreach(self._people.all.values(), asked.span, self._today)
        return self._outreach[asked.span].get(Owner(asked.mcp_id, asked.provider), [])

    # -- what the store holds ----------------------------------------------------------------------------------------

    @cached_property
    def _units(self) -> Sequence[tuple[str, Contribution]]:
        """(subject, contribution) of all that is counted."""
        return list(self._counting.ledger(self._as_of))

    @cached_property
    def _files(self) -> Mapping[tuple[str, str, FileWord, str], Arrival]:
        """By plan, provider, file and month."""
        found = came(self._reader, self._as_of)
        return {(one.mcp_id, one.provider_id, one.file, one.period): one for one in found}

    @cached_property
    def _inputs(self) -> Sequence[ProgramInput]:
        """Stated numbers, in the order in which they were first heard of."""
        others = facts_of_others(self._reader, "@inputs|", self._as_of)
        told = [(fact, tellers) for fact, tellers in others if isinstance(fact, ProgramInput)]
        return [fact for fact, tellers in sorted(told, key=lambda one: by_receipt(one[1][0]))]


def _is_in(span: Span, unit: Contribution) -> bool:
    if not unit.unit:  # the member as a whole
        return unit.period == str(span.last.year)
    return span.first <= unit.last <= span.last
