"""Where the numbers of a program come from, as this room sees it; the read side of a store answers."""

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction
from typing import Literal, Protocol

import msgspec

from models.time import Instant
from services.programs.inputs import FileWord, Gate, Inputs, Outreach, Rate
from services.programs.periods import Span
from services.programs.program import Program

Attribution = Literal["on_event", "prospective", "retrospective"]


class Asked(msgspec.Struct, frozen=True):
    """Whose numbers are asked, of when, and as known when.

    Args:
        provider: an ECM provider, or "" for the whole plan.
        attribution: whose a unit is: the provider's on its last day; `prospective`, on the first day of the period;
            `retrospective`, on the earlier of the as-of day and the last day of the period.
    """

    program: str
    mcp_id: str
    provider: str
    span: Span
    attribution: Attribution
    as_of: Instant


class Ledger(Protocol):
    """Counts and facts, as known at an instant. Nothing here raises for a payee nobody knows: it is all empty."""

    def providers(self, asked: Asked) -> Sequence[str]:
        """The ECM providers that the plan had anything to do with, in order; `asked.provider` is not looked at."""

    def rates(self, asked: Asked, measures: Collection[str]) -> Mapping[str, Rate]:
        """Units that end in the span; a measure of whole members counts the year to date."""

    def gates(self, asked: Asked, files: Collection[FileWord]) -> Sequence[Gate]:
        """One for each month of the span and file, in order."""

    def eligible(self, asked: Asked, file: FileWord, statuses: Collection[str]) -> Mapping[str, int]:
        """Distinct members of these canonical statuses in the newest accepted version, by month.

        The last such month before the span is among them, if there is one.
        """

    def amounts(self, asked: Asked) -> Mapping[str, Fraction]:
        """The `program_inputs` of the payee and period, the newest of each key."""

    def engaged(self, asked: Asked) -> Mapping[str, int]:
        """Members enrolled on any day of a month and served in it, by month."""

    def outreach(self, asked: Asked) -> Sequence[Outreach]:
        """Counted attempts in the span, one for each prospective member."""


def gather(program: Program, ledger: Ledger, asked: Asked) -> Inputs:
    """Ask for what the program's model reads, and for nothing else."""
    page, needs = program.page, program.needs
    return Inputs(
        span=asked.span,
        rates=ledger.rates(asked, page.measure_ids) if page.measure_ids else {},
        gates=tuple(ledger.gates(asked, page.files)) if page.files else (),
        eligible=ledger.eligible(asked, *page.eligible_in) if page.eligible_in else {},
        amounts=ledger.amounts(asked) if "amounts" in needs else {},
        engaged=ledger.engaged(asked) if "engaged" in needs else {},
        outreach=tuple(ledger.outreach(asked)) if "outreach" in needs else (),
    )
